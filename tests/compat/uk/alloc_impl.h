/* alloc_impl.h: instead of Unikraft's uk/alloc.h and uk/alloc_impl.h: the fields, names and types that an allocator of pages meets
 * there (lib/ukalloc). What Unikraft makes of pages, uk_malloc and the like, is left out. */
#ifndef UK_ALLOC_IMPL_H
#define UK_ALLOC_IMPL_H

#include <stddef.h>
#include <stdint.h>
#if __STDC_HOSTED__
#include <errno.h>
#else
extern int errno;
#define ENOMEM 12
#define EBUSY  16
#define EINVAL 22
#endif

struct uk_alloc {
    void *(*palloc)(struct uk_alloc *a, unsigned long num_pages);
    void (*pfree)(struct uk_alloc *a, void *ptr, unsigned long num_pages);
    long (*pmaxalloc)(struct uk_alloc *a);
    long (*pavailmem)(struct uk_alloc *a);
    int (*addmem)(struct uk_alloc *a, void *base, size_t size);
    unsigned long n_allocs, n_frees, n_failed; /* what the statistics are told */
    struct uk_alloc *next;
    uint8_t priv[];
};

int uk_alloc_register(struct uk_alloc *a);

#define uk_alloc_init_palloc(a, palloc_func, pfree_func, pmaxalloc_func, pavailmem_func, addmem_func)                  \
    do {                                                                                                               \
        (a)->palloc = (palloc_func);                                                                                   \
        (a)->pfree = (pfree_func);                                                                                     \
        (a)->pmaxalloc = (pmaxalloc_func);                                                                             \
        (a)->pavailmem = (pavailmem_func);                                                                             \
        (a)->addmem = (addmem_func);                                                                                   \
        (a)->n_allocs = (a)->n_frees = (a)->n_failed = 0;                                                              \
        uk_alloc_register((a));                                                                                        \
    } while (0)

#define uk_alloc_stats_count_palloc(a, ptr, num_pages) ((void)(ptr), (a)->n_allocs += (num_pages))
#define uk_alloc_stats_count_pfree(a, ptr, num_pages)  ((void)(ptr), (a)->n_frees += (num_pages))
#define uk_alloc_stats_count_penomem(a, num_pages)     ((void)(num_pages), (a)->n_failed++)

#endif
