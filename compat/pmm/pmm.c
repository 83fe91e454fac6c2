/* pmm.c: see pmm.h. A page's structure lies in the allocator's words for each frame (quire_user). */
#include "pmm.h"

_Static_assert(offsetof(vm_page_t, node) == 0, "a node is the page that it is in");

#define BATCH 32 /* pages for one call of the allocator */

static struct quire *frames;
static paddr_t mapped_end;

/* The structure of a page that was just handed out. */
static vm_page_t *page_at(paddr_t pa) {
    vm_page_t *page = quire_user(frames, pa);
    page->frame = (uintptr_t)(pa >> QUIRE_PAGE_SHIFT);
    return page;
}

/* Each of n pages that were just handed out gets its structure, and its place on the list if there is one. */
static void hand_out(paddr_t pa, size_t n, struct list_node *list) {
    for (size_t i = 0; i < n; i++) {
        vm_page_t *page = page_at(pa + i * QUIRE_PAGE_SIZE);
        if (list != NULL) {
            list_add_tail(list, &page->node);
        }
    }
}

/* ---- life cycle ----------------------------------------------------------------------------------------- */

bool pmm_init(struct quire *q, paddr_t kmap_end) {
    quire_pa pair;
    if (quire_alloc_order(q, 1, PMM_TAG, &pair) != QUIRE_OK) {
        return false;
    }
    uintptr_t first = (uintptr_t)quire_user(q, pair), second = (uintptr_t)quire_user(q, pair + QUIRE_PAGE_SIZE);
    bool enough = second - first >= sizeof(vm_page_t); /* they are as far apart as each is long */
    (void)quire_free_order(q, pair, 1);
    if (enough) {
        frames = q;
        mapped_end = kmap_end;
    }
    return enough;
}

int pmm_add_arena(const pmm_arena_t *arena) {
    const struct quire_region region = {.base = arena->base, .end = arena->base + arena->size, .type = QUIRE_USABLE};
    bool is_mapped = (arena->flags & PMM_ARENA_FLAG_KMAP) != 0;
    return -(int)(is_mapped ? quire_add(frames, &region) : QUIRE_INVALID);
}

/* ---- pages on lists --------------------------------------------------------------------------------------- */

vm_page_t *pmm_alloc_page(void) {
    quire_pa pa = quire_alloc(frames, PMM_TAG);
    return pa == QUIRE_NONE ? NULL : page_at(pa);
}

size_t pmm_alloc_pages(unsigned count, struct list_node *list) {
    quire_pa pa[BATCH];
    size_t n = 0, got;
    do {
        got = quire_alloc_bulk(frames, count - n < BATCH ? count - n : BATCH, 0, PMM_TAG, pa);
        for (size_t i = 0; i < got; i++) {
            hand_out(pa[i], 1, list);
        }
        n += got;
    } while (got == BATCH);
    return n;
}

size_t pmm_alloc_range(paddr_t address, unsigned count, struct list_node *list) {
    paddr_t pa = address & ~(QUIRE_PAGE_SIZE - 1);
    size_t n = 0, got;
    while (n < count && (got = (size_t)quire_alloc_range(frames, pa, count - n, PMM_TAG)) > 0) {
        hand_out(pa, got, list); /* up to the end of a zone; another may begin there */
        n += got;
        pa += got * QUIRE_PAGE_SIZE;
    }
    return n;
}

size_t pmm_free(struct list_node *list) {
    struct list_node *node;
    size_t n = 0;
    while ((node = list_remove_head(list)) != NULL) {
        n += pmm_free_page((vm_page_t *)node);
    }
    return n;
}

size_t pmm_free_page(vm_page_t *page) {
    return quire_free(frames, vm_page_to_paddr(page)) == QUIRE_OK;
}

/* ---- pages side by side ----------------------------------------------------------------------------------- */

size_t pmm_alloc_contiguous(unsigned count, uint8_t align_log2, paddr_t *pa, struct list_node *list) {
    quire_pa first;
    if (count == 0 || align_log2 > 31) {
        return 0;
    }
    const struct quire_request request = {
        .n_frames = count, .align = (uint32_t)1 << align_log2, .end = mapped_end, .tag = PMM_TAG};
    if (quire_alloc_for(frames, &request, &first) != QUIRE_OK) {
        return 0;
    }
    if (pa != NULL) {
        *pa = first;
    }
    hand_out(first, count, list);
    return count;
}

void *pmm_alloc_kpages(unsigned count, struct list_node *list) {
    paddr_t pa;
    return pmm_alloc_contiguous(count, 0, &pa, list) == 0 ? NULL : paddr_to_kvaddr(pa);
}

size_t pmm_free_kpages(void *ptr, unsigned count) {
    return quire_free_frames(frames, vaddr_to_paddr(ptr), count) == QUIRE_OK ? count : 0;
}

/* ---- names of a page ---------------------------------------------------------------------------------------- */

paddr_t vm_page_to_paddr(const vm_page_t *page) {
    return (paddr_t)page->frame << QUIRE_PAGE_SHIFT;
}

vm_page_t *paddr_to_vm_page(paddr_t address) {
    vm_page_t *page = quire_user(frames, address);
    return page != NULL && page->frame == (uintptr_t)(address >> QUIRE_PAGE_SHIFT) ? page : NULL;
}
