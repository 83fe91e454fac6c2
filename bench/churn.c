/* churn.c: how many whole 2 MiB blocks are left after random use. Counted from outside, by the frames that are held, in the
 * same way for every contestant. */
#include "check.h"
#include "threads.h"
#include "work.h"

#include <quire/quire.h>
#include <stdlib.h>

#define BLOCK_BYTES (QUIRE_BLOCK_FRAMES * QUIRE_PAGE_SIZE)

struct churn {
    const struct peer *peer;
    const struct memory *memory;
    void *state;
    quire_pa *held;
    uint32_t n_frames, n_held;
    unsigned n_turns;
    unsigned n_whole;
    unsigned *n_in_block; /* held frames, for each block */
    uint64_t random;
};

static unsigned *block_of(const struct churn *c, quire_pa frame) {
    return &c->n_in_block[(frame - c->memory->base) / BLOCK_BYTES];
}

static quire_pa take(struct churn *c) {
    quire_pa frame = c->peer->alloc(c->state, 0);
    if (frame == QUIRE_NONE) {
        out_of_frames(c->peer->name);
    }
    ++*block_of(c, frame);
    return frame;
}

static void give(struct churn *c, quire_pa frame) {
    --*block_of(c, frame);
    c->peer->free(c->state, 0, frame);
}

static void run(struct churn *c) {
    while (c->n_held < c->n_frames / 10 * 9) {
        c->held[c->n_held++] = take(c);
    }
    while (c->n_held > c->n_frames / 2) {
        uint32_t slot = random_below(&c->random, c->n_held);
        give(c, c->held[slot]);
        c->held[slot] = c->held[--c->n_held];
    }
    for (uint64_t n = (uint64_t)c->n_turns * c->n_frames; n > 0; n--) {
        uint32_t slot = random_below(&c->random, c->n_held);
        give(c, c->held[slot]);
        c->held[slot] = take(c);
    }
}

/* Blocks without a held frame, of which all frames come when everything is taken: who has data of its own in a block
 * can not hand out all of it. */
static unsigned count_whole(struct churn *c) {
    size_t n_blocks = c->memory->n_bytes / BLOCK_BYTES;
    bool *is_empty = calloc(n_blocks, sizeof *is_empty);
    if (is_empty == NULL) {
        abort();
    }
    for (size_t block = 0; block < n_blocks; block++) {
        is_empty[block] = c->n_in_block[block] == 0;
    }
    for (quire_pa frame; (frame = c->peer->alloc(c->state, 0)) != QUIRE_NONE;) {
        ++*block_of(c, frame);
    }
    unsigned n_whole = 0;
    for (size_t block = 0; block < n_blocks; block++) {
        n_whole += is_empty[block] && c->n_in_block[block] == QUIRE_BLOCK_FRAMES;
    }
    free(is_empty);
    return n_whole;
}

static void churn(void *arg) {
    struct churn *c = arg;
    c->state = c->peer->make(c->memory, 1);
    run(c);
    c->n_whole = count_whole(c);
    c->peer->drop(c->state);
}

unsigned churn_whole_blocks(const struct peer *peer, const struct memory *memory, unsigned n_turns) {
    uint32_t n_frames = (uint32_t)(memory->n_bytes >> QUIRE_PAGE_SHIFT);
    struct churn c = {.peer = peer, .memory = memory, .n_frames = n_frames, .n_turns = n_turns};
    c.random = 88172645463325252u;
    c.held = calloc(n_frames, sizeof *c.held);
    c.n_in_block = calloc(memory->n_bytes / BLOCK_BYTES, sizeof *c.n_in_block);
    if (c.held == NULL || c.n_in_block == NULL) {
        abort();
    }
    run_on_cpu(0, churn, &c);
    free(c.n_in_block);
    free(c.held);
    return c.n_whole;
}
