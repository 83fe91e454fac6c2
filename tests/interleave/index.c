/* index.c: scenarios of the index alone, with more blocks than a scenario of the whole allocator could have: a tree of three
 * levels, whose root has two nodes below it. */
#include "../../src/index.h"
#include "scenarios.h"

#include <quire/port.h>

#define N_BLOCKS 4160 /* 65 leaves: the second node has one of them */

static struct q_index ix;
static bool over; /* the first thread's call, in this schedule */
static size_t claimed[MAX_THREADS];

static void begin(void) {
    over = false;
}

/* Its nodes lie in frames that the set-up holds; the scenarios make no other use of the allocator. */
static void make_index(void) {
    world_make(0, 1, 1);
    world_take_all();
    q_index_open(&ix, quire_port_map(world_frame(100)), N_BLOCKS);
    q_index_start(&ix);
}

static void claim_all_but(size_t n) {
    for (size_t i = 0; i < N_BLOCKS - n; i++) {
        expect(q_index_claim(&ix) == i, "the lowest fresh block is not claimed first");
    }
}

/* ---- opening nodes ---------------------------------------------------------------------------------------- */

static void first_node_used(void) {
    make_index();
    claim_all_but(N_BLOCKS - 64 * 64);
}

static void open_one(void) {
    expect(q_index_open_more(&ix), "no node to open");
    over = true;
}

static void open_one_more(void) {
    if (over) {
        expect(q_index_open_more(&ix), "no leaf to open below a node that is open");
    }
}

const struct scenario index_open = {
    .name = "index-open",
    .about = "a leaf is opened after another CPU opened the node above it",
    .set_up = first_node_used,
    .start = begin,
    .thread = {open_one, open_one_more},
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 3, 0},
};

/* ---- claims ----------------------------------------------------------------------------------------------- */

static void claim(void) {
    claimed[current] = q_index_claim(&ix);
}

static void all_different(void) {
    for (unsigned t = 0; t < 3; t++) {
        for (unsigned u = 0; u < t; u++) {
            expect(claimed[t] == Q_NO_BLOCK || claimed[t] != claimed[u], "two CPUs claimed the same block");
        }
    }
    size_t n = 0;
    while (q_index_claim(&ix) != Q_NO_BLOCK) {
        n++;
    }
    for (unsigned t = 0; t < 3; t++) {
        n += claimed[t] != Q_NO_BLOCK;
    }
    expect(n == N_BLOCKS - 64 * 64, "fresh blocks that cannot be claimed");
}

const struct scenario index_claim = {
    .name = "index-claim",
    .about = "three CPUs claim blocks below a node that nobody has opened",
    .set_up = first_node_used,
    .thread = {claim, claim, claim},
    .check = all_different,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

/* ---- hints of nodes --------------------------------------------------------------------------------------- */

/* The second node is open, and its only leaf is raw. */
static void last_leaf_raw(void) {
    first_node_used();
    open_one();
}

static void open_leaf(void) {
    (void)q_index_open_more(&ix);
}

static void search(void) {
    (void)q_index_next(&ix, Q_FRESH, Q_NOTHING, 0);
}

static void fresh_is_found(void) {
    while (q_index_open_more(&ix)) {}
    expect(q_index_next(&ix, Q_FRESH, Q_NOTHING, 0) == 64 * 64, "fresh blocks that are not found");
}

const struct scenario index_hint = {
    .name = "index-hint",
    .about = "a leaf is opened while a search takes away the hint of the node above, which has nothing fresh yet",
    .set_up = last_leaf_raw,
    .thread = {open_leaf, search},
    .check = fresh_is_found,
    .quick = {2, 1, 0},
    .full = {UNBOUNDED, 3, 0},
};
