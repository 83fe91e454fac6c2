/* nested.c: scenarios of interrupts: a call in the middle of another one, on the same CPU. */
#include "scenarios.h"

static quire_pa held[2], block;

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
    .full = {UNBOUNDED, 2, 0},
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
    .full = {UNBOUNDED, 2, 0},
};

/* ---- free ------------------------------------------------------------------------------------------------- */

/* The cache is full of warm frames, so that the next one freed sends half of them home. */
static void full_cache(void) {
    size_t frames[128];
    for (size_t i = 0; i < 128; i++) {
        frames[i] = 100 + i;
    }
    world_make(0, 2, 1);
    world_leave(NULL, 0);
    world_give_on(0, frames, 128);
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
    .full = {UNBOUNDED, 2, 0},
};

/* ---- runs, and parts of them ------------------------------------------------------------------------------ */

static void one_word(void) {
    size_t frames[16];
    for (size_t i = 0; i < 16; i++) {
        frames[i] = 128 + i;
    }
    world_make(0, 1, 1);
    world_leave(frames, 16);
}

static void take_and_give_run(void) {
    quire_pa run = take_order(3);
    if (run != QUIRE_NONE) {
        give_order(run, 2);
        give_order(run + (4u << QUIRE_PAGE_SHIFT), 2);
    }
}

static void interrupt_with_run(void) {
    world_run_on(0);
    quire_pa run = take_order(2);
    take_then_give();
    if (run != QUIRE_NONE) {
        give_order(run, 1);
    }
}

