/* crash.c: the schedule ends here and now, in all threads at once; what is left in memory is given to quire_recover.
 *
 * After it:
 *   - quire_validate finds nothing;
 *   - a frame has the references that are certain, and at the most one more for each call in flight that takes or lets go
 *     of one; so what somebody holds is held, and what nobody holds is free;
 *   - a frame that is held beyond that lies in a run that some call in flight was allocating, one run for each call;
 *   - what it says that it found is so;
 *   - no frame that the allocator got from the start has become a hole;
 *   - all free frames can be allocated, each once, and no other;
 *   - whoever holds a frame alone can free it, and the allocator is still sound.
 *
 * Recovery itself is crashed at each of its writes, and what is left of that recovered again. Then all is put back, and the
 * schedule goes on. Equal memory with the same calls in flight is tried once. */
#include "scenario.h"

#include <string.h>

#define MAX_FRAMES 40000
#define NOT_OURS   UINT16_MAX /* no frame of the allocator's: a hole, or metadata */

static struct crashes n;
static struct seen states, inside_states;
static unsigned n_to_enter; /* of so many states more, the recovery is crashed, too */

static bool inside;      /* in a recovery that is to be crashed */
static unsigned write;   /* of that, counted from 1 */
static unsigned only_at; /* in a replay: the write at which it is crashed */

static uint16_t refs[MAX_FRAMES];      /* after recovery */
static uint8_t open_refs[MAX_FRAMES];  /* by how many calls in flight they may be less, or more */
static size_t unexplained[MAX_FRAMES]; /* frames that somebody holds, one would not know who */

/* ---- who holds what -------------------------------------------------------------------------------------- */

static size_t frame_of(quire_pa pa) {
    return (size_t)((pa - world_frame(0)) >> QUIRE_PAGE_SHIFT);
}

static bool note_run(void *ctx, const struct quire_run *run) {
    (void)ctx;
    size_t f = frame_of(run->base);
    if (run->state == QUIRE_STATE_RESERVED && f < world_n_given()) {
        fail("after a crash: frame %zu is a hole now", f);
    }
    for (size_t i = f; i < f + run->n_frames; i++) {
        bool shared = run->state == QUIRE_STATE_SHARED;
        refs[i] = run->state == QUIRE_STATE_FREE   ? 0
                  : run->state == QUIRE_STATE_HELD ? 1
                  : shared                         ? (uint16_t)quire_refs(q, world_frame(i))
                                                   : NOT_OURS;
    }
    return true;
}

static void note_calls(void) {
    memset(open_refs, 0, world_n_frames());
    for (unsigned t = 0; t < MAX_THREADS; t++) {
        const struct call *call = world_call(t);
        for (size_t i = 0; i < call->n; i++) {
            open_refs[frame_of(call->base) + i]++;
        }
    }
}

/* Whether calls in flight that are not `used` can have allocated these frames, which ascend. */
static bool explained(const size_t *frames, size_t n_frames, unsigned used) {
    for (unsigned t = 0; t < MAX_THREADS && n_frames > 0; t++) {
        const struct call *call = world_call(t);
        if (call->takes == 0 || (used & 1u << t) != 0) {
            continue;
        }
        size_t k = 0;
        while (k < n_frames && (call->apart ? k : frames[k] - frames[0]) < call->takes) {
            k++;
        }
        if (explained(frames + k, n_frames - k, used | 1u << t)) {
            return true;
        }
    }
    return n_frames == 0;
}

static void check_references(const struct quire_recovery *found) {
    size_t n_free = 0, n_held = 0, n_unexplained = 0;
    memset(refs, 0xFF, world_n_frames() * sizeof refs[0]);
    quire_walk(q, note_run, NULL);
    note_calls();
    for (size_t f = 0; f < world_n_frames(); f++) {
        unsigned certain = world_n_refs(f), now = refs[f] == NOT_OURS ? 0 : refs[f];
        n_free += refs[f] == 0;
        n_held += now > 0;
        if (now < certain) {
            fail("after a crash: frame %zu has %u references of %u", f, now, certain);
        } else if (now == 1 && certain + open_refs[f] == 0) {
            unexplained[n_unexplained++] = f;
        } else if (now > certain + open_refs[f]) {
            fail("after a crash: frame %zu has %u references, and not %u", f, now, certain);
        }
    }
    if (!explained(unexplained, n_unexplained, 0)) {
        fail("after a crash: nobody holds frame %zu, and it is not free", unexplained[0]);
    }
    expect(n_free == found->n_free && n_held == found->n_held, "after a crash: quire_recover counted other frames");
}

