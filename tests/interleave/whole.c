/* whole.c: scenarios of the allocator as a whole: misuse, exhaustion, statistics, many threads. */
#include "../../src/place.h"
#include "../../src/take.h"
#include "scenarios.h"

static quire_pa held[4], got[MAX_THREADS];
static unsigned n_frees; /* of one frame that were good */

/* ---- a double free ---------------------------------------------------------------------------------------- */

static void one_held(void) {
    held[0] = world_make_shared(1, 2, 2);
}

static void run_held(void) {
    world_make(0, 1, 2);
    held[0] = take_order(1);
    world_leave((const size_t[]){100, 101}, 2);
    world_drop(held[0], 2);
}

static void none_yet(void) {
    n_frees = 0;
}

/* Both think that the frame is theirs. */
static void free_it(void) {
    n_frees += quire_free(q, held[0]) == QUIRE_OK;
}

static void put_it(void) {
    n_frees += quire_put(q, held[0]) == QUIRE_OK;
}

static void free_run(void) {
    n_frees += quire_free_order(q, held[0], 1) == QUIRE_OK;
}

/* Whatever each CPU has in its cache now, nobody is given a frame that somebody has. Where frees claim their frame, one of the
 * two calls was told. */
static void nothing_twice(unsigned order) {
    expect(QUIRE_CHECK < 2 || (n_frees == 1 && world_n_faults() == 1), "a double free that no call was told of");
    for (unsigned i = 0; i < 4; i++) {
        world_run_on(i % 2);
        take_order(order);
    }
    expect(world_n_faults() > 0, "a double free that nobody noticed");
}

static void no_frame_twice(void) {
    nothing_twice(0);
}

static void no_run_twice(void) {
    nothing_twice(1);
}

const struct scenario double_free = {
    .name = "double-free",
    .about = "two CPUs free the same frame at once; it is noticed, and nobody is given it twice",
    .set_up = one_held,
    .start = none_yet,
    .thread = {free_it, free_it},
    .check = no_frame_twice,
    .faults_expected = true,
    .quick = {3, 1, 0},
    .full = {UNBOUNDED, 2, 0},
    .at_check_2 = {UNBOUNDED, 2, 0},
};

const struct scenario double_free_put = {
    .name = "double-free-put",
    .about = "the same where one of them puts it",
    .set_up = one_held,
    .start = none_yet,
    .thread = {free_it, put_it},
    .check = no_frame_twice,
    .faults_expected = true,
    .quick = {3, 1, 0},
    .full = {UNBOUNDED, 2, 0},
    .at_check_2 = {UNBOUNDED, 2, 0},
};

const struct scenario double_free_run = {
    .name = "double-free-run",
    .about = "the same with a run of two frames",
    .set_up = run_held,
    .start = none_yet,
    .thread = {free_run, free_run},
    .check = no_run_twice,
    .faults_expected = true,
    .quick = {3, 1, 0},
    .full = {UNBOUNDED, 2, 0},
    .at_check_2 = {UNBOUNDED, 2, 0},
};

static void block_held(void) {
    held[0] = world_make_block(2);
    world_leave(NULL, 0);
    world_drop(held[0], QUIRE_BLOCK_FRAMES);
}

static void free_block(void) {
    n_frees += quire_free_order(q, held[0], QUIRE_BLOCK_ORDER) == QUIRE_OK;
}

static void no_block_twice(void) {
    nothing_twice(QUIRE_BLOCK_ORDER);
}

const struct scenario double_free_block = {
    .name = "double-free-block",
    .about = "the same with a whole block",
    .set_up = block_held,
    .start = none_yet,
    .thread = {free_block, free_block},
    .check = no_block_twice,
    .faults_expected = true,
    .quick = {3, 1, 0},
    .full = {UNBOUNDED, 2, 0},
    .at_check_2 = {UNBOUNDED, 2, 0},
};

static void free_it_home(void) {
    world_run_on(NO_CPU);
    free_it();
}

const struct scenario double_free_home = {
    .name = "double-free-home",
    .about = "the same with one frame, without CPU caches",
    .set_up = one_held,
    .start = none_yet,
    .thread = {free_it_home, free_it_home},
    .check = no_frame_twice,
    .faults_expected = true,
    .quick = {3, 1, 0},
    .full = {UNBOUNDED, 2, 0},
    .at_check_2 = {UNBOUNDED, 2, 0},
};

