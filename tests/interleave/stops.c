/* stops.c: scenarios of a CPU that stops for ever in the middle of a call, at any step of it.
 *
 * The others go on: they wait for nobody, so each of their calls ends within a number of their own steps; what the
 * stopped CPU had in hand is gone, and nothing is there twice. */
#include "scenarios.h"

static quire_pa held[2], block;

/* Of accesses to memory that others use, for one call in worlds of this size. Those that look at everything take a few for
 * each frame that is in use; an allocation looks at most 33 times at all blocks and caches. */
#define MOST_STEPS      4000
#define MOST_STEPS_LOOK 25000

static unsigned n_before[MAX_THREADS]; /* steps before the thread's call */

static void begins(void) {
    n_before[current] = world_steps();
}

static void ends_within(unsigned most) {
    unsigned n = world_steps() - n_before[current];
    if (n > most) {
        fail("a call took %u steps, not %u", n, most);
    }
}

static quire_pa take_in_time(unsigned order) {
    begins();
    quire_pa pa = take_order(order);
    ends_within(MOST_STEPS);
    return pa;
}

static void give_in_time(quire_pa pa, unsigned order) {
    begins();
    give_order(pa, order);
    ends_within(MOST_STEPS);
}

/* ---- what the other CPU does ------------------------------------------------------------------------------ */

static void allocate_and_free(void) {
    quire_pa a = take_in_time(0), b = take_in_time(2);
    expect(a != QUIRE_NONE, "out of memory, with frames free that the other CPU has nothing to do with");
    if (b != QUIRE_NONE) {
        give_in_time(b + (2u << QUIRE_PAGE_SHIFT), 1);
        give_in_time(b, 1);
    }
    give_in_time(held[1], 0);
    give_in_time(a, 0);
}

static void share(void) {
    quire_pa a = take_in_time(0), own;
    expect(a != QUIRE_NONE, "out of memory, with frames free that the other CPU has nothing to do with");
    begins();
    enum quire_status status = quire_get(q, a);
    ends_within(MOST_STEPS);
    expect(status == QUIRE_OK, "a frame that is held can not be shared");
    begins();
    status = quire_cow(q, a, &own);
    ends_within(MOST_STEPS);
    if (status == QUIRE_OK) { /* else there are two references still */
        world_hold(own, 1);
        give_in_time(own, 0);
        world_drop(a, 1);
    }
    begins();
    status = quire_put(q, a);
    ends_within(MOST_STEPS);
    expect(status == QUIRE_OK, "a good put failed");
}

static bool count_frames(void *ctx, const struct quire_run *of) {
    *(uint64_t *)ctx += of->n_frames;
    return true;
}

static void look_at_all(void) {
    struct quire_stats stats;
    struct quire_fault first;
    uint64_t n_frames = 0;
    begins();
    quire_stats(q, &stats);
    ends_within(MOST_STEPS);
    begins();
    quire_walk(q, count_frames, &n_frames);
    ends_within(MOST_STEPS_LOOK);
    begins();
    expect(quire_validate(q, &first) != QUIRE_FAULT, "a recount took frames in the other CPU's hands for lost");
    ends_within(MOST_STEPS_LOOK);
}

static void add_block(void) {
    struct quire_region region = {world_block(1 + current), world_block(2 + current), QUIRE_USABLE, 0};
    begins();
    enum quire_status status = quire_add(q, &region);
    ends_within(MOST_STEPS);
    expect(status == QUIRE_OK || status == QUIRE_BUSY, "quire_add");
}

static void all_but_looking(void) {
    allocate_and_free();
    share();
}

static void add_and_look(void) {
    add_block();
    look_at_all();
}

static void allocate_and_add(void) {
    allocate_and_free();
    add_block();
}

static void use_up_all(void) {
    while (take_in_time(0) != QUIRE_NONE) {}
    give_in_time(held[1], 0);
}

/* What the stopped thread had in hand is gone; all else works, and nothing is there twice. */
static void others_are_done(void) {
    if (world_stopped()) {
        while (take() != QUIRE_NONE) {}
    } else {
        check_world_by_exhaustion();
    }
}

/* ---- stopped in an allocation ------------------------------------------------------------------------------ */

/* Each CPU can help itself: some frames are in the second one's cache, others where it can always get at them. */
static void small_world(void) {
    world_make_partly(0, 3, 2, 2);
    world_leave((const size_t[]){8, 9, 10, 11, 20, 21}, 6);
    world_give_on(1, (const size_t[]){14, 15, 16}, 3);
    held[0] = world_frame(24);
    held[1] = world_frame(25);
}

static void take_run_and_add(void) {
    take_order(1);
    add_block();
}

static void take_and_take_run(void) {
    take();
    take_order(1);
}

const struct scenario stops_in_alloc = {
    .name = "stops-in-alloc",
    .reads_caches = true,
    .about = "a thread stops for ever anywhere in an allocation; the other finishes its calls in time",
    .set_up = small_world,
    .thread = {take_and_take_run, all_but_looking},
    .may_stop = 1,
    .check = others_are_done,
    .quick = {1, 0, 0},
    .full = {2, 0, 0},
};

const struct scenario stops_and_looked_at = {
    .name = "stops-and-looked-at",
    .reads_caches = true,
    .about = "the same, also while it adds memory; the other adds memory, counts and validates",
    .set_up = small_world,
    .thread = {take_run_and_add, add_and_look},
    .may_stop = 1,
    .check = others_are_done,
    .quick = {0, 1, 0}, /* an old table of zones beside a new one: quire_stats once read behind the old one's end */
    .full = {0, 1, 0},
    .of_32 = {2, 1, 0},
};

