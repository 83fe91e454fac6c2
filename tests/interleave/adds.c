/* adds.c: scenarios of memory that is added. */
#include "scenarios.h"

static quire_pa held[2];
static enum quire_status added[MAX_THREADS];

/* Frames [first, end). */
static enum quire_status add(size_t first, size_t end) {
    struct quire_region region = {world_frame(first), world_frame(end), QUIRE_USABLE, 0};
    return quire_add(q, &region);
}

static void take_two_and_give(void) {
    quire_pa a = take(), b = take();
    expect(a != QUIRE_NONE || b != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free");
    give(b);
    give(a);
}

/* ---- one more zone ---------------------------------------------------------------------------------------- */

static void one_block_of_two(void) {
    world_make_partly(0, 2, 1, 2);
    world_leave((const size_t[]){100}, 1);
}

static void add_the_rest(void) {
    expect(add(QUIRE_BLOCK_FRAMES, 2 * QUIRE_BLOCK_FRAMES) == QUIRE_OK, "quire_add");
}

const struct scenario add_and_take = {
    .name = "add-and-take",
    .about = "memory is added while another CPU allocates and frees",
    .set_up = one_block_of_two,
    .thread = {add_the_rest, take_two_and_give},
    .check = check_world,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

/* ---- a zone that is larger than those before -------------------------------------------------------------- */

static void one_block_of_three(void) {
    world_make_partly(0, 3, 2, 2);
    world_leave((const size_t[]){100, 101}, 2);
    world_give_on(1, (const size_t[]){200}, 1);
    held[0] = world_frame(300);
}

static void add_a_larger_one(void) {
    expect(add(QUIRE_BLOCK_FRAMES, 3 * QUIRE_BLOCK_FRAMES) == QUIRE_OK, "quire_add");
}

static void take_and_give_one(void) {
    quire_pa a = take();
    expect(a != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free");
    share_frame(held[0]);
    let_go(held[0]);
    give(held[0]);
    give(a);
}

const struct scenario add_main = {
    .name = "add-main",
    .about = "a zone that becomes the main one is added while another CPU allocates and frees",
    .set_up = one_block_of_three,
    .thread = {add_a_larger_one, take_and_give_one},
    .check = check_world,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- two at once ------------------------------------------------------------------------------------------ */

#define FAR 8 /* blocks: no zone is made to cover this one and the second one */

static void two_far_apart(void) {
    world_make_partly(0, FAR + 1, FAR, 2);
    world_leave((const size_t[]){100, 101}, 2);
}

static void add_second_block(void) {
    added[current] = add(QUIRE_BLOCK_FRAMES, 2 * QUIRE_BLOCK_FRAMES);
}

static void add_far_block(void) {
    added[current] = add((size_t)FAR * QUIRE_BLOCK_FRAMES, (size_t)(FAR + 1) * QUIRE_BLOCK_FRAMES);
}

static void added_is_there(void) {
    struct quire_stats stats;
    unsigned n = 0;
    for (unsigned t = 0; t < 2; t++) {
        expect(added[t] == QUIRE_OK || added[t] == QUIRE_BUSY, "quire_add");
        n += added[t] == QUIRE_OK;
    }
    quire_stats(q, &stats);
    expect(n > 0 && stats.n_zones == 1 + n, "memory that was added is not there");
    check_world();
}

const struct scenario add_and_add = {
    .name = "add-and-add",
    .about = "two CPUs add memory: both do, or one finds the other at it",
    .set_up = two_far_apart,
    .thread = {add_second_block, add_far_block},
    .check = added_is_there,
    .quick = {1, 5, 0}, /* all looks at the table may be at the old one */
    .full = {UNBOUNDED, 5, 0},
};

/* ---- metadata in free frames ------------------------------------------------------------------------------ */

/* Eight frames side by side, enough for the metadata of a block and what is around it. */
static void a_run_is_free(void) {
    static const size_t frames[] = {96, 97, 98, 99, 100, 101, 102, 103};
    world_make_partly(0, 2, 1, 2);
    world_leave(frames, 8);
    world_give_on(1, (const size_t[]){200}, 1);
}

static void add_apart(void) {
    struct quire_stats before, after;
    quire_stats(q, &before);
    add_the_rest();
    quire_stats(q, &after);
    expect(after.n_metadata > before.n_metadata, "no metadata");
}

static void take_and_give_two(void) {
    quire_pa a = take(), b = take();
    give(a);
    give(b);
}

const struct scenario add_in_frames = {
    .name = "add-in-frames",
    .reads_caches = true,
    .about = "memory is added, with its metadata in free frames, while another CPU allocates and frees",
    .set_up = a_run_is_free,
    .thread = {add_apart, take_and_give_two},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {2, 1, 0},
};

/* ---- a hole that is filled -------------------------------------------------------------------------------- */

#define N_HOLE 3

/* All is taken; the last frames of the second block are not the allocator's yet. */
static void hole_at_the_end(void) {
    world_make_partly(0, 2, 1, 2);
    expect(add(QUIRE_BLOCK_FRAMES, 2 * QUIRE_BLOCK_FRAMES - N_HOLE) == QUIRE_OK, "quire_add");
    world_take_all();
    held[0] = world_frame(600);
}

static void fill_the_hole(void) {
    expect(add(2 * QUIRE_BLOCK_FRAMES - N_HOLE, 2 * QUIRE_BLOCK_FRAMES) == QUIRE_OK, "quire_add");
}

static void give_and_take(void) {
    world_run_on(NO_CPU);
    give(held[0]);
    expect(take() != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free");
    take();
}

const struct scenario add_to_block = {
    .name = "add-to-block",
    .about = "frames are added to a block while another CPU frees and allocates others of it",
    .set_up = hole_at_the_end,
    .thread = {fill_the_hole, give_and_take},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {3, 1, 0},
};
