/* allocquire.c: see allocquire.h. The first page holds struct uk_alloc, whose private part is a pointer to the allocator. */
#include "allocquire.h"

#include <quire/quire.h>
#include <stdbool.h>
#include <stdint.h>
#include <uk/alloc_impl.h>

#define TAG 0 /* calls do not say what pages are for */

#ifdef CONFIG_UKPLAT_LCPU_MAXCOUNT
#define N_CPUS CONFIG_UKPLAT_LCPU_MAXCOUNT
#else
#define N_CPUS 1
#endif

static struct quire **quire_in(struct uk_alloc *a) {
    return (struct quire **)(void *)a->priv;
}

static void *palloc(struct uk_alloc *a, unsigned long num_pages) {
    const struct quire_request request = {.n_frames = num_pages, .tag = TAG};
    quire_pa pa;
    if (num_pages == 0 || quire_alloc_for(*quire_in(a), &request, &pa) != QUIRE_OK) {
        uk_alloc_stats_count_penomem(a, num_pages);
        errno = ENOMEM;
        return NULL;
    }
    void *pages = (void *)(uintptr_t)pa;
    uk_alloc_stats_count_palloc(a, pages, num_pages);
    return pages;
}

static void pfree(struct uk_alloc *a, void *pages, unsigned long num_pages) {
    if (quire_free_frames(*quire_in(a), (uintptr_t)pages, num_pages) == QUIRE_OK) {
        uk_alloc_stats_count_pfree(a, pages, num_pages);
    }
}

static long pavailmem(struct uk_alloc *a) {
    return (long)quire_n_free(*quire_in(a));
}

static long pmaxalloc(struct uk_alloc *a) {
    const struct quire_request any = {.n_frames = 1};
    quire_pa at;
    long largest = (long)quire_largest(*quire_in(a), &any, &at);
    return largest == 0 && pavailmem(a) > 0 ? 1 : largest; /* at least one is at hand then */
}

/* The whole pages of memory; false where there is none, or where it runs past the last address. */
static bool pages_of(const void *base, size_t n_bytes, struct quire_region *pages) {
    uintptr_t page = (uintptr_t)QUIRE_PAGE_SIZE, first = (uintptr_t)base, end = first + n_bytes;
    *pages =
        (struct quire_region){.base = (first + page - 1) & ~(page - 1), .end = end & ~(page - 1), .type = QUIRE_USABLE};
    return first <= pages->base && pages->base < pages->end;
}

static int addmem(struct uk_alloc *a, void *base, size_t n_bytes) {
    struct quire_region region;
    switch (pages_of(base, n_bytes, &region) ? quire_add(*quire_in(a), &region) : QUIRE_INVALID) {
    case QUIRE_OK:
        return 0;
    case QUIRE_NO_MEMORY:
        return -ENOMEM;
    case QUIRE_BUSY:
        return -EBUSY; /* another CPU adds memory at this moment */
    default:
        return -EINVAL;
    }
}

struct uk_alloc *uk_allocquire_init(void *base, size_t n_bytes) {
    const struct quire_config config = {.n_cpus = N_CPUS};
    struct quire_region region;
    if (!pages_of(base, n_bytes, &region)) {
        return NULL;
    }
    struct uk_alloc *a = (struct uk_alloc *)(uintptr_t)region.base;
    struct quire *q;
    region.base += QUIRE_PAGE_SIZE;
    if (quire_init(&q, &config, &region, 1) != QUIRE_OK) {
        return NULL;
    }
    *quire_in(a) = q;
    uk_alloc_init_palloc(a, palloc, pfree, pmaxalloc, pavailmem, addmem);
    return a;
}
