/* ranges.c: scenarios of runs of any number of frames, over any number of blocks. */
#include "../../src/place.h"
#include "scenarios.h"

#define B QUIRE_BLOCK_FRAMES

static quire_pa held[4], got[MAX_THREADS];

static void forget(void) {
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        got[i] = QUIRE_NONE;
    }
}

/* Four blocks, of which all is held but frames [from, to), which are free in their blocks, and in no cache. */
static void leave_range(size_t from, size_t to) {
    world_make(0, 4, 2);
    world_take_all();
    world_run_on(NO_CPU);
    give_range(world_frame(from), to - from);
    world_run_on(0);
}

/* n frames from the `i`th on. */
static void take_here(size_t i, size_t n) {
    got[current] = take_range(n, world_frame(i), world_frame(i + n));
}

static bool got_here(unsigned thread, size_t i) {
    return got[thread] == world_frame(i);
}

/* ---- two that meet ----------------------------------------------------------------------------------------- */

/* Five frames at the end of a block, and six at the front of the next one. */
static void over_two_blocks(void) {
    leave_range(3 * B - 5, 3 * B + 6);
}

static void take_left(void) {
    take_here(3 * B - 5, 8);
}

static void take_right(void) {
    take_here(3 * B - 2, 8);
}

static void one_of_them_got_it(void) {
    check_world();
    expect(got_here(0, 3 * B - 5) || got_here(1, 3 * B - 2),
           "two CPUs wanted what one of them could have, and neither has it");
}

const struct scenario range_and_range = {
    .name = "range-and-range",
    .about = "two CPUs want runs over two blocks that overlap: one of them gets its own",
    .set_up = over_two_blocks,
    .start = forget,
    .thread = {take_left, take_right},
    .check = one_of_them_got_it,
    .quick = {2, 0, 0},
    .full = {3, 1, 0},
    .of_32 = {4, 1, 0},
};

static void take_single(void) {
    world_run_on(NO_CPU);
    take();
}

static void take_and_give_left(void) {
    take_left();
    give_range(got[current], 8);
}

const struct scenario range_and_frame = {
    .name = "range-and-frame",
    .about = "a run over two blocks comes and goes while others want a frame, and a run of four",
    .set_up = over_two_blocks,
    .start = forget,
    .thread = {take_and_give_left, take_single},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {3, 1, 0},
    .of_32 = {4, 1, 0},
};

/* The same without frame 3 * B, which is held. */
static void without_one(void) {
    over_two_blocks();
    held[0] = take_range(1, world_frame(3 * B), world_frame(3 * B + 1));
}

static void give_one_home(void) {
    world_run_on(NO_CPU);
    give(held[0]);
}

const struct scenario range_and_free = {
    .name = "range-and-free",
    .about = "a run over two blocks is wanted while its last frame comes home",
    .set_up = without_one,
    .start = forget,
    .thread = {take_left, give_one_home},
    .check = check_world_by_exhaustion,
    .quick = {3, 1, 0},
    .full = {UNBOUNDED, 1, 0},
};

/* A pair of frames comes back while a searcher takes the hint away that the block has one. It had another one before. */
static void a_pair_is_gone(void) {
    leave_range(3 * B - 4, 3 * B - 1);
    held[0] = take_range(2, world_frame(3 * B - 4), world_frame(3 * B - 2));
    held[1] = world_frame(3 * B - 1); /* whose neighbour is free */
}

static void take_pair(void) {
    world_run_on(NO_CPU);
    got[current] = take_order(1);
}

static void give_other_half(void) {
    world_run_on(NO_CPU);
    give(held[1]);
}

static void pair_is_found(void) {
    world_run_on(NO_CPU);
    check_world();
    expect(got[0] != QUIRE_NONE || take_order(1) == world_frame(3 * B - 2), "a pair of free frames that is not found");
}

const struct scenario run_comes_back = {
    .name = "run-comes-back",
    .about = "a pair of frames comes home while a call that looked for one finds that the block has none",
    .set_up = a_pair_is_gone,
    .start = forget,
    .thread = {take_pair, give_other_half},
    .check = pair_is_found,
    .quick = {2, 1, 0},
    .full = {3, 1, 0},
};

/* Eight frames in two words of a block. */
static void over_two_words(void) {
    leave_range(2 * B + B / 2 - 4, 2 * B + B / 2 + 4);
}

static void take_eight(void) {
    take_here(2 * B + B / 2 - 4, 8);
}

static void take_sixth(void) {
    take_here(2 * B + B / 2 + 1, 1);
}

const struct scenario range_in_words = {
    .name = "range-in-words",
    .about = "a run over two words of a block is wanted while another CPU takes a frame of the second word",
    .set_up = over_two_words,
    .start = forget,
    .thread = {take_eight, take_sixth},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {3, 2, 0},
};

/* ---- whole blocks in the middle ---------------------------------------------------------------------------- */

