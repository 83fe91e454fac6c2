/* shared.c: scenarios of frames with several holders, and of allocations that are given back in parts. */
#include "scenarios.h"

static quire_pa block, held;

/* The address of the i-th frame from there on. */
static quire_pa in_block(size_t i) {
    return block + i * QUIRE_PAGE_SIZE;
}

/* The first call that frees or shares a part of the block splits its record. */
static void one_block(void) {
    block = world_make_block(2);
}

/* ---- parts of one allocation ------------------------------------------------------------------------------ */

static void free_lower_half(void) {
    give_order(block, QUIRE_BLOCK_ORDER - 1);
}

static void free_upper_half(void) {
    give_order(in_block(QUIRE_BLOCK_FRAMES / 2), QUIRE_BLOCK_ORDER - 1);
}

static void check_all_free(void) {
    expect(world_n_held() == 0, "the scenario is not as intended");
    check_world();
}

const struct scenario split_halves = {
    .name = "split-halves",
    .about = "two CPUs free the halves of one whole block",
    .set_up = one_block,
    .thread = {free_lower_half, free_upper_half},
    .check = check_all_free,
    .quick = {3, 0, 200},
    .full = {1, 0, 0},
    .of_32 = {3, 1, 0},
    .of_64 = {2, 1, 0},
};

static void free_an_eighth(void) {
    give_order(in_block(QUIRE_BLOCK_FRAMES / 2), QUIRE_BLOCK_ORDER - 3);
}

static void get_and_put(void) {
    quire_pa last = in_block(QUIRE_BLOCK_FRAMES - 1);
    expect(quire_get(q, last) == QUIRE_OK, "a frame that is held can not be shared");
    expect(quire_refs(q, last) == 2, "a shared frame has not two references");
    expect(quire_put(q, last) == QUIRE_OK && quire_refs(q, last) == 1, "a reference was lost");
}

const struct scenario split_get_put = {
    .name = "split-get-put",
    .about = "an eighth of a whole block is freed while a frame of another one is shared",
    .set_up = one_block,
    .thread = {free_an_eighth, get_and_put},
    .check = check_world,
    .quick = {1, 1, 0},
    .full = {1, 1, 0},
    .of_64 = {3, 1, 0},
};

const struct scenario split_random = {
    .name = "split-random",
    .about = "parts of a whole block are freed, shared and freed by three CPUs",
    .set_up = one_block,
    .thread = {free_lower_half, free_an_eighth, get_and_put},
    .check = check_world,
    .quick = {4, 0, 300},
    .full = {6, 0, 10000},
    .of_32 = {2, 1, 0},
};

static void share_and_free_last(void) {
    quire_pa last = in_block(QUIRE_BLOCK_FRAMES - 1);
    share_frame(last);
    let_go(last);
    give(last);
}

const struct scenario split_free = {
    .name = "split-free",
    .about = "half of a whole block is freed while a frame of the other half is shared, and freed",
    .set_up = one_block,
    .thread = {free_lower_half, share_and_free_last},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {1, 0, 0},
    .of_32 = {3, 1, 0},
};

/* The split itself changes nothing that anybody could see. */
static void share_last_frame(void) {
    expect(quire_get(q, in_block(QUIRE_BLOCK_FRAMES - 1)) == QUIRE_OK, "a frame that is held can not be shared");
}

static void count_references(void) {
    expect(quire_refs(q, in_block(7)) == 1, "a frame that is held has not one reference");
}

static void count_held(void) {
    uint64_t n_held[QUIRE_TAGS];
    quire_tag_stats(q, n_held);
    expect(n_held[1] == world_n_held(), "frames that are held all the time are not counted");
}

