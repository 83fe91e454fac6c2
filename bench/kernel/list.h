/* list.h: the allocators that Quire is compared with: lists of free frames that run through the frames.
 *
 * Each is another implementation of quire.h, as far as this kernel uses it, in the manner of one of the kernels that
 * people learn from (xv6), and is linked into the same kernel in place of Quire. What makes it up is in list_*.c; this
 * and list.c is what they share. As in those kernels an address is looked at before it is freed, and a lock turns
 * interrupts off and knows its holder: the locks are this kernel's. Those kernels always fill frames to find dangling
 * pointers; these do with the kernel's option junk, by this kernel's memset, which writes words and not bytes. */
#ifndef LIST_H
#define LIST_H

#include <kernel.h>

/* The memory. The lists are each design's own. */
struct quire {
    quire_pa base, end; /* holes in between are never freed */
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

/* What a frame from a list, or none, is to who asked for one. */
static inline quire_pa hand_out(const struct quire *q, struct link *frame) {
    if (frame == NULL) {
        return QUIRE_NONE;
    }
    fill(q, frame, FILL_HANDED_OUT);
    return direct_pa(frame);
}

/* Nobody counts the free frames; they are looked for. Each design does this for its lists. */
uint64_t lists_n_free(void);
uint64_t list_length(const struct list *list);

#endif
