/* history.c: mistakes that other keepers of page frames really made, each under the name it was published by, as a
 * scenario in which this allocator would show it. Security advisories of Xen (XSA): xenbits.xen.org/xsa; CVE: cve.org.
 *
 * Hardly one of them was in a free list. Most are about who still has a reference when a frame is freed, or written. */
#include "../../src/cache.h"
#include "../../src/place.h"
#include "scenarios.h"

static quire_pa frame, neighbour, own[MAX_THREADS];

/* One frame, of which the threads have `n` references between them. */
static void make_shared(unsigned n, unsigned n_cpus) {
    frame = world_make_shared(n, 3, n_cpus);
}

static void shared_by_two(void) {
    make_shared(2, 2);
}

static void shared_by_three(void) {
    make_shared(3, 3);
}

static void get(void) {
    expect(quire_get(q, frame) == QUIRE_OK, "a frame that is held can not be shared");
}

static void put(void) {
    expect(quire_put(q, frame) == QUIRE_OK, "a good put failed");
}

static void read_and_put(void) {
    look(frame);
    put();
}

/* Whoever takes a frame writes to it. */
static void take_all(void) {
    while (take() != QUIRE_NONE) {}
}

static void nobody_has_it(void) {
    expect(quire_refs(q, frame) == 0, "a reference is left");
    check_world_by_exhaustion();
}

/* ---- XSA-401: a side effect before the exchange that wins ------------------------------------------------- */

/* Of two frames that were allocated together the first is shared. A neighbour that leaves changes its record, too. */
static void joined_and_shared(void) {
    world_make(0, 1, 2);
    frame = take_order(1);
    neighbour = frame + QUIRE_PAGE_SIZE;
    world_leave((const size_t[]){300, 301}, 2);
    expect(quire_get(q, frame) == QUIRE_OK && quire_get(q, frame) == QUIRE_OK, "quire_get");
    world_drop(frame, 1);
}

/* The count goes down and up, so that an exchange that was prepared before may succeed. */
static void put_get_and_leave(void) {
    put();
    get();
    put();
    put();
    give(neighbour);
}

