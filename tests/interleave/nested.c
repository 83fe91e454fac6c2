/* nested.c: scenarios of interrupts: a call in the middle of another one, on the same CPU. */
#include "scenarios.h"

static quire_pa held[2];

static void take_then_give(void) {
    quire_pa a = take();
    /* What the interrupted call has in hand can not be had. */
    expect(a != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with frames free");
    give(a);
}

static void interrupt(void) {
    world_run_on(0);
    take_then_give();
}

static void interrupt_gives(void) {
    world_run_on(0);
    give(held[1]);
    take();
}

/* ---- alloc ------------------------------------------------------------------------------------------------ */

static void warm_frames(void) {
    world_make(0, 1, 1);
    world_leave((const size_t[]){100, 101}, 2);
    world_give_on(0, (const size_t[]){200, 201}, 2);
    held[0] = world_frame(300);
    held[1] = world_frame(301);
}

const struct scenario nested_warm = {
    .name = "nested-warm",
    .about = "an interrupt allocates and frees in the middle of an allocation or free that the cache serves",
    .set_up = warm_frames,
    .thread = {take_then_give, interrupt},
    .interrupts = {0, 1},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {3, 2, 0},
};

static void empty_cache(void) {
    world_make(0, 1, 1);
    world_leave((const size_t[]){100, 101, 300}, 3);
    held[1] = world_frame(301);
}

const struct scenario nested_refill = {
    .name = "nested-refill",
    .about = "an interrupt allocates and frees in the middle of an allocation that borrows a block",
    .set_up = empty_cache,
    .thread = {take_then_give, interrupt},
    .interrupts = {0, 1},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {3, 2, 0},
};

/* ---- free ------------------------------------------------------------------------------------------------- */

/* The cache is full of warm frames, so that the next one freed sends half of them home. */
static void full_cache(void) {
    size_t frames[64];
    for (size_t i = 0; i < 64; i++) {
        frames[i] = 100 + i;
    }
    world_make(0, 2, 1);
    world_leave(NULL, 0);
    world_give_on(0, frames, 64);
    held[0] = world_frame(600);
    held[1] = world_frame(700);
}

static void give_one(void) {
    give(held[0]);
}

const struct scenario nested_spill = {
    .name = "nested-spill",
    .about = "an interrupt frees and allocates in the middle of a free that empties half of the cache",
    .set_up = full_cache,
    .thread = {give_one, interrupt_gives},
    .interrupts = {0, 1},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {3, 2, 0},
};

/* ---- with another CPU, and an interrupt of the interrupt -------------------------------------------------- */

static void small_world(void) {
    world_make(0, 1, 2);
    world_leave((const size_t[]){100, 101, 300, 301}, 4);
    world_give_on(1, (const size_t[]){200, 201}, 2);
}

static void on_cpu_1(void) {
    world_run_on(1);
    take_then_give();
}

const struct scenario nested_twice = {
    .name = "nested-twice",
    .about = "an interrupt in an interrupt in an allocation, and another CPU",
    .set_up = small_world,
    .thread = {take_then_give, interrupt, interrupt, on_cpu_1},
    .interrupts = {0, 1, 2, 0},
    .check = check_world_by_exhaustion,
    .quick = {0, 0, 0},
    .full = {1, 0, 0},
};

/* ---- preemption ------------------------------------------------------------------------------------------- */

const struct scenario preempted = {
    .name = "preempted",
    .about = "two threads with the same CPU number preempt each other anywhere",
    .set_up = empty_cache,
    .thread = {interrupt, interrupt},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {3, 1, 0},
};
