/* frames.c: scenarios of single frames: the last ones, refill, give-back, steal. */
#include "scenarios.h"

/* ---- the last frames -------------------------------------------------------------------------------------- */

static quire_pa got[MAX_THREADS];

static void take_one(void) {
    got[current] = take();
}

static void two_left(void) {
    world_make(0, 1, 2);
    world_leave((const size_t[]){100, 101}, 2);
}

static void both_got_one(void) {
    expect((got[0] != QUIRE_NONE && got[1] != QUIRE_NONE) || world_n_unproved() > 0,
           "out of memory, with a frame free");
    check_world_by_exhaustion();
}

const struct scenario last_two_frames = {
    .name = "last-two-frames",
    .about = "two CPUs allocate the last two frames",
    .set_up = two_left,
    .thread = {take_one, take_one},
    .check = both_got_one,
    .quick = {2, 0, 0},
    .full = {4, 1, 0},
};

static void one_left(void) {
    world_make(0, 1, 2);
    world_leave((const size_t[]){300}, 1);
}

static void one_got_it(void) {
    expect(got[0] != QUIRE_NONE || got[1] != QUIRE_NONE || world_n_unproved() > 0, "one frame, and no holder");
    check_world_by_exhaustion();
}

const struct scenario last_frame = {
    .name = "last-frame",
    .about = "two CPUs allocate the last frame",
    .set_up = one_left,
    .thread = {take_one, take_one},
    .check = one_got_it,
    .quick = {2, 1, 0},
    .full = {4, 1, 0},
};

static void two_left_for_three(void) {
    world_make(0, 1, 3);
    world_leave((const size_t[]){100, 300}, 2);
}

static void two_got_them(void) {
    unsigned n = 0;
    for (unsigned t = 0; t < 3; t++) {
        n += got[t] != QUIRE_NONE;
    }
    expect(n == 2 || world_n_unproved() > 0, "two frames, and not two holders");
    check_world_by_exhaustion();
}

const struct scenario last_frames_of_three = {
    .name = "last-frames-of-three",
    .about = "three CPUs allocate the last two frames",
    .set_up = two_left_for_three,
    .thread = {take_one, take_one, take_one},
    .check = two_got_them,
    .quick = {1, 0, 0},
    .full = {2, 1, 0},
};

/* ---- refill against give-back ----------------------------------------------------------------------------- */

/* One block with some frames free, in three of its words; CPU 1 holds two more, of a word that has free ones and of one that has none. */
static quire_pa held[4];

static void partly_free(void) {
    world_make(0, 1, 2);
    world_leave((const size_t[]){100, 101, 300, 301, 400}, 5);
    held[0] = world_frame(102);
    held[1] = world_frame(200);
}

static void take_two(void) {
    quire_pa a = take(), b = take();
    expect((a != QUIRE_NONE && b != QUIRE_NONE) || world_n_unproved() > 0, "out of memory, with frames free");
    give(a);
}

/* Straight into the block's bits. */
static void give_two_home(void) {
    world_run_on(NO_CPU);
    give(held[0]);
    give(held[1]);
}

const struct scenario refill_give_back = {
    .name = "refill-give-back",
    .about = "a CPU borrows a block while another gives frames of it back",
    .set_up = partly_free,
    .thread = {take_two, give_two_home},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {UNBOUNDED, 3, 0},
};

static void take_from_bits(void) {
    world_run_on(NO_CPU);
    take();
}

const struct scenario refill_take_give = {
    .name = "refill-take-give",
    .about = "a CPU borrows a block while others take and give single frames of it",
    .set_up = partly_free,
    .thread = {take_two, give_two_home, take_from_bits},
    .check = check_world_by_exhaustion,
    .quick = {1, 0, 0},
    .full = {3, 1, 0},
};

/* ---- steal ------------------------------------------------------------------------------------------------ */

/* All that is free lies in the cache of CPU 1. */
static void all_in_one_cache(void) {
    world_make(0, 1, 2);
    world_leave(NULL, 0);
    world_give_on(1, (const size_t[]){100, 101, 300}, 3);
}