/* ---- allocating and freeing ------------------------------------------------------------------------------ */

static void hand_out(quire_pa pa, size_t n_frames) {
    for (size_t f = frame_of(pa), i = 0; i < n_frames; f++, i++) {
        expect(f < world_n_frames() && refs[f] == 0, "after a crash: a frame is handed out that is not free");
        refs[f] = 2;
    }
}

static void check_exhaustion(void) {
    quire_pa pa;
    while (quire_alloc_order(q, QUIRE_BLOCK_ORDER, 2, &pa) == QUIRE_OK) {
        hand_out(pa, QUIRE_BLOCK_FRAMES);
    }
    while ((pa = quire_alloc(q, 2)) != QUIRE_NONE) {
        hand_out(pa, 1);
    }
    for (size_t f = 0; f < world_n_frames(); f++) {
        expect(refs[f] != 0, "after a crash: a free frame can not be allocated");
    }
}

static void check_frees(void) {
    for (size_t f = 0; f < world_n_frames(); f++) {
        if (refs[f] == 1 && world_n_refs(f) == 1) {
            expect(quire_free(q, world_frame(f)) == QUIRE_OK, "after a crash: who holds a frame can not free it");
        }
    }
}

static void validate(const char *when) {
    struct quire_fault first = {.detail = "busy"};
    if (quire_validate(q, &first) != QUIRE_OK) {
        fail("%s: quire_validate: %s, %#llx", when, first.detail, (unsigned long long)first.pa);
    }
}

/* ---- crashes --------------------------------------------------------------------------------------------- */

static void recover_and_check(bool enter) {
    struct quire_recovery found;
    inside = enter;
    write = 0;
    bool recovered = world_recover(&found);
    inside = false;
    if (failing()) {
        return;
    }
    write = 0;
    if (!recovered) {
        fail("after a crash: quire_recover failed");
        return;
    }
    validate("after a crash");
    check_references(&found);
    if (!failing()) {
        check_exhaustion();
        check_frees();
        validate("after a crash, when all is allocated and freed again");
    }
}

/* Recovers, and puts back all of it. */
static void try(bool enter) {
    struct mark before = cells_mark();
    recover_and_check(enter);
    cells_restore(before);
}

static uint64_t hash_of_state(void) {
    uint64_t hash = cells_hash();
    for (unsigned t = 0; t < MAX_THREADS; t++) {
        const struct call *call = world_call(t);
        hash = seen_mix(hash ^ call->takes);
        hash = seen_mix(hash ^ call->base ^ call->n);
    }
    return hash;
}

void crash_before_write(void) {
    if (!inside) {
        return;
    }
    unsigned at = ++write;
    n.n_inside++;
    if (only_at != 0 ? at == only_at : seen_add(&inside_states, hash_of_state())) {
        try(false);
    }
    write = at;
    inside = !failing();
}

unsigned crash_here(void) {
    n.n_points++;
    if (!seen_add(&states, hash_of_state())) {
        return 0;
    }
    bool enter = n_to_enter > 0;
    n_to_enter -= enter;
    try(enter);
    return write;
}

void crash_again(unsigned at) {
    only_at = at;
    try(at != 0);
    only_at = 0;
}

void crash_begin(unsigned n_recoveries) {
    seen_clear(&states);
    seen_clear(&inside_states);
    n = (struct crashes){0};
    n_to_enter = n_recoveries;
}

struct crashes crash_counts(void) {
    n.n_states = states.n;
    n.n_inside_states = inside_states.n;
    return n;
}
