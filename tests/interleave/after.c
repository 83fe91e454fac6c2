/* after.c: scenarios of calls of which one is over before another begins, without that other CPU being told.
 *
 * quire_alloc may fail only if at some instant no frame was free, and quire_alloc_order must find what was there before it
 * began. So these promises are about time, not about what a CPU came to know: callers that order their calls by
 * seq_cst flags of their own can tell. Acquire and release order only what somebody was told of, so they are too
 * little here; that shows only with stale reads. Nothing that the explorer watches says here that a call is over, just
 * variables of the scenario. */
#include "../../src/cache.h"
#include "../../src/place.h"
#include "scenarios.h"

static quire_pa held;
static bool over; /* the first thread's call, in this schedule */

static void begin(void) {
    over = false;
}

/* ---- a frame comes and another one goes, each by another CPU ---------------------------------------------- */

static void one_in_cache_2(void) {
    world_make(0, 1, 3);
    world_leave(NULL, 0);
    world_give_on(2, (const size_t[]){100}, 1);
    held = world_frame(300);
}

static void give_it(void) {
    give(held);
    over = true;
}

static void take_the_other_one(void) {
    if (over) {
        expect(take() != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free all the time");
    }
}

static void must_get_one(void) {
    world_run_on(0);
    expect(take() != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free all the time");
}

/* The second and the third thread are on CPUs 1 and 2; the first one is met by the sweep last. */
static void give_on_1(void) {
    world_run_on(1);
    give_it();
}

static void take_on_2(void) {
    world_run_on(2);
    take_the_other_one();
}

const struct scenario comes_and_goes = {
    .name = "comes-and-goes",
    .about = "a CPU frees a frame into its cache, then another takes the one in its own; one is free all the time",
    .set_up = one_in_cache_2,
    .start = begin,
    .thread = {give_on_1, take_on_2, must_get_one},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {4, 2, 0},
};

static void give_home(void) {
    world_run_on(NO_CPU);
    give_it();
}

const struct scenario comes_home_and_goes = {
    .name = "comes-home-and-goes",
    .about = "the same where the first frame goes straight home",
    .set_up = one_in_cache_2,
    .start = begin,
    .thread = {give_home, take_on_2, must_get_one},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {4, 2, 0},
};

/* ---- a hint that is on its way ---------------------------------------------------------------------------- */

/* The first frame to come back to the block gives it a hint, and the second one finds its class right already. */
static void nothing_free(void) {
    world_make(0, 1, 3);
    world_take_all();
    held = world_frame(300);
}

static void give_another_home(void) {
    world_run_on(NO_CPU);
    give(world_frame(100));
}

static void take_if_over(void) {
    if (over) {
        must_get_one();
    }
}

const struct scenario hint_on_its_way = {
    .name = "hint-on-its-way",
    .about = "a frame is freed and then needed, while another CPU is in the middle of hinting its block",
    .set_up = nothing_free,
    .start = begin,
    .thread = {give_home, give_another_home, take_if_over},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {UNBOUNDED, 3, 0},
};

/* ---- whole blocks ----------------------------------------------------------------------------------------- */

static void one_block_held(void) {
    held = world_make_block(2);
    world_take_all();
}

static void give_block(void) {
    give_order(held, 9);
    over = true;
}

static void give_block_home(void) {
    world_run_on(NO_CPU);
    give_block();
}

static void take_block_if_over(void) {
    if (over) {
        expect(take_order(9) != QUIRE_NONE, "no whole block, with one free before the call");
    }
}

const struct scenario block_is_back = {
    .name = "block-is-back",
    .about = "a whole block is allocated after another CPU freed it",
    .set_up = one_block_held,
    .start = begin,
    .thread = {give_block_home, take_block_if_over},
    .check = check_world,
    .quick = {0, 6, 0}, /* a search looks at the same hint twice, and there are three searches */
    .full = {UNBOUNDED, 7, 0},
};

const struct scenario block_is_cached = {
    .name = "block-is-cached",
    .about = "the same where the block waits in the cache of the CPU that freed it",
    .set_up = one_block_held,
    .start = begin,
    .thread = {give_block, take_block_if_over},
    .check = check_world,
    .quick = {0, 3, 0},
    .full = {UNBOUNDED, 4, 0},
};

/* 64 blocks are used up; the others lie below a node of the index that nobody has opened. */
static void first_leaf_used(void) {
    world_make(0, 67, 2);
    for (size_t i = 0; i < 63; i++) {
        expect(take_order(9) != QUIRE_NONE, "the set-up is not as intended");
    }
    while (take() < world_block(1) - QUIRE_PAGE_SIZE) {}
}

static void open_leaf(void) {
    expect(take_order(9) == world_block(64), "the set-up is not as intended");
    over = true;
}

static void take_run_if_over(void) {
    if (over) {
        expect(take_order(8) != QUIRE_NONE, "no run of frames, with blocks free before the call");
    }
}

const struct scenario leaf_is_open = {
    .name = "leaf-is-open",
    .about = "a fresh block is needed after another CPU opened the only part of the index that has some",
    .set_up = first_leaf_used,
    .start = begin,
    .thread = {open_leaf, take_run_if_over},
    .check = check_counts,
    .quick = {0, 3, 0},
    .full = {UNBOUNDED, 3, 0},
};
