/* recovery.c: what quire_recover must find after a crash. See oracle.h.
 *
 * All frames are held and counted as the oracle knows, but for those of the call that was in flight: that one may have
 * happened, or not, or in part; the oracle goes on with what was found. */
#include "frames.h"

#include <string.h>

/* Frames that were free and are held now: of the allocation in flight. */
struct found {
    quire_pa next; /* behind the last of them */
    uint64_t n;
};

static bool in_operation(quire_pa pa) {
    return oracle_is_about(&oracle_op, pa, 1);
}

/* Whether the call in flight may have made this of a frame that somebody held. */
static bool may_have_changed(const struct frame *f, uint32_t refs) {
    switch (oracle_op.misuse || !in_operation(f->pa) ? CALL_INIT : oracle_op.call) {
    case CALL_FREE:
    case CALL_FREE_ORDER:
    case CALL_FREE_FRAMES:
    case CALL_FREE_BULK: /* of a list with a misuse in it what stands before that may be free */
        return f->refs == 1 && refs == 0;
    case CALL_GET:
    case CALL_TRY_GET:
        return refs == f->refs + 1;
    case CALL_PUT:
    case CALL_COW:
        return refs == f->refs - 1;
    default:
        return false;
    }
}

/* Whether it may have taken this free frame: one of those asked for, side by side but in bulk. */
static bool may_have_taken(const struct frame *f, uint32_t refs, struct found *found) {
    bool follows = found->n == 0 || oracle_op.call == CALL_ALLOC_BULK || f->pa == found->next;
    bool there = oracle_op.call != CALL_ALLOC_RANGE || in_operation(f->pa);
    found->next = f->pa + PAGE;
    return oracle_takes(oracle_op.call) && !oracle_op.misuse && refs == 1 && follows && there &&
           found->n++ < oracle_op.n;
}

/* Whether an allocation has filled the free frame that it was about to hand out. */
static bool is_filled(const struct frame *f) {
    bool fills = oracle_world->content == QUIRE_CONTENT_JUNK || oracle_world->content == QUIRE_CONTENT_ZERO;
    if (!fills || !oracle_takes(oracle_op.call) || f->refs > 0) {
        return false;
    }
    const unsigned char *bytes = world_look(f->pa);
    return bytes[PAGE / 2] != f->byte || (f->stamp != 0 && memcmp(bytes, &f->stamp, sizeof f->stamp) != 0);
}

/* Whatever the call in flight has written there. */
static void make_contents_known(struct frame *f) {
    f->byte = WORLD_RUBBISH;
    f->stamp = 0;
    f->dirty = 0;
    memset(world_bytes(f->pa), f->byte, (size_t)PAGE);
}

/* Whether an allocation found that somebody had written to the frame, and put it out of use. */
static bool is_in_quarantine(const struct frame *f, uint32_t refs) {
    return oracle_takes(oracle_op.call) && !oracle_op.misuse && f->dirty != 0 && refs == 1;
}

static void take_over(struct frame *f, uint32_t refs, struct found *found) {
    bool quarantine = is_in_quarantine(f, refs);
    bool is_open = quarantine || (f->refs == 0 ? may_have_taken(f, refs, found) : may_have_changed(f, refs));
    if (!is_open) {
        oracle_fail("after a crash frame %#llx has %u references, expected %u", (unsigned long long)f->pa, refs,
                    f->refs);
    }
    if (f->refs == 0) {
        oracle_adopt(f, quarantine ? QUIRE_TAG_QUARANTINE : oracle_op.tag);
        if (!quarantine && found->n > 1 && oracle_op.call != CALL_ALLOC_BULK) {
            f->allocation = f[-1].allocation; /* a part of a run is one allocation */
        }
    } else if (refs == 0) {
        frames_release(f, 1);
    } else {
        f->refs = refs;
    }
}

/* A free frame may be poisoned in part where the crash came in the middle; so nothing is known of any, and writes to it
 * go unnoticed once. */
static void forget_poison(struct frame *f) {
    f->poisoned = false;
    if (f->dirty != 0) {
        world_bytes(f->pa)[f->dirty_at] = f->byte;
        f->dirty = 0;
    }
}

static void take_over_all(void) {
    struct found found = {QUIRE_NONE, 0};
    for (size_t i = 0; i < oracle_n_frames; i++) {
        struct frame *f = &oracle_frames[i];
        if (f->metadata) {
            continue;
        }
        uint32_t refs = quire_refs(oracle_quire, f->pa);
        if (refs != f->refs) {
            take_over(f, refs, &found);
            make_contents_known(f);
        } else if (in_operation(f->pa) || is_filled(f)) {
            make_contents_known(f);
        }
        forget_poison(f);
    }
}

static void expect_found(const struct quire_recovery *found, bool crashed, uint64_t n_cached) {
    uint64_t n_held = oracle_n_frames - oracle_n_metadata - oracle_n_free;
    bool quiet = found->n_astray == n_cached && found->n_splits == 0 && found->n_joins == 0;
    if (found->n_held != n_held || found->n_free != oracle_n_free || (!crashed && !quiet)) {
        oracle_fail("finds %llu held, %llu free, %llu astray, %llu splits, %llu joins; expected %llu, %llu, %llu, 0, 0",
                    (unsigned long long)found->n_held, (unsigned long long)found->n_free,
                    (unsigned long long)found->n_astray, (unsigned long long)found->n_splits,
                    (unsigned long long)found->n_joins, (unsigned long long)n_held, (unsigned long long)oracle_n_free,
                    (unsigned long long)n_cached);
    }
}

void oracle_recover(const struct quire_config *config, const struct quire_region *regions, size_t n_regions,
                    bool crashed) {
    struct quire_stats stats;
    struct quire_recovery found;
    struct quire *q = NULL;
    if (!crashed) {
        oracle_begin(CALL_RECOVER, QUIRE_NONE, 1);
    }
    quire_stats(oracle_quire, &stats);
    oracle_expect_status(quire_recover(&q, config, regions, n_regions, &found), QUIRE_OK);
    if (q != oracle_quire) {
        oracle_fail("after a crash the allocator is at %p, not %p", (void *)q, (void *)oracle_quire);
    }
    take_over_all();
    expect_found(&found, crashed, stats.n_cached);
    quire_stats(oracle_quire, &stats);
    oracle_n_faults = stats.n_faults;
    world_n_faults = 0;
    oracle_compare_all();
}
