/* port.h: the three functions that a kernel gives to the allocator.
 *
 * Plain functions, so that a missing one is a link error. Any of them may be called from any context in which
 * the kernel calls the allocator, interrupt and NMI handlers included, so none may wait or take a lock that
 * such a context can hold. Beside them the allocator needs memset, memcpy, memmove and memcmp, which compilers
 * emit even freestanding. port/template/ holds empty ones to start from. */
#ifndef QUIRE_PORT_H
#define QUIRE_PORT_H

#include <quire/fault.h>
#include <quire/region.h>
#include <stdbool.h>

#ifdef QUIRE_PORT_CPU_H
#include QUIRE_PORT_CPU_H
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The number of the CPU that runs this, 0..n_cpus-1. Only a hint: a value that is stale by the time it is used
 * (preemption, migration) costs speed, never correctness, so nothing has to be disabled around it. A number
 * beyond n_cpus is served without a CPU cache. Never called by quire_init.
 *
 * Asked by nearly every call; the way to a function takes up to half of the shortest ones' time. Where QUIRE_PORT_CPU_H is
 * defined, it names a header of the kernel's that has the same as a static inline function:
 * -DQUIRE_PORT_CPU_H='"cpu_number.h"' */
#ifndef QUIRE_PORT_CPU_H
unsigned quire_port_cpu(void);
#endif

/* A promise that spares locked instructions. If that header defines QUIRE_PORT_LOCAL, too, then it has two more static
 * inline functions:
 *
 *   unsigned quire_port_pin(void)     keeps the caller on its CPU, whose number this returns, until
 *   void quire_port_unpin(void)       is called. An interrupt handler that allocates pins, too, so the two nest
 *
 * While a caller is pinned, only interrupts and NMIs run on its CPU, and they end before the caller goes on. No two CPUs have
 * the same number. A kernel can promise that if it does not preempt its own code, counts reasons not to, or has interrupts
 * off. Then a CPU enters its own cache by plain loads and stores. A call that needs another CPU's cache calls this: */
#ifdef QUIRE_PORT_LOCAL
/* Returns true after that CPU, one of the n_cpus, has made a full memory barrier at some moment of this call: by an interrupt
 * between CPUs that waits until it was served, or membarrier() on a host. At once for the caller's own. False if it can not
 * be done from here (interrupts off, in an NMI, the CPU is not up): then its cache is passed over.
 *
 * Called for each other CPU that was ever used: by a call that finds no memory, once and, if something moved, up to 4 times;
 * by an allocation that found nothing in its cache and in the blocks, once; by quire_validate, twice. */
bool quire_port_fence(unsigned cpu);
#endif

/* Where the frame at `pa` (a multiple of the page size) can be read and written. The frames of one metadata extent must
 * be mapped one behind the other. NULL is allowed for frames that are never touched: those of a zone whose metadata
 * lies elsewhere, while the content policy is QUIRE_CONTENT_NONE and quire_cow is not used. */
void *quire_port_map(quire_pa pa);

/* Told of each fault. May not return (panic, the usual choice). If it returns, a call that was misused returns QUIRE_FAULT
 * and has changed nothing; one that came across somebody else's fault goes on (fault.h says which). It may use the
 * allocator. */
void quire_port_fault(const struct quire_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
