/* nodes.c: scenarios of memory that is near to some CPUs. CPU 0 is on node 0, CPU 1 on node 1. */
#include "scenarios.h"

static quire_pa held;

static void take_and_give(void) {
    give(take());
}

static void take_one(void) {
    quire_pa a = take();
    expect(a != QUIRE_NONE || world_n_unproved() > 0, "out of memory, with a frame of another node free");
    give(a);
}

/* ---- the last frames are another node's ------------------------------------------------------------------- */

static void two_frames_of_node_1(void) {
    world_make_nodes(0);
    world_leave((const size_t[]){QUIRE_BLOCK_FRAMES + 20, QUIRE_BLOCK_FRAMES + 21}, 2);
}

const struct scenario nodes_last_frames = {
    .name = "nodes-last-frames",
    .about = "a CPU takes frames of another node, since its own has none, while one of that node takes and gives",
    .set_up = two_frames_of_node_1,
    .thread = {take_one, take_and_give},
    .check = check_world,
    .quick = {2, 1, 0},
    .full = {3, 1, 0},
};

/* ---- a frame is freed far from its node ------------------------------------------------------------------- */

static void all_held(void) {
    world_make_nodes(0);
    world_leave((const size_t[]){20}, 1);
    held = world_frame(QUIRE_BLOCK_FRAMES + 20);
}

static void free_the_far_one(void) {
    give(held);
}

static void nothing_far_is_kept(void) {
    struct quire_cpu_stats cpu;
    expect(quire_cpu_stats(q, 0, &cpu) && cpu.n_warm == 0, "a CPU keeps a frame of another node");
    check_world();
}

const struct scenario node_freed_far = {
    .name = "node-freed-far",
    .about = "a frame is freed on another node's CPU, while one of its own node takes the last frame and gives it back",
    .set_up = all_held,
    .thread = {free_the_far_one, take_one},
    .check = nothing_far_is_kept,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 2, 0},
};

/* The CPU's cache looks at its own node's zone meanwhile. */
static void free_it_among_others(void) {
    quire_pa own = take();
    give(held);
    give(own);
}

const struct scenario freed_elsewhere = {
    .name = "freed-elsewhere",
    .about = "a CPU that has frames of its own node frees one of another, which that node's CPU may get",
    .set_up = all_held,
    .thread = {free_it_among_others, take_and_give},
    .check = check_world,
    .quick = {2, 1, 0},
    .full = {3, 1, 0},
};

/* ---- memory of a node is added ---------------------------------------------------------------------------- */

static void one_node_of_two(void) {
    world_make_nodes(1);
    world_leave((const size_t[]){20, 21}, 2);
}

static void all_can_be_had_there(void) {
    world_run_on(1);
    check_world_by_exhaustion();
}

static void add_node_1(void) {
    const struct quire_region region = {world_block(1), world_block(2), QUIRE_USABLE, 1};
    expect(quire_add(q, &region) == QUIRE_OK, "quire_add");
}

const struct scenario add_on_node = {
    .name = "add-on-node",
    .about = "the first memory of a node is added while a CPU of that node allocates and frees",
    .set_up = one_node_of_two,
    .thread = {add_node_1, take_one},
    .check = all_can_be_had_there,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};
