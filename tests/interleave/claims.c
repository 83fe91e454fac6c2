/* claims.c: scenarios of a CPU that visits the cache of another one: from an interrupt, while that may not be asked, and for
 * ever. With local guards these are claims (src/guard.h). */
#include "scenarios.h"

static quire_pa held;

/* All that is free lies in the cache of CPU 1. */
static void all_with_the_other(void) {
    world_make(0, 1, 2);
    world_leave(NULL, 0);
    world_give_on(1, (const size_t[]){100, 101, 300}, 3);
    held = world_frame(301);
}

static void take_and_give(void) {
    quire_pa a = take();
    expect(a != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free");
    give(a);
}

static void take_and_give_on_cpu_1(void) {
    world_run_on(1);
    take_and_give();
}

/* ---- nested ----------------------------------------------------------------------------------------------- */

static void give_one(void) {
    give(held);
}

static void interrupt(void) {
    world_run_on(0);
    take_and_give();
    take_and_give();
}

const struct scenario nested_steal = {
    .name = "nested-steal",
    .about = "an interrupt in the middle of a free takes frames out of another CPU's cache, while that uses it",
    .set_up = all_with_the_other,
    .thread = {give_one, interrupt, take_and_give_on_cpu_1},
    .interrupts = {0, 1, 0},
    .check = check_world_by_exhaustion,
    .quick = {1, 0, 0},
    .full = {3, 1, 0},
};

/* ---- in turn ---------------------------------------------------------------------------------------------- */

/* By turns on CPU 0 and on CPU 1, whose cache one of them empties. */
static void take_here_and_there(void) {
    take_and_give();
    world_run_on(1);
    take_and_give();
}

const struct scenario steal_and_move = {
    .name = "steal-and-move",
    .about = "a CPU empties another one's cache; then the caller is moved there, beside one that runs there already",
    .set_up = all_with_the_other,
    .thread = {take_here_and_there, take_and_give_on_cpu_1},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {4, 1, 0},
};

/* ---- refused ---------------------------------------------------------------------------------------------- */

static void all_with_one_that_may_not_be_asked(void) {
    all_with_the_other();
    world_refuse_barriers(0);
}

const struct scenario refused = {
    .name = "refused",
    .about = "the same, but the other CPU can not be made to execute a barrier: its frames stay its own",
    .set_up = all_with_one_that_may_not_be_asked,
    .thread = {take_and_give, take_and_give_on_cpu_1},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {4, 1, 0},
};

static void all_in_the_middle(void) {
    world_make(0, 1, 3);
    world_leave(NULL, 0);
    world_give_on(1, (const size_t[]){100, 101, 300}, 3);
    world_refuse_barriers(2);
}

static void take_one(void) {
    take();
}

static void take_one_on_cpu_2(void) {
    world_run_on(2);
    take();
}

const struct scenario refused_behind = {
    .name = "refused-behind",
    .about =
        "a CPU empties another one's cache; a third one can not, and leaves it as it is; the owner comes behind it",
    .set_up = all_in_the_middle,
    .thread = {take_one, take_one_on_cpu_2, take_and_give_on_cpu_1},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {2, 1, 0},
};

/* ---- looked at -------------------------------------------------------------------------------------------- */

/* Few frames, so that a recount is short. */
static void few_in_the_middle(void) {
    world_make_frames(24, 3);
    world_take_all();
    world_give_on(1, (const size_t[]){10, 11}, 2);
    world_give_on(NO_CPU, (const size_t[]){20}, 1);
}

static void take_two_on_cpu_2(void) {
    world_run_on(2);
    take();
    take();
}

static void recount_on(void) {
    struct quire_fault first;
    expect(quire_validate(q, &first) != QUIRE_FAULT, "a recount took frames on their way for lost");
}

const struct scenario recount_and_steal = {
    .name = "recount-and-steal",
    .reads_caches = true,
    .about = "a recount while a CPU empties another one's cache",
    .set_up = few_in_the_middle,
    .thread = {recount_on, take_two_on_cpu_2},
    .check = check_world,
    .quick = {1, 1, 0},
    .full = {2, 1, 0},
};

/* ---- for ever --------------------------------------------------------------------------------------------- */

static void take_some(void) {
    take();
    take_order(1);
}

/* The claimed cache is not served by, but all in the blocks is. */
static void all_calls(void) {
    world_run_on(1);
    quire_pa a = take();
    if (a != QUIRE_NONE) {
        expect(quire_get(q, a) == QUIRE_OK && quire_put(q, a) == QUIRE_OK, "a frame that is held can not be shared");
        give(a);
    }
    give(held);
    give(take());
}

static void others_are_done(void) {
    if (world_stopped()) {
        while (take() != QUIRE_NONE) {}
    } else {
        check_world_by_exhaustion();
    }
}

const struct scenario stops_in_steal = {
    .name = "stops-in-steal",
    .reads_caches = true, /* why there is no run is told from statistics */
    .about = "a CPU stops for ever anywhere while it empties another one's cache; that one goes on",
    .set_up = all_with_the_other,
    .thread = {take_some, all_calls},
    .may_stop = 1,
    .check = others_are_done,
    .quick = {1, 0, 0},
    .full = {2, 0, 0},
};
