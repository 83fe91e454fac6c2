/* refs.c: reference counts, and the copy-on-write break.
 *
 * get, put and the break change a record by compare-exchange, so that a reference taken by somebody else at the same
 * time is never lost. A frame of a block that is one allocation gets a record of its own first (q_split). Each failed
 * exchange means that another CPU changed that very record: lock-free, not wait-free. An addition would have a bound,
 * but count frames that nobody holds, and beyond the top.
 *
 * Memory order: put releases what this holder did with the frame before it lets go, and acquires, for the last one: all
 * of that is seen before the frame is used again. Acq_rel would do; it is seq_cst because gcc before 14 leaves the
 * release out of such a compare-exchange on RISC-V, unless it is told to release on failure, too. The break looks with
 * acquire for the same reason as put: "I am alone" must mean that the others have finished. get is relaxed: its caller
 * holds a reference, so nothing is to be seen. try_get holds none, and its caller looks afterwards whether the frame is
 * still what it looked for. It is seq_cst, as put is, so that such a look, which is seq_cst, too, comes later in one order
 * than what the last holder did before its put, also where the frame was handed out anew in between.
 *
 *   count   0        1          2 ... top - 1          top
 *           free --- held ----- shared -------- saturated: stays, and the frame with it
 *   get              +1         +1    ... to top: QUIRE_SATURATED
 *   try_get          +1         +1    ... never to top: false
 *   put              frees it   -1                     nothing
 *   cow              the same   a copy for the caller, and -1 here
 *
 * The break can not go wrong between looking and writing: with a count of 1, held by the caller, nobody else is there
 * to take a reference, for a get needs one. Pins are references. */
#include "alloc.h"
#include "cache.h"
#include "content.h"
#include "mem.h"
#include "own.h"
#include "place.h"
#include "report.h"

/* The record of a frame that the caller says it holds; splits the block where that is one allocation. */
static enum quire_status find_held(struct quire *q, const char *call, quire_pa pa, enum quire_fault_kind if_free,
                                   struct q_place *at) {
    if (q_locate_quickly(q, pa, 1, at)) {
        at->seen = atomic_load_explicit(at->record, memory_order_acquire); /* for the break, see above */
        if (Q_COUNT(at->seen) != 0) {                                      /* held, and with a record of its own */
            return QUIRE_OK;
        }
    }
    enum quire_fault_kind wrong = q_locate(q, pa, 1, if_free, at);
    if (wrong != QUIRE_FAULT_NONE) {
        return q_fault(q, wrong, call, pa, 1, 0);
    }
    q_split(q, at->zone, q_zone_block_of(at->zone, at->frame));
    uint32_t record = atomic_load_explicit(at->record, memory_order_acquire); /* for the break, see above */
    if (Q_COUNT(record) == 0) {
        enum quire_fault_kind kind = (record & Q_RESERVED) != 0 ? QUIRE_FAULT_RESERVED : if_free;
        return q_fault(q, kind, call, pa, 1, q_zone_last_record(at->zone, at->frame)); /* names the last owner */
    }
    at->seen = record;
    Q_ASSERT(Q_COUNT(at->seen) != 0, record);
    return QUIRE_OK;
}

/* Splits the frame's block, with a reference for the caller; false: the block's record is not `whole` any more. */
static bool split_for(struct quire *q, const struct q_place *at, size_t block, uint32_t whole) {
    Q_ASSERT(block == q_zone_block_of(at->zone, at->frame), block);
    struct q_cache *home = q_call_begin(q);
    q_tell(q_cache_here(q));
    bool mine = q_split_for(at->zone, block, at->frame % Q_BLOCK, whole);
    q_call_end(home);
    return mine;
}

/* Takes a reference to a frame that the caller does not hold; false: see quire.h. */
static bool try_get(struct quire *q, const struct q_place *at) {
    size_t block = q_zone_block_of(at->zone, at->frame);
    Q_ASSERT(block < at->zone->n_blocks, block);
    for (;;) { /* a round that fails means that another CPU changed one of the two records */
        /* acquire, the block's first: a split writes the frames' records before it takes the block's away. */
        uint32_t whole = atomic_load_explicit(&at->zone->wholes[block], memory_order_acquire);
        uint32_t record = atomic_load_explicit(at->record, memory_order_relaxed); /* the exchange decides */
        if (Q_COUNT(record) != 0) {
            if (Q_COUNT(record) >= Q_COUNT_TOP - 1) {
                return false;
            }
            if (atomic_compare_exchange_strong(at->record, &record, record + 1)) {
                return true;
            }
        } else if (record != 0 || Q_COUNT(whole) == 0 || q_is_parting(whole)) { /* free, or freed by now */
            return false;
        } else if (split_for(q, at, block, whole)) {
            return true;
        }
    }
}

bool quire_try_get(struct quire *q, quire_pa pa) {
    struct q_place at;
    bool ours = q_locate_quickly(q, pa, 1, &at) || q_locate(q, pa, 1, QUIRE_FAULT_GET_FREE, &at) == QUIRE_FAULT_NONE;
    return ours && try_get(q, &at);
}

