/* allocquire.h: a page allocator for Unikraft: uk_palloc, uk_pfree and what else struct uk_alloc has, answered by Quire.
 *
 * The shape is that of lib/ukalloc/include/uk/alloc.h and alloc_impl.h (Unikraft 0.9 and later), and of its own allocator's
 * uk_allocbbuddy_init. Compile allocquire.c and Quire's src with a library of yours, and write the three functions of
 * quire/port.h; quire_port_map gives an address as it is, for memory is known by its pointers here:
 *
 *     void *quire_port_map(quire_pa pa) { return (void *)(uintptr_t)pa; }
 *
 * uk_malloc and the like are ukalloc's own, on top of pages (CONFIG_LIBUKALLOC_IFPAGES).
 *
 * Every call may be made at any time on any CPU; uk_palloc and uk_pfree need no lock. Misuse, such as a page that is freed twice,
 * is told to quire_port_fault, and if that returns, nothing was freed.
 *
 * What it can not do:
 *   statistics       of ukalloc (CONFIG_LIBUKALLOC_IFSTATS) are counted by its macros, which are not made for several CPUs
 *   pmaxalloc        leaves out free pages that CPUs have at hand, so uk_palloc may give a little more
 *   memory           is never taken away again, as with Unikraft's own */
#ifndef UK_ALLOCQUIRE_H
#define UK_ALLOCQUIRE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uk_alloc;

/* Makes an allocator of the whole pages of [base, base + n_bytes), which is mapped, and registers it. Its own data lie there, too.
 * NULL: there is too little memory. */
struct uk_alloc *uk_allocquire_init(void *base, size_t n_bytes);

#ifdef __cplusplus
}
#endif

#endif
