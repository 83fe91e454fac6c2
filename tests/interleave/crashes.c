/* crashes.c: scenarios that are about what a crash leaves, and the list of all in which there are some. */
#include "scenarios.h"

static quire_pa frame;

/* ---- references ------------------------------------------------------------------------------------------ */

/* One frame that two threads share; few are free. */
static void shared_by_two(void) {
    world_make(0, 1, 2);
    world_leave((const size_t[]){100, 101}, 2);
    frame = world_frame(300);
    share_frame(frame);
}

static void share_and_let_go(void) {
    share_frame(frame);
    let_go(frame);
    let_go(frame);
}

static void let_go_and_take(void) {
    let_go(frame);
    take();
}

const struct scenario crash_shared = {
    .name = "crash-shared",
    .about = "one of two holders shares a frame, and both let it go",
    .set_up = shared_by_two,
    .thread = {share_and_let_go, let_go_and_take},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

static void own_it(void) {
    (void)make_own(frame);
}

const struct scenario crash_copied = {
    .name = "crash-copied",
    .about = "both holders of a frame want one of their own",
    .set_up = shared_by_two,
    .thread = {own_it, own_it},
    .check = check_world,
    .quick = {2, 1, 0},
    .full = {3, 2, 0},
};

/* ---- runs and parts of them ------------------------------------------------------------------------------ */

static void some_free(void) {
    size_t frames[40];
    for (size_t i = 0; i < 40; i++) {
        frames[i] = 96 + i;
    }
    world_make(0, 1, 2);
    world_leave(frames, 40);
}

static void take_eight_and_give_half(void) {
    quire_pa run = take_order(3);
    if (run != QUIRE_NONE) {
        give_order(run + (4 << QUIRE_PAGE_SHIFT), 2);
        give_order(run, 1);
    }
}

static void take_sixteen(void) {
    give_order(take_order(4), 4);
}

const struct scenario crash_parts = {
    .name = "crash-parts",
    .reads_caches = true,
    .about = "runs of frames are allocated, and given back whole or in parts",
    .set_up = some_free,
    .thread = {take_eight_and_give_half, take_sixteen},
    .check = check_world_by_exhaustion,
    .quick = {2, 1, 0},
    .full = {3, 1, 0},
};

/* ---- poison ---------------------------------------------------------------------------------------------- */

static void poisoned(void) {
    world_contents(QUIRE_CONTENT_POISON);
    world_make_frames(16, 2);
    world_leave((const size_t[]){10, 11}, 2);
    frame = world_frame(13);
}

static void give_and_take(void) {
    give(frame);
    take();
}

static void take_and_give(void) {
    give(take());
}

const struct scenario crash_poison = {
    .name = "crash-poison",
    .about = "frames are freed and allocated, poisoned and verified",
    .set_up = poisoned,
    .thread = {give_and_take, take_and_give},
    .check = check_world_by_exhaustion,
    .quick = {1, 0, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* ---- the list -------------------------------------------------------------------------------------------- */

/* Without any crash in the quick bounds: those that take longer, and have little that others have not. */
const struct crash_plan crash_plans[] = {
    {&last_two_frames, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&last_frame, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&refill_give_back, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&refill_take_give, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&steal, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&steal_steal, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&nested_steal, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&spill, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&spilled_runs, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&nested_warm, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&nested_refill, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&nested_spill, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&nested_run, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&preempted, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&hint_leaf, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&comes_and_goes, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&comes_home_and_goes, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&moving_frame, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&moving_in_caches, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&add_and_take, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&add_main, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&add_and_add, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&add_in_frames, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&nodes_last_frames, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&add_on_node, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&pair_halves, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&bulk_by_words, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&crash_shared, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&crash_copied, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&crash_parts, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&crash_poison, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&last_frames_of_three, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&steal_both, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&hint_tree, {0, 0, 0, 0}, {1, 0, 0, 100}},
    {&hint_neighbours, {0, 0, 0, 0}, {1, 0, 0, 100}},
    {&fresh_claim, {1, 0, 0, 20}, {1, 0, 0, 1000}},
    {&fresh_frames, {1, 0, 0, 20}, {1, 0, 0, 1000}},
    {&fresh_leaf, {0, 0, 0, 0}, {1, 0, 0, 100}},
    {&fresh_leaves, {0, 0, 0, 0}, {1, 0, 0, 100}},
    {&fresh_wild, {1, 0, 0, 20}, {1, 0, 0, 1000}},
    {&leaf_is_open, {0, 0, 0, 0}, {1, 0, 0, 100}},
    {&block_and_frees, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&pair_and_frees, {0, 0, 0, 0}, {1, 0, 0, 1000}},
    {&as_one_taken, {0, 0, 0, 0}, {1, 0, 0, 1000}},
    {&as_one_divided, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&as_one_given, {0, 0, 0, 0}, {1, 0, 0, 1000}},
    {&as_one_in_steps, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&part_and_borrow, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&add_to_block, {1, 0, 0, 20}, {1, 0, 0, 1000}},
    {&range_and_range, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&range_and_free, {1, 0, 0, 20}, {2, 0, 0, 1000}},
    {&range_over_whole, {0, 0, 0, 20}, {0, 0, 0, 1000}},
    {&range_parted, {0, 0, 0, 20}, {0, 0, 0, 1000}},
    {&range_middle_freed, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&range_fresh, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&range_as_many, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&split_halves, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&split_free, {0, 0, 0, 20}, {1, 0, 0, 1000}},
    {&nested_split, {0, 0, 0, 0}, {0, 0, 0, 1000}},
    {&nested_add, {0, 0, 0, 20}, {0, 0, 0, 1000}},
    {&nested_twice, {0, 0, 0, 0}, {0, 0, 0, 1000}},
    {&block_and_single, {0, 0, 0, 0}, {0, 0, 0, 1000}},
    {&pair_and_block, {0, 0, 0, 0}, {0, 0, 0, 1000}},
    {&pair_and_pair, {0, 0, 0, 0}, {0, 0, 0, 1000}},
    {&pair_parts, {0, 0, 0, 0}, {0, 0, 0, 1000}},
    {&looking_on, {0, 0, 0, 0}, {0, 0, 0, 1000}},
    {&counting_blocks, {0, 0, 0, 0}, {0, 0, 0, 1000}},
};
const size_t n_crash_plans = sizeof crash_plans / sizeof crash_plans[0];
