/* bulk.c: scenarios of many single frames by one call. */
#include "scenarios.h"

static quire_pa bulk[MAX_THREADS][4];

/* Five frames are free, all of them in the cache of CPU 0. */
static void five_free(void) {
    world_make(0, 1, 2);
    world_take_all();
    world_give_on(0, (const size_t[]){100, 101, 200, 201, 300}, 5);
}

static void take_and_give_three(void) {
    size_t n = take_bulk(3, bulk[current]);
    expect(n > 0 || world_n_unproved() > 0, "no frame, with more free than others ever take");
    give_bulk(n, bulk[current]);
}

static void take_two(void) {
    quire_pa a = take(), b = take();
    if (a != QUIRE_NONE) {
        give(a);
    }
    if (b != QUIRE_NONE) {
        give(b);
    }
}

const struct scenario bulk_and_steal = {
    .name = "bulk-and-steal",
    .about = "three frames are taken and freed at once while another CPU takes from that cache",
    .set_up = five_free,
    .thread = {take_and_give_three, take_two},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {3, 1, 0},
};

const struct scenario bulk_nested = {
    .name = "bulk-nested",
    .about = "three frames are taken and freed at once; an interrupt on the same CPU takes and frees two",
    .set_up = five_free,
    .thread = {take_and_give_three, take_two},
    .check = check_world_by_exhaustion,
    .quick = {UNBOUNDED, 1, 0},
    .full = {UNBOUNDED, 2, 0},
    .interrupts = {0, 1},
};

/* Five frames are free in their block, so that those beside each other go from a word of the loan straight to the caller, and back. */
static void five_at_home(void) {
    world_make(0, 1, 2);
    world_leave((const size_t[]){100, 101, 102, 200, 201}, 5);
}

static void take_and_give_in_turns(void) {
    size_t n = take_bulk(4, bulk[current]);
    expect(n > 0 || world_n_unproved() > 0, "no frame, with more free than others ever take");
    give_bulk(n, bulk[current]);
    n = take_bulk(2, bulk[current]);
    give_bulk(n, bulk[current]);
}

const struct scenario bulk_by_words = {
    .name = "bulk-by-words",
    .about = "frames of a borrowed block are taken and freed a word at a time while another CPU takes from that cache",
    .set_up = five_at_home,
    .thread = {take_and_give_in_turns, take_two},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {3, 1, 0},
};

const struct scenario bulk_by_words_nested = {
    .name = "bulk-by-words-nested",
    .about = "the same; an interrupt on the same CPU takes and frees two",
    .set_up = five_at_home,
    .thread = {take_and_give_in_turns, take_two},
    .check = check_world_by_exhaustion,
    .quick = {UNBOUNDED, 1, 0},
    .full = {UNBOUNDED, 2, 0},
    .interrupts = {0, 1},
};

/* Each CPU wants more than half of what is free: together they get all of it, or it is back. */
static void take_four(void) {
    size_t n = take_bulk(4, bulk[current]);
    expect(n > 0 || world_n_unproved() > 0, "no frame, with one free that nobody else wants");
}

const struct scenario bulk_of_last = {
    .name = "bulk-of-last",
    .about = "two CPUs take four of the last five frames each",
    .set_up = five_free,
    .thread = {take_four, take_four},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {2, 1, 0},
};