enum quire_status quire_get(struct quire *q, quire_pa pa) {
    struct q_place at;
    enum quire_status status = find_held(q, "quire_get", pa, QUIRE_FAULT_GET_FREE, &at);
    if (status != QUIRE_OK) {
        return status;
    }
    uint32_t record = at.seen;
    do {
        if (Q_COUNT(record) == Q_COUNT_TOP) {
            return QUIRE_SATURATED;
        }
        if (Q_COUNT(record) == 0) {
            return q_fault(q, QUIRE_FAULT_GET_FREE, "quire_get", pa, 1, record);
        }
    } while (!atomic_compare_exchange_weak_explicit(at.record, &record, record + 1, memory_order_relaxed,
                                                    memory_order_relaxed));
    return Q_COUNT(record + 1) == Q_COUNT_TOP ? QUIRE_SATURATED : QUIRE_OK;
}

/* Drops the last reference, if nobody took another meanwhile; *record is what is found then. */
static bool put_last(struct quire *q, const struct q_place *at, uint32_t *record) {
    Q_ASSERT(Q_COUNT(*record) == 1, *record);
    struct q_cache *home = q_call_begin(q);
    bool last = atomic_compare_exchange_strong(at->record, record, q_freed(*record));
    if (last) {
        q_leave_neighbours(at->zone, at->frame, *record);
        q_let_go(q, at->frame, 1);
    }
    q_call_end(home);
    return last;
}

/* Drops a reference of the caller's; `at` was found by find_held. */
static enum quire_status put(struct quire *q, const char *call, const struct q_place *at) {
    uint32_t record = at->seen;
    Q_ASSERT(Q_COUNT(record) != 0, record);
    for (bool done = false; !done;) { /* a failure means that another CPU changed the record */
        if (Q_COUNT(record) == Q_COUNT_TOP) {
            return QUIRE_OK;
        }
        if (Q_COUNT(record) == 0) {
            return q_fault(q, QUIRE_FAULT_PUT_FREE, call, q_pa(at->frame), 1, record);
        }
        if (Q_COUNT(record) == 1 && !q_content_may_free(q, call, at->frame, 1)) {
            return QUIRE_FAULT;
        }
        done = Q_COUNT(record) == 1 ? put_last(q, at, &record)
                                    : atomic_compare_exchange_weak(at->record, &record, record - 1);
    }
    return QUIRE_OK;
}

enum quire_status quire_put(struct quire *q, quire_pa pa) {
    struct q_place at;
    enum quire_status status = find_held(q, "quire_put", pa, QUIRE_FAULT_PUT_FREE, &at);
    return status != QUIRE_OK ? status : put(q, "quire_put", &at);
}

uint32_t quire_refs(const struct quire *q, quire_pa pa) {
    q_frame f = q_frame_of(pa);
    struct q_zone *z = q_zone_at(q, f);
    if (z == NULL || !q_zone_ready(z, q_zone_block_of(z, f))) {
        return 0;
    }
    return Q_COUNT(q_zone_holding_record(z, f));
}

/* Gives a frame back that was taken for a copy. One without an address, where it would have to be filled for that, is
 * put out of use, as when it is handed out. */
static void drop_copy(struct quire *q, quire_pa copy, bool mapped) {
    q_frame f = q_frame_of(copy);
    Q_ASSERT(f != Q_NO_FRAME, copy);
    if (mapped || !q_content_fills_freed(q)) {
        (void)quire_free(q, copy);
    } else { /* relaxed: the frame is ours (R1) */
        atomic_store_explicit(q_zone_record(q_zone_of(q, f), f), q_held(QUIRE_TAG_QUARANTINE), memory_order_relaxed);
    }
}

enum quire_status quire_cow(struct quire *q, quire_pa shared, quire_pa *own) {
    struct q_place at;
    *own = QUIRE_NONE;
    enum quire_status status = find_held(q, "quire_cow", shared, QUIRE_FAULT_GET_FREE, &at);
    if (status != QUIRE_OK) {
        return status;
    }
    if (Q_COUNT(at.seen) == 1) { /* the caller is alone */
        *own = q_pa(at.frame);
        return QUIRE_OK;
    }
    quire_pa copy; /* of the same owner; not filled, since all of it is copied over */
    if (q_alloc(q, "quire_cow", 0, Q_TAG(at.seen), false, &copy) != QUIRE_OK) {
        return QUIRE_NO_MEMORY;
    }
    if (copy ==
        q_pa(at.frame)) { /* the caller's reference was none: the last one was put, and here is the frame again */
        (void)quire_free(q, copy);
        return q_fault(q, QUIRE_FAULT_PUT_FREE, "quire_cow", shared, 1, q_zone_last_record(at.zone, at.frame));
    }
    void *to = quire_port_map(copy), *from = quire_port_map(q_pa(at.frame));
    if (to == NULL || from == NULL) {
        drop_copy(q, copy, to != NULL);
        return q_fault(q, QUIRE_FAULT_UNMAPPED, "quire_cow", to == NULL ? copy : q_pa(at.frame), 1, at.seen);
    }
    Q_ASSERT(to != from, copy);
    memcpy(to, from, QUIRE_PAGE_SIZE);
    status = put(q, "quire_cow", &at);
    if (status != QUIRE_OK) { /* the caller's reference was none */
        (void)quire_free(q, copy);
        return status;
    }
    *own = copy;
    return QUIRE_OK;
}
