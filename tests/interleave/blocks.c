/* blocks.c: scenarios of finding blocks: hints, fresh blocks, the ceiling, whole blocks. */
#include "../../src/cache.h"
#include "../../src/place.h"
#include "scenarios.h"

static quire_pa held[4], got[MAX_THREADS];

/* ---- hints ------------------------------------------------------------------------------------------------ */

/* The block's only free frame was taken without a search, so its hint is still there, and wrong. */
static void wrong_hint(size_t n_blocks) {
    world_make(0, n_blocks, 1);
    world_leave((const size_t[]){100}, 1);
    world_run_on(NO_CPU);
    held[0] = take();
    world_run_on(0);
    expect(held[0] == world_frame(100), "the set-up is not as intended");
}

static void wrong_hint_in_leaf(void) {
    wrong_hint(1);
}

static void wrong_hint_in_tree(void) {
    wrong_hint(65);
}

/* Straight into the bits. */
static void give_home(void) {
    world_run_on(NO_CPU);
    give(held[current]);
}

static void search(void) {
    world_run_on(NO_CPU);
    got[current] = take();
}

const struct scenario hint_leaf = {
    .name = "hint-leaf",
    .about = "a searcher takes a wrong hint away while a frame comes back and makes it right",
    .set_up = wrong_hint_in_leaf,
    .thread = {give_home, search},
    .check = check_world_by_exhaustion,
    .quick = {2, 2, 0},
    .full = {4, 3, 0},
};

/* The two blocks that it is about. */
static void check_two_hints(void) {
    check_counts();
    for (size_t b = 0; b < 2; b++) {
        enum q_class class = q_class_of(q->main->counts[b]);
        expect(class == Q_NOTHING || q_zone_next(q->main, class, b) == b, "a block with free frames has no hint");
    }
}

const struct scenario hint_tree = {
    .name = "hint-tree",
    .about = "the same where the hint has a parent",
    .set_up = wrong_hint_in_tree,
    .thread = {give_home, search},
    .check = check_two_hints,
    .quick = {2, 1, 0},
    .full = {3, 2, 0},
};

/* The first block's hint is wrong, and the only one of its node; a frame of the second block comes back. */
static void neighbour_of_wrong_hint(void) {
    wrong_hint(65);
    held[0] = world_frame(700);
}

const struct scenario hint_neighbours = {
    .name = "hint-neighbours",
    .about = "a block gets a hint while a searcher takes away the last one below the same node, which is wrong",
    .set_up = neighbour_of_wrong_hint,
    .thread = {give_home, search},
    .check = check_two_hints,
    .quick = {2, 1, 0},
    .full = {3, 2, 0},
};

/* ---- fresh blocks ----------------------------------------------------------------------------------------- */

/* All frames of the first block are taken, one by one: of what is initialised at the start there is no more. */
static void use_up_first_block(void) {
    struct quire_stats stats;
    quire_stats(q, &stats);
    for (uint64_t i = stats.n_metadata; i < QUIRE_BLOCK_FRAMES; i++) {
        expect(take() < world_block(1), "the set-up is not as intended");
    }
}

/* Blocks from the second on were never used. */
static void others_fresh(void) {
    world_make(0, 4, 2);
    use_up_first_block();
}

static void nothing_used(void) {
    world_make(0, 4, 2);
}

static void ceiling_is_high(void) {
    size_t n = 0;
    while (n < q->main->n_blocks && q_zone_ready(q->main, n)) {
        n++;
    }
    expect(q->main->ceiling == n * QUIRE_BLOCK_FRAMES, "the ceiling stays below initialised blocks");
    check_counts();
}

static void ceiling_is_high_and_all_there(void) {
    ceiling_is_high();
    check_world();
}

static void take_block(void) {
    got[current] = take_order(QUIRE_BLOCK_ORDER);
    expect(got[current] != QUIRE_NONE, "no whole block, with some free");
}

/* Without that: who opens a node of the index and is preempted hides what is below it. */
static void take_block_if_any(void) {
    got[current] = take_order(QUIRE_BLOCK_ORDER);
}