const struct scenario split_refs = {
    .name = "split-refs",
    .about = "the references of a frame are read while its block is split; there is one all the time",
    .set_up = one_block,
    .thread = {share_last_frame, count_references},
    .check = check_world,
    .quick = {1, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

const struct scenario split_walk = {
    .name = "split-walk",
    .about = "what is held is counted while a whole block is split; all of it is held all the time",
    .set_up = one_block,
    .thread = {share_last_frame, count_held},
    .check = check_world,
    .quick = {0, 1, 0},
    .full = {0, 2, 0},
    .of_32 = {3, 1, 0},
};

static void one_pair(void) {
    world_make(0, 4, 2);
    block = take_order(PAIR_ORDER);
    expect(block == world_block(2), "the set-up is not as intended");
}

static void free_first_block(void) {
    give_order(block, QUIRE_BLOCK_ORDER);
}

static void free_second_block(void) {
    give_order(in_block(QUIRE_BLOCK_FRAMES), QUIRE_BLOCK_ORDER);
}

const struct scenario pair_halves = {
    .name = "pair-halves",
    .about = "two CPUs free the blocks of an allocation of two",
    .set_up = one_pair,
    .thread = {free_first_block, free_second_block},
    .check = check_all_free,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

const struct scenario pair_parts = {
    .name = "pair-parts",
    .about = "one block of an allocation of two is freed whole, of the other one half",
    .set_up = one_pair,
    .thread = {free_lower_half, free_second_block},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- references ------------------------------------------------------------------------------------------- */

static void shared_by_two(void) {
    held = world_make_shared(2, 3, 2);
}

static void read_and_put(void) {
    look(held);
    expect(quire_put(q, held) == QUIRE_OK, "a good put failed");
}

static void put_then_take(void) {
    read_and_put();
    for (unsigned i = 0; i < 4; i++) {
        take(); /* writes to what it gets */
    }
}

static void frame_is_free_or_taken(void) {
    check_world_by_exhaustion();
}

const struct scenario put_put = {
    .name = "put-put",
    .about = "both holders of a frame put it, one of them uses it again",
    .set_up = shared_by_two,
    .thread = {put_then_take, read_and_put},
    .check = frame_is_free_or_taken,
    .quick = {2, 1, 0},
    .full = {4, 1, 0},
};

static void get_put_put(void) {
    expect(quire_get(q, held) == QUIRE_OK, "a frame that is held can not be shared");
    read_and_put();
    read_and_put();
}

const struct scenario get_put = {
    .name = "get-put",
    .about = "one holder shares a frame further while the other lets it go",
    .set_up = shared_by_two,
    .thread = {get_put_put, put_then_take},
    .check = frame_is_free_or_taken,
    .quick = {2, 0, 0},
    .full = {4, 1, 0},
};

/* ---- copy-on-write ---------------------------------------------------------------------------------------- */

static quire_pa own[MAX_THREADS];

static void break_and_write(void) {
    look(held);
    own[current] = QUIRE_NONE;
    enum quire_status status = quire_cow(q, held, &own[current]);
    trace_note("own frame %#llx", (unsigned long long)own[current]);
    if (status == QUIRE_OK) {
        world_hold(own[current], 1);
        touch(own[current]);
    } else {
        expect(status == QUIRE_NO_MEMORY && world_n_unproved() > 0, "no copy, with frames free");
    }
}

static void two_frames(void) {
    if (world_n_unproved() > 0) {
        return; /* one still shares what the other one left */
    }
    expect(own[0] != own[1], "both write to one frame");
    expect(quire_refs(q, own[0]) == 1 && quire_refs(q, own[1]) == 1, "a frame has not one reference");
    check_world_by_exhaustion();
}

const struct scenario cow_cow = {
    .name = "cow-cow",
    .about = "both sharers of a frame want one of their own",
    .set_up = shared_by_two,
    .thread = {break_and_write, break_and_write},
    .check = two_frames,
    .quick = {2, 1, 0},
    .full = {3, 2, 0},
};

static void pinned_and_shared_by_two(void) {
    shared_by_two();
    expect(quire_get(q, held) == QUIRE_OK, "quire_get");
}

const struct scenario cow_pinned = {
    .name = "cow-pinned",
    .about = "the same, while a third CPU reads the frame through a reference of its own and lets it go",
    .set_up = pinned_and_shared_by_two,
    .thread = {break_and_write, break_and_write, read_and_put},
    .check = two_frames,
    .quick = {1, 0, 0},
    .full = {2, 1, 0},
};

static void one_frame(void) {
    if (world_n_unproved() > 0) {
        return;
    }
    expect(quire_refs(q, own[0]) == 1, "a frame has not one reference");
    check_world_by_exhaustion();
}

const struct scenario cow_put = {
    .name = "cow-put",
    .about = "one sharer wants a frame of its own while the other lets go",
    .set_up = shared_by_two,
    .thread = {break_and_write, read_and_put},
    .check = one_frame,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* The frame lies in a zone that was added, where lookups are not quick. */
static void shared_in_a_second_zone(void) {
    world_make_partly(0, 2, 1, 2);
    const struct quire_region more = {world_block(1), world_block(2), QUIRE_USABLE, 0};
    expect(quire_add(q, &more) == QUIRE_OK, "quire_add");
    do {
        held = take();
    } while (held < more.base);
    world_take_all();
    world_drop(held, 1);
    expect(quire_get(q, held) == QUIRE_OK, "quire_get");
    world_give_on(NO_CPU, (const size_t[]){100, 101, 300}, 3);
}

const struct scenario cow_put_added = {
    .name = "cow-put-added",
    .about = "the same in a zone that was added",
    .set_up = shared_in_a_second_zone,
    .thread = {break_and_write, read_and_put},
    .check = one_frame,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};