#define RUN 7u /* 128 frames: more than a word of bits */

/* Free is such a run. */
static void one_run_free(void) {
    held[0] = world_make_block(2);
    world_leave(NULL, 0);
    world_run_on(NO_CPU);
    give_order(held[0] + (QUIRE_PAGE_SIZE << RUN), RUN);
    world_run_on(0);
}

static void take_run(void) {
    world_run_on(NO_CPU);
    take_order(RUN);
}

/* What comes home is the second copy of a frame of the run's first word, as after a double free. */
static void take_and_give_another(void) {
    world_run_on(NO_CPU);
    take();
    q_give_home(q, q_frame_of(held[0]) + (1u << RUN) + 20, 1);
}

/* Where only a part of the run was there, that went back. */
static void bits_are_counted(void) {
    const struct q_zone *z = q_zone_of(q, q_frame_of(held[0]));
    const size_t block = q_zone_block_of(z, q_frame_of(held[0]));
    uint32_t n_bits = 0;
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        n_bits += q_popcount(z->lines[block].word[w]);
    }
    expect(q_count_fits(z->counts[block], n_bits), "a block's count is not the number of its free bits");
}

const struct scenario double_free_in_hand = {
    .name = "double-free-in-hand",
    .about = "the second copy of a frame comes home while another CPU has the first in hand, and gives that back",
    .set_up = one_run_free,
    .thread = {take_run, take_and_give_another},
    .check = bits_are_counted,
    .faults_expected = true,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

/* ---- no false out-of-memory ------------------------------------------------------------------------------- */

/* One frame is free, in the cache of CPU 1. */
static void one_in_a_cache(void) {
    world_make(0, 1, 2);
    world_leave(NULL, 0);
    world_give_on(1, (const size_t[]){100}, 1);
    held[0] = world_frame(300);
}

static void must_get_one(void) {
    got[current] = take();
    expect(got[current] != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free all the time");
}

/* Frees a frame where a sweep has been, then takes the one where it has not: at every moment one is free. */
static void move_behind(void) {
    world_run_on(NO_CPU);
    give(held[0]);
    world_run_on(1);
    expect(take() != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free all the time");
}

const struct scenario moving_frame = {
    .name = "moving-frame",
    .about = "a frame is freed behind a sweep and another taken before it; one is free all the time",
    .set_up = one_in_a_cache,
    .thread = {must_get_one, move_behind},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {4, 2, 0},
};

/* The same from one cache to another: the sweep begins with its own and goes up. */
static void one_in_cache_2(void) {
    world_make(0, 1, 3);
    world_leave(NULL, 0);
    world_give_on(2, (const size_t[]){100}, 1);
    held[0] = world_frame(300);
}

static void move_between_caches(void) {
    world_run_on(1);
    give(held[0]);
    world_run_on(2);
    expect(take() != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame free all the time");
}

const struct scenario moving_in_caches = {
    .name = "moving-in-caches",
    .about = "the same between two caches",
    .set_up = one_in_cache_2,
    .thread = {must_get_one, move_between_caches},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {4, 2, 0},
};

/* A whole block is free, as one, and nothing else. */
static void one_block_as_one(void) {
    quire_pa pa = world_make_block(2);
    world_take_all();
    world_run_on(NO_CPU);
    give_order(pa, QUIRE_BLOCK_ORDER);
    world_run_on(0);
}

/* Without a cache: all of the block is taken, and all but one frame go home. */
static void take_one_of_a_block(void) {
    world_run_on(NO_CPU);
    must_get_one();
}

const struct scenario moving_block = {
    .name = "moving-block",
    .about = "a CPU has a whole block in hand to take one frame of it; the others are free all the time",
    .set_up = one_block_as_one,
    .thread = {must_get_one, take_one_of_a_block},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {2, 0, 0},
    .of_32 = {3, 1, 0},
};

/* ---- looking on ------------------------------------------------------------------------------------------- */

/* The last block is free in memory, and was in use. */
static void some_of_everything(void) {
    size_t last_block[QUIRE_BLOCK_FRAMES];
    for (size_t i = 0; i < QUIRE_BLOCK_FRAMES; i++) {
        last_block[i] = 2 * QUIRE_BLOCK_FRAMES + i;
    }
    world_make(0, 3, 2);
    world_take_all();
    world_give_on(1, (const size_t[]){10}, 1);
    world_give_on(NO_CPU, (const size_t[]){20, 21, QUIRE_BLOCK_FRAMES + 7}, 3);
    world_give_on(NO_CPU, last_block, QUIRE_BLOCK_FRAMES);
}

static bool count_runs(void *ctx, const struct quire_run *run) {
    *(uint64_t *)ctx += run->n_frames;
    return true;
}

static void count_all(size_t n_frames) {
    struct quire_stats stats;
    uint64_t n = 0;
    quire_stats(q, &stats);
    expect(stats.n_zones == 1 && stats.n_cpus == 2, "statistics that can not be");
    quire_walk(q, count_runs, &n);
    expect(n == n_frames, "a walk that left something out");
}

static void count_on(void) {
    count_all(3 * QUIRE_BLOCK_FRAMES);
}

static void validate_on(void) {
    struct quire_fault first;
    expect(quire_validate(q, &first) != QUIRE_FAULT, "a recount took frames on their way for lost");
}

static void look_on(void) {
    count_all(24);
    validate_on();
}

static quire_pa the_block;

static void take_give_take(void) {
    quire_pa a = take();
    take();
    give(a);
}

/* Not by way of a cache, which the one who looks on enters, too. */
static void take_and_split_block(void) {
    world_run_on(NO_CPU);
    quire_pa block = take_order(QUIRE_BLOCK_ORDER);
    world_run_on(1);
    give_order(block, QUIRE_BLOCK_ORDER - 1);
}

const struct scenario counting_blocks = {
    .name = "counting-blocks",
    .reads_caches = true,
    .about = "statistics and a walk while another CPU takes a whole block and frees a part of it",
    .set_up = some_of_everything,
    .thread = {count_on, take_and_split_block},
    .check = check_world,
    .quick = {0, 0, 0},
    .full = {1, 0, 0},
    .of_32 = {3, 1, 0},
};

const struct scenario validating_blocks = {
    .name = "validating-blocks",
    .reads_caches = true,
    .about = "the same, and a recount instead",
    .set_up = some_of_everything,
    .thread = {validate_on, take_and_split_block},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {1, 0, 0},
    .of_32 = {3, 1, 0},
};

/* A visitor that changes nothing: it finds a block of which it is to free a frame too many. */
static void free_too_much(void) {
    expect(quire_free_order(q, the_block, QUIRE_BLOCK_ORDER - 1) == QUIRE_FAULT, "a frame that is shared was freed");
}

static void some_of_everything_and_a_shared_frame(void) {
    some_of_everything();
    world_run_on(NO_CPU);
    the_block = take_order(QUIRE_BLOCK_ORDER);
    share_frame(the_block);
    world_run_on(0);
}

const struct scenario validating_past_a_visitor = {
    .name = "validating-past-a-visitor",
    .reads_caches = true,
    .about = "frames are counted while another CPU is in its cache, and changes nothing there",
    .faults_expected = true,
    .set_up = some_of_everything_and_a_shared_frame,
    .thread = {validate_on, free_too_much},
    .check = check_world,
    .quick = {1, 1, 0},
    .full = {1, 1, 0},
    .of_32 = {2, 1, 0},
};

static void some_of_everything_and_a_block(void) {
    some_of_everything();
    world_run_on(NO_CPU);
    the_block = take_order(QUIRE_BLOCK_ORDER);
    world_run_on(0);
}

/* A reference to a part splits the block, and moves no frame. */
static void share_a_part(void) {
    quire_pa part = the_block + QUIRE_PAGE_SIZE;
    expect(quire_get(q, part) == QUIRE_OK && quire_put(q, part) == QUIRE_OK, "a frame that is held can not be shared");
}

const struct scenario validating_a_split = {
    .name = "validating-a-split",
    .reads_caches = true,
    .about = "a recount while another CPU splits a block and moves nothing",
    .set_up = some_of_everything_and_a_block,
    .thread = {validate_on, share_a_part},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {1, 0, 0},
    .of_32 = {3, 1, 0},
};

static void one_block_of_two(void) {
    world_make_partly(0, 2, 1, 2);
    world_leave((const size_t[]){100}, 1);
}

static void add_the_other(void) {
    struct quire_region rest = {world_block(1), world_block(2), QUIRE_USABLE, 0};
    expect(quire_add(q, &rest) == QUIRE_OK, "quire_add");
}

const struct scenario add_and_recount = {
    .name = "add-and-recount",
    .reads_caches = true,
    .about = "a recount while another CPU adds memory",
    .set_up = one_block_of_two,
    .thread = {add_the_other, validate_on},
    .check = check_world,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

/* A few free frames in each CPU's cache and at home. */
static void few_frames(void) {
    world_make_frames(24, 2);
    world_take_all();
    world_give_on(0, (const size_t[]){8}, 1);
    world_give_on(1, (const size_t[]){10, 11}, 2);
    world_give_on(NO_CPU, (const size_t[]){20, 21}, 2);
}

const struct scenario looking_on = {
    .name = "looking-on",
    .reads_caches = true,
    .about = "statistics, a walk and a recount while another CPU allocates and frees",
    .set_up = few_frames,
    .thread = {look_on, take_give_take},
    .check = check_world,
    .quick = {3, 1, 0},
    .full = {3, 1, 0},
};

static void give_one(void) {
    give(world_frame(12));
}

const struct scenario recount = {
    .name = "recount",
    .reads_caches = true,
    .about = "a recount while another CPU frees into its cache; what it reads may be old",
    .set_up = few_frames,
    .thread = {validate_on, give_one},
    .check = check_world,
    .quick = {2, 2, 0},
    .full = {2, 2, 0},
};

static void give_as_a_newcomer(void) {
    world_run_on(2);
    give(world_frame(12));
}

static void one_never_came(void) {
    world_make_frames(24, 3);
    world_take_all();
    world_give_on(0, (const size_t[]){8}, 1);
    world_give_on(1, (const size_t[]){10}, 1);
}

const struct scenario recount_and_newcomer = {
    .name = "recount-and-newcomer",
    .reads_caches = true,
    .about = "a recount while a CPU frees that was not here before",
    .set_up = one_never_came,
    .thread = {validate_on, give_as_a_newcomer},
    .check = check_world,
    .quick = {1, 3, 0},
    .full = {2, 3, 0},
};

static void give_past_the_cache(void) {
    world_run_on(NO_CPU);
    give(world_frame(12));
}

const struct scenario recount_of_runs = {
    .name = "recount-of-runs",
    .reads_caches = true,
    .about = "a recount while a frame goes home past all caches",
    .set_up = few_frames,
    .thread = {validate_on, give_past_the_cache},
    .check = check_world,
    .quick = {1, 1, 0},
    .full = {2, 2, 0},
};

/* ---- many -------------------------------------------------------------------------------------------------- */

static void small_world(void) {
    world_make(0, 1, 2);
    world_leave((const size_t[]){8, 9, 20, 21}, 4);
    world_give_on(1, (const size_t[]){14, 15}, 2);
    held[0] = world_frame(24);
    held[1] = world_frame(25);
}

static void work(void) {
    quire_pa a = take(), b = take_order(1), c = take();
    give(a);
    give_order(b, 1);
    world_run_on(current % 3);
    give(c);
}

const struct scenario many = {
    .name = "many",
    .reads_caches = true,
    .about = "six threads with three CPU numbers, in random order",
    .set_up = small_world,
    .thread = {work, work, work, work, work, work},
    .check = check_world_by_exhaustion,
    .quick = {5, 0, 2000},
    .full = {8, 1, 40000},
};

static OVER_SCHEDULES bool came_to_stop, came_to_end;

static void after_a_stop(void) {
    came_to_stop |= world_stopped();
    came_to_end |= !world_stopped();
    if (world_stopped()) {
        world_take_all(); /* but for what it had in hand */
    } else {
        check_world_by_exhaustion();
    }
}

static void both_came(void) {
    expect(came_to_stop && came_to_end, "the scenario is not as intended");
}

const struct scenario many_and_stopped = {
    .name = "stops-among-many",
    .reads_caches = true,
    .about = "the same, and one of them stops for ever anywhere, or not",
    .set_up = small_world,
    .thread = {work, work, work, work, work, work},
    .may_stop = 1,
    .check = after_a_stop,
    .finish = both_came,
    .quick = {5, 0, 500},
    .full = {8, 1, 40000},
};