const struct scenario fresh_claim = {
    .name = "fresh-claim",
    .about = "two CPUs initialise blocks at once; the ceiling ends above both",
    .set_up = nothing_used,
    .thread = {take_block, take_block},
    .check = ceiling_is_high_and_all_there,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

static void take_and_look(void) {
    quire_pa a = take();
    expect(a != QUIRE_NONE, "out of memory, with blocks free");
    give(a);
}

const struct scenario fresh_frames = {
    .name = "fresh-frames",
    .about = "two CPUs initialise blocks for single frames, and free them by way of the ceiling",
    .set_up = others_fresh,
    .thread = {take_and_look, take_and_look},
    .check = ceiling_is_high_and_all_there,
    .quick = {2, 0, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* Of the second block, a CPU has claimed the metadata, and stopped: the ceiling stays below it. */
static void a_claim_in_the_middle(void) {
    others_fresh();
    expect(q_index_claim_block(&q->main->index, 1 + q->main->skew), "the set-up is not as intended");
}

/* Given back in another order than they would come again, so that it matters when each is written. The cache looks at the
 * blocks above by then, and no longer at the first one. */
static void take_two_from_above(void) {
    quire_pa a = take(), b = take();
    expect(a == QUIRE_NONE || a >= world_block(2), "a frame of a block that nobody has initialised");
    if (a != QUIRE_NONE && b != QUIRE_NONE) {
        give(a);
        give(world_frame(QUIRE_BLOCK_FRAMES - 1));
        give(b);
    }
}

static void empty_all_caches(void) {
    got[current] = take_order(QUIRE_BLOCK_ORDER + 1); /* there is none: all caches are emptied first */
}

const struct scenario fresh_above = {
    .name = "fresh-above",
    .reads_caches = true,
    .about = "a CPU frees frames of a block above the ceiling, and one from below, while another empties its cache",
    .set_up = a_claim_in_the_middle,
    .thread = {take_two_from_above, empty_all_caches},
    .check = check_counts,
    .quick = {2, 0, 0},
    .full = {2, 1, 0},
};

static void look_on(void) {
    struct quire_stats stats;
    uint64_t n_frames[QUIRE_TAGS];
    quire_stats(q, &stats);
    quire_tag_stats(q, n_frames);
    expect(stats.n_free_blocks <= 3 && n_frames[1] >= world_n_held() - 1, "statistics that can not be");
}

const struct scenario fresh_look = {
    .name = "fresh-look",
    .reads_caches = true,
    .about = "statistics while a CPU initialises a block",
    .set_up = others_fresh,
    .thread = {take_and_look, look_on},
    .check = ceiling_is_high_and_all_there,
    .quick = {1, 0, 0},
    .full = {2, 1, 0},
    .of_32 = {3, 1, 0},
    .of_64 = {3, 1, 0},
};

/* The first n blocks are used up. The blocks from the 65th on lie below a node that nobody has opened. */
static void blocks_used(size_t n) {
    world_make(0, 67, 2);
    for (size_t i = 1; i < n; i++) {
        expect(take_order(QUIRE_BLOCK_ORDER) != QUIRE_NONE, "the set-up is not as intended");
    }
    use_up_first_block();
}

static void first_leaf_used(void) {
    blocks_used(64);
}

static void all_but_one_of_first_leaf_used(void) {
    blocks_used(63);
}

const struct scenario fresh_leaf = {
    .name = "fresh-leaf",
    .about = "two CPUs need blocks of a part of the index that nobody has initialised",
    .set_up = first_leaf_used,
    .thread = {take_block_if_any, take_block_if_any},
    .check = ceiling_is_high,
    .quick = {1, 0, 0},
    .full = {3, 1, 0},
};

const struct scenario fresh_leaves = {
    .name = "fresh-leaves",
    .about = "two CPUs initialise neighbours on either side of where the index has to be initialised",
    .set_up = all_but_one_of_first_leaf_used,
    .thread = {take_block_if_any, take_block_if_any},
    .check = ceiling_is_high,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

static void free_what_nobody_took(void) {
    expect(quire_free(q, world_frame(600)) == QUIRE_FAULT, "a frame was freed that nobody holds");
    expect(quire_put(q, world_frame(600)) == QUIRE_FAULT, "a frame was put that nobody holds");
}

/* Then the CPU's cache has looked at how much of the zone is initialised. */
static void take_and_free_what_nobody_took(void) {
    take();
    free_what_nobody_took();
}

static void two_faults(void) {
    expect(world_n_faults() == 2, "not two faults");
    ceiling_is_high_and_all_there();
}

const struct scenario fresh_wild = {
    .name = "fresh-wild",
    .about = "a frame that nobody holds is freed while another CPU initialises its block",
    .set_up = others_fresh,
    .thread = {take_and_look, free_what_nobody_took},
    .check = two_faults,
    .faults_expected = true,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

const struct scenario fresh_wild_cached = {
    .name = "fresh-wild-cached",
    .about = "the same by a CPU that has frames of the zone in its cache",
    .set_up = others_fresh,
    .thread = {take_and_look, take_and_free_what_nobody_took},
    .check = two_faults,
    .faults_expected = true,
    .quick = {2, 1, 0},
    .full = {3, 1, 0},
};

/* The CPU's cache has looked at initialised blocks above the ceiling; the last block is being initialised. */
static void take_and_free_what_nobody_took_above(void) {
    const quire_pa wild = world_block(3) + (QUIRE_BLOCK_FRAMES / 2 << QUIRE_PAGE_SHIFT);
    take();
    expect(quire_free(q, wild) == QUIRE_FAULT, "a frame was freed that nobody holds");
    expect(quire_put(q, wild) == QUIRE_FAULT, "a frame was put that nobody holds");
}

static void two_faults_and_all_there(void) {
    expect(world_n_faults() == 2, "not two faults");
    check_counts();
}

const struct scenario fresh_wild_above = {
    .name = "fresh-wild-above",
    .about = "the same of a block above the ceiling",
    .set_up = a_claim_in_the_middle,
    .thread = {take_and_look, take_and_free_what_nobody_took_above},
    .check = two_faults_and_all_there,
    .faults_expected = true,
    .quick = {2, 1, 0},
    .full = {3, 1, 0},
};

/* ---- whole blocks ----------------------------------------------------------------------------------------- */

/* The second block is free but for one frame, in memory; all else is taken. */
static void almost_whole(void) {
    world_make(0, 2, 2);
    world_take_all();
    world_run_on(NO_CPU);
    for (size_t i = QUIRE_BLOCK_FRAMES + 1; i < 2 * QUIRE_BLOCK_FRAMES; i++) {
        give(world_frame(i));
    }
    world_run_on(0);
    held[0] = world_block(1);
}

static void take_single(void) {
    world_run_on(NO_CPU);
    got[current] = take();
}

const struct scenario block_and_frees = {
    .name = "block-and-frees",
    .about = "a block is taken whole while its last frame comes back and a single one is taken",
    .set_up = almost_whole,
    .thread = {give_home, take_block_if_any, take_single},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {2, 1, 0},
};

static void whole_in_memory(void) {
    almost_whole();
    world_run_on(NO_CPU);
    give(held[0]);
    world_run_on(0);
}

const struct scenario block_and_single = {
    .name = "block-and-single",
    .about = "two CPUs want a whole block, of which another takes a frame",
    .set_up = whole_in_memory,
    .thread = {take_block_if_any, take_block_if_any, take_single},
    .check = check_world,
    .quick = {4, 0, 1000},
    .full = {1, 0, 0},
    .of_32 = {2, 1, 0},
};

/* The last two blocks, which are neighbours, are free; nothing else is. */
static void free_last_pair(size_t n_blocks) {
    world_make(0, n_blocks, 2);
    world_take_all();
    world_run_on(NO_CPU);
    for (size_t i = (n_blocks - 2) * QUIRE_BLOCK_FRAMES; i < n_blocks * QUIRE_BLOCK_FRAMES; i++) {
        give(world_frame(i));
    }
    world_run_on(0);
}

static void free_pair(void) {
    free_last_pair(4);
}

/* A CPU that looks whether memory has pairs at all finds the one in front. */
static void free_pair_behind_held(void) {
    free_last_pair(6);
}

static void take_pair(void) {
    got[current] = take_order(PAIR_ORDER);
}

const struct scenario pair_and_block = {
    .name = "pair-and-block",
    .about = "two neighbouring blocks are taken at once while others take one of them, or a frame",
    .set_up = free_pair,
    .thread = {take_pair, take_block_if_any, take_single},
    .check = check_world,
    .quick = {4, 0, 1000},
    .full = {1, 0, 0},
    .of_32 = {2, 1, 0},
};

const struct scenario pair_and_pair = {
    .name = "pair-and-pair",
    .about = "two CPUs want the same two blocks",
    .set_up = free_pair_behind_held,
    .thread = {take_pair, take_pair},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {2, 0, 0},
    .of_32 = {UNBOUNDED, 2, 0},
    .of_64 = {3, 1, 0},
};

/* Two neighbours, each free but for one frame. */
static void almost_free_pair(void) {
    world_make(0, 4, 2);
    world_take_all();
    held[0] = world_frame(2 * QUIRE_BLOCK_FRAMES + 6);
    held[1] = world_frame(3 * QUIRE_BLOCK_FRAMES + 64);
    world_run_on(NO_CPU);
    for (size_t i = 2 * QUIRE_BLOCK_FRAMES; i < 4 * QUIRE_BLOCK_FRAMES; i++) {
        if (world_frame(i) != held[0] && world_frame(i) != held[1]) {
            give(world_frame(i));
        }
    }
    world_run_on(0);
}

static void give_both_home(void) {
    world_run_on(NO_CPU);
    give(held[0]);
    give(held[1]);
}

const struct scenario pair_and_frees = {
    .name = "pair-and-frees",
    .about = "two neighbouring blocks are wanted while the last frame of each comes back",
    .set_up = almost_free_pair,
    .thread = {take_pair, give_both_home},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {3, 1, 0},
};

/* A block that is held as a whole, and nothing is free. */
static void last_block_held(void) {
    held[0] = world_make_block(2);
    world_take_all();
}

static void give_block(void) {
    give_order(held[0], QUIRE_BLOCK_ORDER);
}

static void take_one(void) {
    take();
}

const struct scenario block_and_take = {
    .name = "block-and-take",
    .about = "a block is freed as a whole while another CPU wants one frame",
    .set_up = last_block_held,
    .thread = {give_block, take_one},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {3, 1, 0},
};

/* ---- blocks that come home as one ------------------------------------------------------------------------- */

static void expect_as_one(void) {
    expect(q_is_as_one(q->main->counts[1]), "the set-up is not as intended");
}

static void give_block_home(void) {
    world_run_on(NO_CPU);
    give_block();
}

/* Nothing is free but a block that came home as one. */
static void one_as_one(void) {
    last_block_held();
    give_block_home();
    world_run_on(0);
    expect_as_one();
}

const struct scenario as_one_taken = {
    .name = "as-one-taken",
    .about = "two CPUs want a block that came home as one, another a frame of it",
    .set_up = one_as_one,
    .thread = {take_block_if_any, take_block_if_any, take_single},
    .check = check_world_by_exhaustion,
    .quick = {1, 0, 0},
    .full = {2, 0, 1000},
    .of_32 = {2, 1, 0},
};

static void take_some(void) {
    take();
    take_order(2);
}

static void take_some_shared(void) {
    world_run_on(NO_CPU);
    take_order(2);
    expect(take() != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with frames free");
}

const struct scenario as_one_divided = {
    .name = "as-one-divided",
    .reads_caches = true,
    .about = "two CPUs want frames and runs of a block that came home as one",
    .set_up = one_as_one,
    .thread = {take_some_shared, take_some},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {3, 1, 0},
};

const struct scenario as_one_given = {
    .name = "as-one-given",
    .about = "a block comes home as one while others want it, or a frame of it",
    .set_up = last_block_held,
    .thread = {give_block_home, take_block_if_any, take_single},
    .check = check_world_by_exhaustion,
    .quick = {1, 0, 0},
    .full = {2, 0, 1000},
    .of_32 = {2, 1, 0},
};

/* Of a block one half is held, and one quarter; all else is held, too, but for the other quarter. */
static void half_and_quarter_held(void) {
    one_as_one();
    held[0] = take_order(QUIRE_BLOCK_ORDER - 1);
    held[1] = take_order(QUIRE_BLOCK_ORDER - 2);
}

static void give_half(void) {
    world_run_on(NO_CPU);
    give_order(held[0], QUIRE_BLOCK_ORDER - 1);
}

/* Who wants a whole block sends home what the CPU has: all of the block, where it borrowed the half, too. */
static void borrow_and_give_quarter(void) {
    world_run_on(1);
    give(take());
    give_order(held[1], QUIRE_BLOCK_ORDER - 2);
    take_block_if_any();
}

const struct scenario as_one_in_steps = {
    .name = "as-one-in-steps",
    .about = "half a block comes home, is borrowed and comes home as one with the rest before it was counted",
    .set_up = half_and_quarter_held,
    .thread = {give_half, borrow_and_give_quarter},
    .check = check_world_by_exhaustion,
    .quick = {1, 0, 0},
    .full = {1, 1, 0},
    .of_32 = {2, 0, 0},
};

/* ---- parts ------------------------------------------------------------------------------------------------ */

/* A block that was allocated whole, and of which a frame was freed since, so that each has a record of its own. All else is
 * held. */
static void split_block(void) {
    held[0] = world_make_block(2);
    give(held[0]);
    world_take_all();
}

static void give_part(void) {
    give_order(held[0] + QUIRE_BLOCK_FRAMES / 8 * QUIRE_PAGE_SIZE, QUIRE_BLOCK_ORDER - 3);
}

const struct scenario part_and_borrow = {
    .name = "part-and-borrow",
    .reads_caches = true,
    .about = "a part of an allocation is freed while another CPU borrows the block and takes a run of it",
    .set_up = split_block,
    .thread = {give_part, take_some},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};
