/* seed.h: the allocators that the kernel is compared with, as kernels that teach have them (xv6): lists of free frames.
 *
 * Each is another implementation of quire.h, as far as this kernel uses it, linked into the same kernel in place of
 * Quire: a seed_*.c has what makes it up, this and seed.c what they share. The lists run through the frames, whose
 * addresses are looked at before they are freed, and the locks are the kernel's own, with interrupts off, as there. With
 * the kernel's option junk they fill frames as the originals always do. */
#ifndef SEED_H
#define SEED_H

#include <kernel.h>

/* What the kernel calls the allocator. The lists are each design's own. */
struct quire {
    quire_pa base, end; /* of all memory; holes in between are never freed */
    uint64_t n_frames;
    unsigned n_cpus;
    bool fill;
};

struct link {
    struct link *next;
};

struct list {
    struct lock lock;
    struct link *first;
};

static inline struct link *list_take(struct list *list) {
    bool on = lock_acquire(&list->lock);
    struct link *frame = list->first;
    if (frame != NULL) {
        list->first = frame->next;
    }
    lock_release(&list->lock, on);
    return frame;
}

static inline void list_add(struct list *list, struct link *frame) {
    bool on = lock_acquire(&list->lock);
    frame->next = list->first;
    list->first = frame;
    lock_release(&list->lock, on);
}

static inline void check_address(const struct quire *q, quire_pa pa) {
    if (pa % PAGE_BYTES != 0 || pa < q->base || pa >= q->end) {
        panic("free: 0x%lx is no frame", pa);
    }
}

static inline void fill(const struct quire *q, struct link *frame, int byte) {
    if (q->fill) {
        memset(frame, byte, PAGE_BYTES);
    }
}

enum { FILL_FREED = 1, FILL_HANDED_OUT = 5 };

/* Each design's: how many frames its lists have. They keep no count. */
uint64_t seed_n_free(void);
uint64_t seed_length(const struct list *list);

#endif