/* The end of a block, all of the next, which came home as one, and the front of the third. */
static void over_three_blocks(void) {
    leave_range(B + 3, 4 * B - 3);
    world_run_on(NO_CPU);
    take_here(2 * B, B);
    give_range(world_block(2), B);
    world_run_on(0);
    expect(q_is_as_one(q->main->counts[2]) && (q->main->wholes[2] & Q_CLEAN) != 0, "the set-up is not as intended");
}

static void take_middle(void) {
    take_here(2 * B - 2, B + 4);
}

static void take_from_whole(void) {
    take_here(2 * B + 4, 3);
}

const struct scenario range_over_whole = {
    .name = "range-over-whole",
    .about =
        "a run over three blocks is wanted while another CPU takes frames out of the middle one, which is home as one",
    .set_up = over_three_blocks,
    .start = forget,
    .thread = {take_middle, take_from_whole},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {1, 1, 0},
    .of_32 = {3, 1, 0},
};

static void take_block(void) {
    got[current] = take_order(QUIRE_BLOCK_ORDER);
}

const struct scenario range_and_block = {
    .name = "range-and-block",
    .about = "a part of a block that is home as one is wanted while another CPU takes all of it",
    .set_up = over_three_blocks,
    .start = forget,
    .thread = {take_from_whole, take_block},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {1, 1, 0},
};

/* A run over three blocks, held; nothing else is free but a frame. */
static void held_over_three(void) {
    leave_range(2 * B - 2, 3 * B + 2);
    held[0] = take_range(B + 4, world_frame(2 * B - 2), world_frame(3 * B + 2));
    expect(held[0] != QUIRE_NONE && Q_COUNT(q->main->wholes[2]) == 1, "the set-up is not as intended");
}

/* Pieces that two CPUs free: the first one ends, the second one begins in the middle of a block. Two frames between them are
 * still held. */
static void free_first_part(void) {
    give_range(held[0], 2 + B / 2);
}

static void free_last_part(void) {
    give_range(held[0] + (2 + B / 2 + 2) * QUIRE_PAGE_SIZE, B / 2);
}

const struct scenario range_parted = {
    .name = "range-parted",
    .about = "two CPUs free two parts of a run over three blocks, parting the one in the middle",
    .set_up = held_over_three,
    .thread = {free_first_part, free_last_part},
    .check = check_world_by_exhaustion,
    .quick = {1, 0, 0},
    .full = {1, 1, 0},
    .of_32 = {3, 1, 0},
};

static void free_middle(void) {
    give_range(held[0] + 2 * QUIRE_PAGE_SIZE, B);
}

static void free_edges(void) {
    give_range(held[0] + (B + 2) * QUIRE_PAGE_SIZE, 2);
    give_range(held[0], 2);
}

const struct scenario range_middle_freed = {
    .name = "range-middle-freed",
    .about = "the block in the middle of a run is freed while another CPU frees both edges",
    .set_up = held_over_three,
    .thread = {free_middle, free_edges},
    .check = check_world_by_exhaustion,
    .quick = {1, 0, 0},
    .full = {2, 1, 0},
    .of_32 = {3, 1, 0},
};

static void share_in_middle(void) {
    share_frame(held[0] + 9 * QUIRE_PAGE_SIZE);
    let_go(held[0] + 9 * QUIRE_PAGE_SIZE);
}

const struct scenario range_shared = {
    .name = "range-shared",
    .about = "a frame in the middle of a run is shared and let go while another CPU frees the edges",
    .set_up = held_over_three,
    .thread = {share_in_middle, free_edges},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {2, 0, 0},
    .of_32 = {3, 1, 0},
};

static void take_one(void) {
    got[current] = take();
    got[current] = got[current] != QUIRE_NONE ? got[current] : take();
}

const struct scenario range_parted_and_taken = {
    .name = "range-parted-and-taken",
    .reads_caches = true,
    .about = "two CPUs free two parts of a run over three blocks while a third wants a frame",
    .set_up = held_over_three,
    .start = forget,
    .thread = {free_first_part, free_last_part, take_one},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 1000},
    .full = {2, 0, 5000},
    .of_32 = {1, 0, 0},
};

/* ---- a run that goes back frame by frame ------------------------------------------------------------------- */

/* Four frames of one block, held as one. Both CPUs know the zone. */
static void held_run(void) {
    leave_range(2 * B + 4, 2 * B + 8);
    held[0] = take_range(4, world_frame(2 * B + 4), world_frame(2 * B + 8));
    world_give_on(0, (const size_t[]){2 * B + 100}, 1);
    world_give_on(1, (const size_t[]){2 * B + 200}, 1);
}

static void free_second(void) {
    give(held[0] + QUIRE_PAGE_SIZE);
}

static void free_third(void) {
    give(held[0] + 2 * QUIRE_PAGE_SIZE);
}

static void ends_are_alone(void) {
    const q_record *first = q_zone_record(q->main, q_frame_of(held[0]));
    expect(q_held_alone(first[0]) && q_held_alone(first[3]), "what is left of a run is still joined");
    check_world_by_exhaustion();
}