static void take_one_at_least(void) {
    got[current] = take();
    expect(got[current] != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free");
}

static void take_and_give(void) {
    quire_pa a = take();
    expect(a != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free");
    give(a);
}

const struct scenario steal = {
    .name = "steal",
    .about = "a CPU empties another one's cache while its owner uses it",
    .set_up = all_in_one_cache,
    .thread = {take_one_at_least, take_and_give},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {5, 1, 0},
};

const struct scenario steal_both = {
    .name = "steal-both",
    .about = "two CPUs empty a third one's cache while its owner uses it",
    .set_up = all_in_one_cache,
    .thread = {take_one_at_least, take_and_give, take_and_give},
    .check = check_world_by_exhaustion,
    .quick = {1, 0, 0},
    .full = {2, 1, 0},
};

/* On CPUs 0 and 2. */
static void steal_one(void) {
    world_run_on(2 * current);
    take_one_at_least();
}

static void all_in_the_middle_cache(void) {
    world_make(0, 1, 3);
    world_leave(NULL, 0);
    world_give_on(1, (const size_t[]){100, 101, 300}, 3);
}

const struct scenario steal_steal = {
    .name = "steal-steal",
    .about = "two CPUs empty a third one's cache",
    .set_up = all_in_the_middle_cache,
    .thread = {steal_one, steal_one},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {3, 1, 0},
};

/* ---- a visit that changes nothing ------------------------------------------------------------------------- */

/* Nothing is free. Two frames are held, one of them twice. */
static void one_shared(void) {
    world_make(0, 1, 2);
    world_leave(NULL, 0);
    held[0] = world_frame(100);
    held[1] = world_frame(101);
    share_frame(held[1]);
}

static void give_one_back(void) {
    give(held[0]);
}

/* By somebody who was moved here: looks into the cache, and leaves it as it was. */
static void free_what_is_shared(void) {
    world_run_on(0);
    expect(quire_free(q, held[1]) == QUIRE_FAULT, "a shared frame was freed");
}

static void steal_it(void) {
    world_run_on(1);
    got[current] = take();
}

static void one_was_told(void) {
    expect(world_n_faults() == 1, "not one fault");
    check_world_by_exhaustion();
}

const struct scenario steal_behind = {
    .name = "steal-behind",
    .about = "a CPU steals from a cache behind one that looked into it and changed nothing",
    .set_up = one_shared,
    .thread = {give_one_back, free_what_is_shared, steal_it},
    .check = one_was_told,
    .faults_expected = true,
    .quick = {1, 0, 0},
    .full = {3, 1, 0},
};

static void one_shared_and_one_free(void) {
    one_shared();
    world_give_on(0, (const size_t[]){100}, 1);
}

static void take_the_one(void) {
    world_run_on(1);
    expect(take() != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free");
}

const struct scenario steal_past = {
    .name = "steal-past",
    .about = "a CPU that needs the last frame comes to its cache while another one is there and changes nothing",
    .set_up = one_shared_and_one_free,
    .thread = {take_the_one, free_what_is_shared},
    .check = one_was_told,
    .faults_expected = true,
    .quick = {3, 0, 0},
    .full = {UNBOUNDED, 1, 0},
};

/* ---- spill ------------------------------------------------------------------------------------------------ */

/* All that is free is in the cache of CPU 1: as many warm frames as it has room for. */
static void full_cache(void) {
    size_t frames[128];
    for (size_t i = 0; i < 128; i++) {
        frames[i] = 100 + i;
    }
    world_make(0, 2, 2);
    world_leave(NULL, 0);
    world_give_on(1, frames, 128);
    held[0] = world_frame(600);
}

static void give_one(void) {
    world_run_on(1);
    give(held[0]);
}

const struct scenario spill = {
    .name = "spill",
    .about = "a free sends half of the only full cache home while another CPU needs a frame",
    .set_up = full_cache,
    .thread = {take_one_at_least, give_one},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {4, 1, 0},
};

enum { N_RUNS = 16, RUN_ORDER = 3 }; /* as many as there is room for, of several words */

/* All that is free is in the cache of CPU 1: as many runs as it has room for. */
static void full_stack(void) {
    quire_pa run[N_RUNS];
    world_make(0, ((N_RUNS + 1) << RUN_ORDER) / QUIRE_BLOCK_FRAMES + 1, 2);
    for (unsigned i = 0; i < N_RUNS; i++) {
        run[i] = take_order(RUN_ORDER);
    }
    held[0] = take_order(RUN_ORDER);
    world_leave(NULL, 0);
    world_run_on(1);
    for (unsigned i = 0; i < N_RUNS; i++) {
        give_order(run[i], RUN_ORDER);
    }
    world_run_on(0);
}

static void give_one_run(void) {
    world_run_on(1);
    give_order(held[0], RUN_ORDER);
}

const struct scenario spilled_runs = {
    .name = "spilled-runs",
    .about = "a free sends the oldest run home, and its neighbours, while another CPU needs a frame",
    .set_up = full_stack,
    .thread = {take_one_at_least, give_one_run},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {4, 1, 0},
};