/* Two frames are free, and in no cache. */
static void smallest_world(void) {
    world_make_partly(0, 3, 2, 2);
    world_leave((const size_t[]){8, 9}, 2);
    held[1] = world_frame(25);
}

static void take_one(void) {
    take();
}

/* Without a cache, so that one frame is left for the other thread, which need not search for the last one, too. */
static void take_other(void) {
    world_run_on(NO_CPU);
    take_in_time(0);
    give_in_time(held[1], 0);
}

const struct scenario stops_and_emptied = {
    .name = "stops-and-emptied",
    .about = "a thread stops for ever anywhere in an allocation that empties the last block; the other learns in time "
             "whether there is a frame for it",
    .set_up = smallest_world,
    .thread = {take_one, take_other},
    .may_stop = 1,
    .check = others_are_done,
    .quick = {1, 0, 0},
    .full = {5, 2, 0},
};

static void take_two(void) {
    take_order(1);
}

const struct scenario stops_and_exhausted = {
    .name = "stops-and-exhausted",
    .reads_caches = true, /* why there is no run is told from statistics */
    .about =
        "a thread stops for ever anywhere in an allocation of two frames; the other takes all that is left, and learns "
        "that in time",
    .set_up = smallest_world,
    .thread = {take_two, use_up_all},
    .may_stop = 1,
    .check = others_are_done,
    .quick = {0, 0, 0},
    .full = {2, 0, 0},
    .of_32 = {3, 1, 0},
};

/* ---- in a free --------------------------------------------------------------------------------------------- */

static void full_cache(void) {
    size_t frames[128];
    for (size_t i = 0; i < 128; i++) {
        frames[i] = 64 + i;
    }
    small_world();
    world_give_on(0, frames, 128);
}

static void give_two(void) {
    give(held[0]);
    world_run_on(NO_CPU);
    give(world_frame(26));
}

const struct scenario stops_in_free = {
    .name = "stops-in-free",
    .about = "the same in a free that empties half of the cache, and in one without a cache; the other takes all that "
             "is left",
    .set_up = full_cache,
    .thread = {give_two, use_up_all},
    .may_stop = 1,
    .check = others_are_done,
    .quick = {0, 0, 0},
    .full = {3, 1, 0},
};

/* ---- in a split ---------------------------------------------------------------------------------- */

static void two_blocks(void) {
    world_make_partly(0, 4, 2, 2);
    block = take_order(QUIRE_BLOCK_ORDER);
    world_leave((const size_t[]){8, 9, 10, 11, 20, 21}, 6);
    world_give_on(1, (const size_t[]){14, 15, 16}, 3);
    held[1] = world_frame(25);
}

static void give_an_eighth(void) {
    give_order(block + QUIRE_BLOCK_FRAMES / 8 * QUIRE_PAGE_SIZE, QUIRE_BLOCK_ORDER - 3);
}

static void give_first_frame(void) {
    give_in_time(block, 0);
    take_in_time(3);
}

const struct scenario stops_in_split = {
    .name = "stops-in-split",
    .reads_caches = true,
    .about = "the same in a free of a part of a whole block, of which the other CPU frees another part",
    .set_up = two_blocks,
    .thread = {give_an_eighth, give_first_frame},
    .may_stop = 1,
    .check = others_are_done,
    .quick = {0, 0, 0},
    .full = {0, 1, 0},
    .of_32 = {3, 1, 0},
};

/* ---- in others ---------------------------------------------------------------------------------------------- */

static void share_and_break(void) {
    quire_pa own;
    expect(quire_get(q, held[0]) == QUIRE_OK, "a frame that is held can not be shared");
    if (quire_cow(q, held[0], &own) == QUIRE_OK) {
        world_hold(own, 1);
        world_drop(held[0], 1);
        expect(quire_put(q, held[0]) == QUIRE_OK, "a good put failed");
    }
}

const struct scenario stops_in_share = {
    .name = "stops-in-share",
    .reads_caches = true,
    .about = "the same in calls about references",
    .set_up = small_world,
    .thread = {share_and_break, all_but_looking},
    .may_stop = 1,
    .check = others_are_done,
    .quick = {0, 0, 0},
    .full = {3, 1, 0},
};

const struct scenario stops_in_add = {
    .name = "stops-in-add",
    .about = "the same while it adds memory",
    .set_up = small_world,
    .thread = {add_block, allocate_and_add},
    .may_stop = 1,
    .check = others_are_done,
    .quick = {1, 0, 0},
    .full = {3, 1, 0},
};

/* One frame in the cache of each of two CPUs. */
static void one_frame_each(void) {
    world_make_frames(16, 2);
    world_take_all();
    world_give_on(0, (const size_t[]){8}, 1);
    world_give_on(1, (const size_t[]){10}, 1);
}

static void read_and_recount(void) {
    struct quire_stats stats;
    struct quire_fault first;
    quire_stats(q, &stats);
    (void)quire_validate(q, &first);
}

static void take_both(void) {
    for (unsigned i = 0; i < 2; i++) {
        expect(take() != QUIRE_NONE, "a reader keeps a free frame to itself");
    }
}

const struct scenario read_and_take = {
    .name = "read-and-take",
    .reads_caches = true,
    .about = "a reader of statistics stops for ever anywhere, and another CPU takes the last frames, one from the "
             "reader's cache",
    .set_up = one_frame_each,
    .thread = {read_and_recount, take_both},
    .may_stop = 1,
    .quick = {1, 0, 0},
    .full = {2, 1, 0},
};