const struct scenario nested_run = {
    .name = "nested-run",
    .reads_caches = true,
    .about = "an interrupt allocates and frees in the middle of a call that allocates several frames, or frees a part",
    .set_up = one_word,
    .thread = {take_and_give_run, interrupt_with_run},
    .interrupts = {0, 1},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

static void whole_block(void) {
    block = world_make_block(1);
    world_leave(NULL, 0);
}

static void give_lower_half(void) {
    give_order(block, 8);
}

static void interrupt_frees_part(void) {
    world_run_on(0);
    give(block + (300u << QUIRE_PAGE_SHIFT));
    take();
}

const struct scenario nested_split = {
    .name = "nested-split",
    .about = "an interrupt frees a part of a whole block in the middle of a call that frees another part",
    .set_up = whole_block,
    .thread = {give_lower_half, interrupt_frees_part},
    .interrupts = {0, 1},
    .check = check_world,
    .quick = {0, 0, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- references ------------------------------------------------------------------------------------------- */

/* The call, the interrupt and somebody else have a reference each. */
static void shared_frame(void) {
    held[0] = world_make_shared(3, 2, 1);
}

static void get_and_put(void) {
    expect(quire_get(q, held[0]) == QUIRE_OK, "a frame that is held can not be shared");
    expect(quire_put(q, held[0]) == QUIRE_OK, "a good put failed");
}

static void get_put_and_break(void) {
    quire_pa own;
    get_and_put();
    if (quire_cow(q, held[0], &own) == QUIRE_OK) {
        world_hold(own, 1);
        give(own);
    } else {
        expect(world_n_unproved() > 0 && quire_put(q, held[0]) == QUIRE_OK, "no copy, with frames free");
    }
}

static void interrupt_shares(void) {
    world_run_on(0);
    take_then_give();
    get_and_put();
    expect(quire_put(q, held[0]) == QUIRE_OK, "a good put failed");
}

static void one_reference(void) {
    expect(quire_refs(q, held[0]) == 1, "a reference was lost, or found");
    expect(quire_put(q, held[0]) == QUIRE_OK, "a good put failed");
    check_world_by_exhaustion();
}

const struct scenario nested_shared = {
    .name = "nested-shared",
    .about = "an interrupt shares a frame and lets go of it in the middle of a call that does so, or breaks the share",
    .set_up = shared_frame,
    .thread = {get_put_and_break, interrupt_shares},
    .interrupts = {0, 1},
    .check = one_reference,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- more memory ------------------------------------------------------------------------------------------ */

static enum quire_status added[2];

#define FAR 8 /* blocks: no zone is made to cover two so far apart */

static void one_block_of_many(void) {
    world_make_partly(0, 2 + FAR, 1 + FAR, 1);
    world_leave((const size_t[]){100}, 1);
}

static void add_block(void) {
    struct quire_region region = {world_block(1 + FAR * current), world_block(2 + FAR * current), QUIRE_USABLE, 0};
    added[current] = quire_add(q, &region);
}

static void interrupt_adds(void) {
    world_run_on(0);
    add_block();
    take_then_give();
}

static void one_is_added(void) {
    struct quire_stats stats;
    quire_stats(q, &stats);
    expect(added[0] == QUIRE_OK && (added[1] == QUIRE_OK || added[1] == QUIRE_BUSY), "quire_add");
    expect(stats.n_zones == 2u + (added[1] == QUIRE_OK), "memory that was added is not there");
    check_world();
}

const struct scenario nested_add = {
    .name = "nested-add",
    .about = "an interrupt allocates, frees and adds memory in the middle of a call that adds memory",
    .set_up = one_block_of_many,
    .thread = {add_block, interrupt_adds},
    .interrupts = {0, 1},
    .check = one_is_added,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- looking on ------------------------------------------------------------------------------------------- */

static bool count_frames(void *ctx, const struct quire_run *run) {
    *(uint64_t *)ctx += run->n_frames;
    return true;
}

static void interrupt_looks(void) {
    struct quire_stats stats;
    struct quire_fault first;
    uint64_t n_frames = 0, n_held[QUIRE_TAGS];
    world_run_on(0);
    quire_stats(q, &stats);
    quire_tag_stats(q, n_held);
    quire_walk(q, count_frames, &n_frames);
    expect(quire_validate(q, &first) != QUIRE_FAULT, "a recount took frames on their way for lost");
    expect(n_frames == QUIRE_BLOCK_FRAMES, "a walk that left something out");
    expect(stats.n_free <= 10 && n_held[1] >= world_n_held() - 1, "statistics that can not be");
}

const struct scenario nested_look = {
    .name = "nested-look",
    .reads_caches = true,
    .about = "an interrupt looks at everything in the middle of an allocation or free",
    .set_up = empty_cache,
    .thread = {take_then_give, interrupt_looks},
    .interrupts = {0, 1},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- with another CPU, and an interrupt of the interrupt -------------------------------------------------- */

static void small_world(void) {
    world_make(0, 1, 2);
    world_leave((const size_t[]){8, 9, 20, 21}, 4);
    world_give_on(1, (const size_t[]){14, 15}, 2);
    held[0] = world_frame(24);
}

static void take_one(void) {
    expect(take() != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with frames free");
}

static void interrupt_gives_one(void) {
    world_run_on(0);
    give(held[0]);
}

static void interrupt_takes_one(void) {
    world_run_on(0);
    take_one();
}

static void take_on_cpu_1(void) {
    world_run_on(1);
    take_one();
}

const struct scenario nested_twice = {
    .name = "nested-twice",
    .about = "an interrupt that allocates in an interrupt that frees in an allocation, and another CPU that allocates",
    .set_up = small_world,
    .thread = {take_one, interrupt_gives_one, interrupt_takes_one, take_on_cpu_1},
    .interrupts = {0, 1, 2, 0},
    .check = check_world_by_exhaustion,
    .quick = {0, 0, 0},
    .full = {3, 2, 0},
};

/* ---- preemption ------------------------------------------------------------------------------------------- */

const struct scenario preempted = {
    .name = "preempted",
    .about = "two threads with the same CPU number preempt each other anywhere",
    .set_up = empty_cache,
    .thread = {interrupt, interrupt},
    .check = check_world_by_exhaustion,
    .quick = {2, 0, 0},
    .full = {5, 1, 0},
};
