/* pmm.h: physical pages in the manner of littlekernel: each has a structure, they come and go on lists, the kernel gets pointers.
 *
 * Names, arguments and results are those of its kernel/include/kernel/vm.h (the part "physical allocator"); many small kernels
 * have some of them. Copy this folder, write the three functions of quire/port.h, and then:
 *
 *     struct quire_config config = {.n_cpus = N_CPUS, .user_bytes = sizeof(vm_page_t)};
 *     if (quire_init(&frames, &config, map, n_regions) != QUIRE_OK || !pmm_init(frames, 0))
 *         panic("memory");
 *
 * Every call may be made at any time on any CPU, as those of quire/quire.h. A list belongs to its caller. Misuse is told to
 * quire_port_fault; what the call returns then is for hooks that return.
 *
 * What it can not do:
 *   arenas           have no order: memory near to the CPU comes first, whatever its arena's priority
 *   vm_page_t        has no flags and no count: quire_frame_at and quire_refs know more. Its field `node` is the caller's while
 *                    the page is held
 *   free pages       have no structure until their block of 2 MiB is used for the first time: paddr_to_vm_page
 *   littlekernel     itself has a vm_page_t of its own, made by its boot code: this is a model for its like, no part of it */
#ifndef PMM_H
#define PMM_H

#include "list.h"
#include <quire/quire.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PMM_TAG 0 /* the owner of all pages: calls do not say what they are for */

typedef quire_pa paddr_t;

typedef struct vm_page {
    struct list_node node;
    uintptr_t frame; /* its number */
} vm_page_t;

/* ---- life cycle ----------------------------------------------------------------------------------------- */

/* The allocator that all calls are about. paddr_to_kvaddr works for pages below `kmap_end`; 0: for all.
 *   false  its user_bytes are too few, or it has no two free pages side by side to find that out; nothing was changed */
bool pmm_init(struct quire *q, paddr_t kmap_end);

/* Memory that was found later. */
typedef struct pmm_arena {
    const char *name;
    unsigned flags;    /* PMM_ARENA_FLAG_KMAP, or it is refused: what is not mapped is given to quire_init */
    unsigned priority; /* means nothing here */
    paddr_t base;
    size_t size; /* bytes */
} pmm_arena_t;
#define PMM_ARENA_FLAG_KMAP 1u

/* 0: it was added. Else a status of quire_add, negative, and nothing was changed. */
int pmm_add_arena(const pmm_arena_t *arena);

/* ---- pages on lists --------------------------------------------------------------------------------------- */

/* One page; NULL if no page is free. */
vm_page_t *pmm_alloc_page(void);

/* Adds `count` pages, from anywhere, to the end of `list`. Returns how many it added: fewer if no more are free. */
size_t pmm_alloc_pages(unsigned count, struct list_node *list);

/* The pages from the one with `address` on, likewise, up to the first that is not free. */
size_t pmm_alloc_range(paddr_t address, unsigned count, struct list_node *list);

/* Gives back the pages of a list, which is empty then; or one that is on no list. Returns how many were given back: not those that
 * were free already. */
size_t pmm_free(struct list_node *list);
size_t pmm_free_page(vm_page_t *page);

/* ---- pages side by side ----------------------------------------------------------------------------------- */

/* `count` pages side by side that the kernel can reach, the first at a multiple of 2^align_log2 bytes (up to 31). *pa is its
 * address, and all pages go to the end of `list`, if these are not NULL. Returns count; or 0, and then nothing was changed. */
size_t pmm_alloc_contiguous(unsigned count, uint8_t align_log2, paddr_t *pa, struct list_node *list);

/* The same as a pointer; NULL if there are none. */
void *pmm_alloc_kpages(unsigned count, struct list_node *list);

static inline void *pmm_alloc_kpage(void) {
    return pmm_alloc_kpages(1, NULL);
}

/* Gives back `count` pages side by side, of one or more allocations. Returns count, or 0, and none was given back. */
size_t pmm_free_kpages(void *ptr, unsigned count);

/* ---- names of a page ---------------------------------------------------------------------------------------- */

/* Of a page that somebody holds. */
paddr_t vm_page_to_paddr(const vm_page_t *page);

/* NULL: no page of the allocator's, or one that was never handed out. */
vm_page_t *paddr_to_vm_page(paddr_t address);

/* The kernel's own: where physical memory is mapped, and back. */
void *paddr_to_kvaddr(paddr_t pa);
paddr_t vaddr_to_paddr(void *va);

#ifdef __cplusplus
}
#endif

#endif
