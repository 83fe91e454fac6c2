/* freelist.h: what the list peers share: a spinlock, and a list of free frames that runs through the frames.
 *
 * The lock is the cheapest correct one: xv6's also keeps interrupts off and remembers its holder. */
#ifndef BENCH_FREELIST_H
#define BENCH_FREELIST_H

#include "peer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct lock {
    atomic_bool held;
};

static inline void lock_take(struct lock *l) {
    while (atomic_exchange_explicit(&l->held, true, memory_order_acquire)) { /* after the release in lock_drop */
        while (atomic_load_explicit(&l->held, memory_order_relaxed)) {}
    }
}

static inline void lock_drop(struct lock *l) {
    atomic_store_explicit(&l->held, false, memory_order_release); /* before the acquire in lock_take */
}

struct link {
    struct link *next;
};

struct freelist {
    struct lock lock;
    struct link *first;
};

static inline void freelist_push(struct freelist *list, struct link *frame) {
    frame->next = list->first;
    list->first = frame;
}

static inline struct link *freelist_pop(struct freelist *list) {
    struct link *frame = list->first;
    if (frame != NULL) {
        list->first = frame->next;
    }
    return frame;
}

/* What the seeds' kernels do to find dangling pointers. */
static inline void fill_on_free(void *frame) {
    memset(frame, 1, QUIRE_PAGE_SIZE);
}

static inline void fill_on_alloc(void *frame) {
    memset(frame, 5, QUIRE_PAGE_SIZE);
}

static inline struct link *at_frame(const struct memory *memory, quire_pa frame) {
    return (struct link *)(void *)(memory->at + (frame - memory->base));
}

static inline quire_pa frame_at(const struct memory *memory, const struct link *frame) {
    return frame == NULL ? QUIRE_NONE : memory->base + (quire_pa)((const char *)frame - memory->at);
}

#endif