const struct scenario run_in_pieces = {
    .name = "run-in-pieces",
    .about = "two CPUs free neighbours of one run, frame by frame",
    .set_up = held_run,
    .thread = {free_second, free_third},
    .check = ends_are_alone,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- blocks that were never used --------------------------------------------------------------------------- */

static void two_fresh(void) {
    world_make(0, 4, 2);
    held[0] = take(); /* of the last block that is not whole, or of a fresh one: all others stay fresh */
}

static void take_fresh_pair(void) {
    take_here(2 * B + 7, 12 + B);
    expect(got[current] == QUIRE_NONE || got_here(current, 2 * B + 7), "another run than the one that was asked for");
}

static void take_fresh_block(void) {
    take_here(3 * B, B);
}

const struct scenario range_fresh = {
    .name = "range-fresh",
    .about = "a run over two blocks that were never used is wanted while another CPU takes one of them",
    .set_up = two_fresh,
    .start = forget,
    .thread = {take_fresh_pair, take_fresh_block},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {3, 1, 0},
};

/* ---- proofs, caches, stops, interrupts --------------------------------------------------------------------- */

/* Five frames at the end of a block, and three at the front of the next one: those that a run of eight needs. */
static void just_enough(void) {
    leave_range(3 * B - 5, 3 * B + 3);
}

/* Who has the three knows that the other CPU can not have the run. */
static void must_get_one(void) {
    uint64_t before = world_n_unproved();
    take_here(3 * B, 3);
    if (got[current] != QUIRE_NONE) {
        expect(take() != QUIRE_NONE || world_n_unproved() > before,
               "no memory, though five frames were free all along");
    }
}

const struct scenario range_and_prover = {
    .name = "range-and-prover",
    .reads_caches = true,
    .about = "a run of eight can not be had, since another CPU took three of it; that one gets a frame, too",
    .set_up = just_enough,
    .start = forget,
    .thread = {take_left, must_get_one},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {2, 1, 0},
};

/* The only frames that are free: two in the cache of CPU 1. */
static void two_in_a_cache(void) {
    world_make(0, 1, 2);
    world_take_all();
    world_give_on(1, (const size_t[]){B - 9, B - 8}, 2);
}

static void take_pair_anywhere(void) {
    got[current] = take_range(2, world_frame(B - 9), world_frame(B - 7));
}

static void use_cache(void) {
    world_run_on(1);
    quire_pa pa = take();
    if (pa != QUIRE_NONE) {
        give(pa);
    }
}

const struct scenario range_in_cache = {
    .name = "range-in-cache",
    .reads_caches = true,
    .about = "two frames side by side are wanted that lie in the cache of a CPU, which takes and frees one of them",
    .set_up = two_in_a_cache,
    .start = forget,
    .thread = {take_pair_anywhere, use_cache},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {3, 1, 0},
};

static void take_what_is_there(void) {
    world_run_on(NO_CPU);
    size_t n = take_as_many(world_frame(3 * B - 5), 8);
    if (n > 0) {
        give_range(world_frame(3 * B - 5), n);
    }
}

const struct scenario range_as_many = {
    .name = "range-as-many",
    .about = "as many frames as are free from here on are taken while a run over them is",
    .set_up = over_two_blocks,
    .start = forget,
    .thread = {take_what_is_there, take_right},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {3, 1, 0},
};

/* Of accesses to memory that others use. */
#define MOST_STEPS 4000

static bool is_done;

static void begin(void) {
    forget();
    is_done = false;
}

static void ends_right(void) {
    take_right();
    expect(world_steps() < MOST_STEPS, "a call does not end while another CPU is stopped");
    is_done = true;
}

static void other_is_done(void) {
    expect(is_done, "a CPU waits for one that is stopped");
}

const struct scenario stops_in_range = {
    .name = "stops-in-range",
    .about = "a CPU stops for ever while it takes a run over two blocks; another wants frames of it",
    .set_up = over_two_blocks,
    .start = begin,
    .thread = {take_left, ends_right},
    .check = other_is_done,
    .quick = {1, 0, 0},
    .full = {2, 1, 0},
    .may_stop = 1,
};

static void ends_fresh(void) {
    take_fresh_pair();
    expect(world_steps() < MOST_STEPS, "a call does not end while another CPU is stopped");
    is_done = true;
}

const struct scenario stops_in_fresh_range = {
    .name = "stops-in-fresh-range",
    .about = "a CPU stops for ever while it takes a block that was never used; another wants a run over that",
    .set_up = two_fresh,
    .start = begin,
    .thread = {take_fresh_block, ends_fresh},
    .check = other_is_done,
    .quick = {1, 0, 0},
    .full = {2, 1, 0},
    .may_stop = 1,
};

static void interrupt_with_range(void) {
    take_right();
    give_range(got[current], 8);
}

const struct scenario nested_range = {
    .name = "nested-range",
    .about = "a run over two blocks is taken and freed; an interrupt on the same CPU wants frames of it",
    .set_up = over_two_blocks,
    .start = forget,
    .thread = {take_and_give_left, interrupt_with_range},
    .check = check_world_by_exhaustion,
    .quick = {UNBOUNDED, 1, 0},
    .full = {UNBOUNDED, 2, 0},
    .interrupts = {0, 1},
};
