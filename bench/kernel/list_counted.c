/* list_counted.c: one list, and a count for each frame beside it, as in xv6 on RISC-V with copy-on-write. One lock
 * guards all counts; a free holds it to its end, while the frame is filled, too, and a copy-on-write while it copies.
 * How much memory there can be is a constant. */
#include "list.h"

#define MEMORY_END (RAM_BASE + (128u << 20))

static struct list list;
static struct lock count_lock;
static int counts[(MEMORY_END - RAM_BASE) / QUIRE_PAGE_SIZE];

static int *count_of(quire_pa pa) {
    if (pa < RAM_BASE || pa >= MEMORY_END) {
        panic("there is no count for the frame at 0x%lx: give this kernel 128 MiB", pa);
    }
    return &counts[(pa - RAM_BASE) / PAGE_BYTES];
}

quire_pa quire_alloc(struct quire *q, uint8_t tag) {
    (void)tag;
    struct link *frame = list_take(&list);
    if (frame != NULL) {
        *count_of(direct_pa(frame)) = 1;
    }
    return hand_out(q, frame);
}

enum quire_status quire_free(struct quire *q, quire_pa pa) {
    check_address(q, pa);
    bool on = lock_acquire(&count_lock);
    if (--*count_of(pa) <= 0) {
        struct link *frame = direct(pa);
        fill(q, frame, FILL_FREED);
        list_add(&list, frame);
    }
    lock_release(&count_lock, on);
    return QUIRE_OK;
}

enum quire_status quire_get(struct quire *q, quire_pa pa) {
    (void)q;
    bool on = lock_acquire(&count_lock);
    ++*count_of(pa);
    lock_release(&count_lock, on);
    return QUIRE_OK;
}

uint32_t quire_refs(const struct quire *q, quire_pa pa) {
    (void)q;
    return (uint32_t)*count_of(pa);
}

/* The count_lock is held. */
static quire_pa copy_shared(struct quire *q, quire_pa shared) {
    quire_pa copy = quire_alloc(q, OWNER_USER);
    if (copy != QUIRE_NONE) {
        memmove(direct(copy), direct(shared), PAGE_BYTES);
        --*count_of(shared);
    }
    return copy;
}

enum quire_status quire_cow(struct quire *q, quire_pa shared, quire_pa *own) {
    bool on = lock_acquire(&count_lock);
    *own = *count_of(shared) <= 1 ? shared : copy_shared(q, shared);
    lock_release(&count_lock, on);
    return *own == QUIRE_NONE ? QUIRE_NO_MEMORY : QUIRE_OK;
}

uint64_t lists_n_free(void) {
    return list_length(&list);
}