const struct scenario xsa_401 = {
    .name = "xsa-401",
    .about = "the last put, while the count goes down and up and the frame's neighbour leaves",
    .set_up = joined_and_shared,
    .thread = {read_and_put, put_get_and_leave},
    .check = nobody_has_it,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- Dirty COW: copy-on-write that writes to the original ------------------------------------------------- */

static void break_and_write(void) {
    look(frame);
    enum quire_status status = quire_cow(q, frame, &own[current]);
    trace_note("own frame %#llx", (unsigned long long)own[current]);
    expect(status == QUIRE_OK || (status == QUIRE_NO_MEMORY && world_n_unproved() > 0), "no copy, with frames free");
    if (status == QUIRE_OK) {
        world_hold(own[current], 1);
        touch(own[current]);
    }
}

/* It has two references. The copy that it gets for the first is dropped. */
static void break_twice(void) {
    break_and_write();
    give(own[current]);
    break_and_write();
    give(own[current]);
}

static void read_put_and_take(void) {
    look(frame);
    read_and_put();
    take();
    take();
}

/* Where there was no copy a reference is left. */
static void nothing_is_lost(void) {
    if (world_n_unproved() == 0) {
        check_world_by_exhaustion();
    }
}

const struct scenario dirty_cow = {
    .name = "cve-2016-5195",
    .about = "a writer breaks a share, drops its copy and breaks it again while the other sharer reads and lets go",
    .set_up = shared_by_three,
    .thread = {break_twice, read_put_and_take},
    .check = nothing_is_lost,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

/* ---- CVE-2020-29374: alone but for a pin ------------------------------------------------------------------ */

static void pin_and_unmap(void) {
    get();
    put();
    look(frame);
    read_and_put();
}

static void one_owner(void) {
    if (world_n_unproved() == 0) {
        expect(quire_refs(q, own[0]) == 1, "a frame has not one reference");
        check_world_by_exhaustion();
    }
}

const struct scenario pin_and_cow = {
    .name = "cve-2020-29374",
    .about = "a sharer pins the frame, lets go of it and reads through the pin while the other one breaks the share",
    .set_up = shared_by_two,
    .thread = {break_and_write, pin_and_unmap},
    .check = one_owner,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- CVE-2019-11487 and others: counts that overflow ------------------------------------------------------ */

/* The threads have two of so many references; all others are the set-up's, so the frame is never free. */
static void many_references(uint32_t n) {
    world_make(0, 1, 2);
    world_leave((const size_t[]){100, 101}, 2);
    frame = world_frame(300);
    q_record *record = q_zone_record(q_main(q), (q_frame)(frame >> QUIRE_PAGE_SHIFT));
    *record += n - 1;
    expect(quire_refs(q, frame) == n, "the set-up is not as intended");
}

static void two_below_the_top(void) {
    many_references(QUIRE_MAX_REFS - 2);
}

/* Once it is said to be full it is. */
static void get_get_put(void) {
    bool full = quire_get(q, frame) == QUIRE_SATURATED;
    enum quire_status status = quire_get(q, frame);
    expect(status == QUIRE_SATURATED || (status == QUIRE_OK && !full), "a count that was full is not");
    put();
}

static void stays_at_the_top(void) {
    put();
    expect(quire_refs(q, frame) == QUIRE_MAX_REFS, "a count that was full is not");
    check_world_by_exhaustion();
}

const struct scenario full_count = {
    .name = "cve-2019-11487",
    .about = "two CPUs take references to a frame until its count is full; it stays so",
    .set_up = two_below_the_top,
    .thread = {get_get_put, get_get_put},
    .check = stays_at_the_top,
    .quick = {3, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

static void almost_256(void) {
    many_references(254);
}

static void still_256(void) {
    expect(quire_refs(q, frame) == 256, "references were lost, or found");
    check_world_by_exhaustion();
}

const struct scenario count_of_256 = {
    .name = "count-of-256",
    .about = "two CPUs take references to a frame beyond what 8 bits can count, as after so many forks",
    .set_up = almost_256,
    .thread = {get_get_put, get_get_put},
    .check = still_256,
    .quick = {3, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- XSA-242, 287, 299, 310: what an error or a preemption leaves undone ---------------------------------- */

static void shared_and_no_memory(void) {
    shared_by_two();
    world_take_all();
}

/* Who gets no copy has its reference still, once. */
static void break_or_put(void) {
    look(frame);
    if (quire_cow(q, frame, &own[current]) == QUIRE_OK) {
        world_hold(own[current], 1);
        give(own[current]);
    } else {
        read_and_put();
    }
}

const struct scenario no_copy = {
    .name = "xsa-242",
    .about = "both sharers of a frame want one of their own, and there is none; then they let go",
    .set_up = shared_and_no_memory,
    .thread = {break_or_put, break_or_put},
    .check = nobody_has_it,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

static void run_of_four(void) {
    world_make(0, 1, 1);
    frame = take_order(2);
    world_leave(NULL, 0);
}

static void free_four(void) {
    give_order(frame, 2);
}

static void preempt_and_take(void) {
    world_run_on(0);
    take();
    take();
}

const struct scenario half_freed = {
    .name = "xsa-299",
    .about = "a free of several frames is preempted anywhere by who allocates on the same CPU",
    .set_up = run_of_four,
    .thread = {free_four, preempt_and_take},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {3, 2, 0},
};

/* ---- XSA-236, 284: a reference too few at a hand-over ----------------------------------------------------- */

/* Each takes a reference for somebody else, then lets go of its own. */
static void hand_over(void) {
    get();
    put();
}

static void both_arrived(void) {
    expect(quire_refs(q, frame) == 2, "a reference that was handed over is lost");
    put();
    put();
    nobody_has_it();
}

const struct scenario handed_over = {
    .name = "xsa-236",
    .about = "both holders of a frame hand their reference over to others at once",
    .set_up = shared_by_two,
    .thread = {hand_over, hand_over},
    .check = both_arrived,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- XSA-255, 345, 346, 379: a freed frame that is still used --------------------------------------------- */

const struct scenario used_after_free = {
    .name = "xsa-345",
    .about = "two holders of a frame use it until they let go, while a third CPU takes and writes all that is free",
    .set_up = shared_by_two,
    .thread = {read_and_put, read_and_put, take_all},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};
