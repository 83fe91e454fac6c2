/* workload.c: what the simulated CPUs do with an allocator.
 *
 * An operation is one allocation or one free. Memory is a share of frames for each CPU. Nothing here is watched: what a
 * user does with its frames costs no transfer, nor do the queues between users. */
#include "workload.h"

#include "work.h"

#include <stdio.h>
#include <stdlib.h>

#define QUEUE_SLOTS 64u
#define BURST       64u
#define MAX_ORDER   4u
#define BLOCK_ORDER 9u
/* Of each CPU in a window. */
#define MAX_TURNS         4096u
#define MAX_TURNS_WAITING 512u
/* In vain, one after the other, where frames are free: then the contestant is broken. */
#define MAX_FAILURES 10000u

/* Frames change hands by the batch, as in `make bench`. */
#define BATCH 16u
struct queue {
    unsigned n_sent, n_received; /* multiples of BATCH */
    quire_pa slot[QUEUE_SLOTS];
};

struct held {
    quire_pa frame; /* QUIRE_NONE: none */
    unsigned order;
};

/* One CPU's. */
struct user {
    const struct peer *peer;
    void *state;
    unsigned cpu, n_cpus;
    unsigned share; /* frames of all memory, for each CPU */
    quire_pa near;  /* its node's memory, as make_quire deals it out */
    uint64_t n_near;
    struct held *held;
    unsigned n_held; /* in use, of `share` slots */
    bool full;       /* prepare_mixed has taken all that it wants */
    uint64_t random;
    struct queue *queue; /* to or from its partner */
};

static struct user *users; /* of all CPUs, for the coroutines */
static const struct workload *current;

/* ---- operations ----------------------------------------------------------------------------------------- */

/* What came is noted if it is another node's. */
static quire_pa look_at(const struct user *u, quire_pa frame) {
    quire_pa first = u->near, end = u->near + u->n_near;
    if (frame != QUIRE_NONE && (frame < first || frame >= end)) {
        machine_note();
    }
    machine_operation_done();
    return frame;
}

static quire_pa try_take(struct user *u) {
    return look_at(u, u->peer->alloc(u->state, u->cpu));
}

static quire_pa take(struct user *u) {
    for (unsigned i = 0; i < MAX_FAILURES; i++) {
        quire_pa frame = try_take(u);
        if (frame != QUIRE_NONE) {
            return frame;
        }
    }
    fprintf(stderr, "scale: contestant %s has no frame left where many are free\n", u->peer->name);
    exit(1);
}

static void give(struct user *u, quire_pa frame) {
    u->peer->free(u->state, u->cpu, frame);
    machine_operation_done();
}

static bool hold_one_more(struct user *u, unsigned n_wanted) {
    if (u->n_held < n_wanted) {
        u->held[u->n_held++] = (struct held){take(u), 0};
    }
    return u->n_held < n_wanted;
}

/* ---- local work ----------------------------------------------------------------------------------------- */

static bool prepare_pair(struct user *u) {
    give(u, take(u));
    return false;
}

static void same(struct user *u) {
    give(u, take(u));
}

static void bulk(struct user *u) {
    while (hold_one_more(u, u->share * 3 / 4)) {}
    for (unsigned i = 0; i < u->n_held; i++) {
        give(u, u->held[i].frame);
    }
    u->n_held = 0;
}

static bool prepare_half(struct user *u) {
    return hold_one_more(u, u->share / 2);
}

static void replace(struct user *u) {
    struct held *h = &u->held[random_below(&u->random, u->n_held)];
    give(u, h->frame);
    h->frame = take(u);
}

static void swap(struct held *a, struct held *b) {
    struct held h = *a;
    *a = *b;
    *b = h;
}

static void give_any(struct user *u) {
    swap(&u->held[random_below(&u->random, u->n_held)], &u->held[u->n_held - 1]);
    give(u, u->held[--u->n_held].frame);
}

/* Memory that has been in use for long: nine tenths of it taken, dealt out anew at random, and freed down to half. */
static bool prepare_mixed(struct user *u) {
    unsigned n_most = u->share / 10 * 9;
    if (!u->full) {
        u->full = !hold_one_more(u, n_most);
        return true;
    }
    if (u->n_held == n_most) {
        for (unsigned i = 0; i < n_most; i++) {
            struct user *other = &users[random_below(&u->random, u->n_cpus)];
            swap(&u->held[i], &other->held[random_below(&u->random, other->n_held)]);
        }
    }
    give_any(u);
    return u->n_held > u->share / 2;
}

static void bursts(struct user *u) {
    quire_pa frames[BURST];
    for (unsigned i = 0; i < BURST; i++) {
        frames[i] = take(u);
    }
    for (unsigned i = BURST; i-- > 0;) {
        give(u, frames[i]);
    }
}

/* ---- produced here, freed there -------------------------------------------------------------------------- */

static void produce(struct user *u, struct queue *to) {
    while (to->n_sent - to->n_received == QUEUE_SLOTS) {
        machine_wait();
    }
    for (unsigned i = 0; i < BATCH; i++) {
        to->slot[(to->n_sent + i) % QUEUE_SLOTS] = take(u);
    }
    to->n_sent += BATCH;
}

static void consume(struct user *u, struct queue *from) {
    while (from->n_sent == from->n_received) {
        machine_wait();
    }
    for (unsigned i = 0; i < BATCH; i++) {
        give(u, from->slot[(from->n_received + i) % QUEUE_SLOTS]);
    }
    from->n_received += BATCH;
}

/* Even CPUs produce, each for the next one. */
static void pass_near(struct user *u) {
    if (u->cpu % 2 == 0) {
        produce(u, u->queue);
    } else {
        consume(u, users[u->cpu - 1].queue);
    }
}

/* The first half produces, each for the one in its place in the second half: on another node, if there are several. */
static void pass_far(struct user *u) {
    unsigned half = u->n_cpus / 2;
    if (u->cpu < half) {
        produce(u, u->queue);
    } else {
        consume(u, users[u->cpu - half].queue);
    }
}

/* ---- orders --------------------------------------------------------------------------------------------- */

/* Half of all are single frames, a quarter pairs, and so on. */
static unsigned draw_order(struct user *u) {
    unsigned order = 0;
    while (order < MAX_ORDER && random_below(&u->random, 2) == 0) {
        order++;
    }
    return order;
}

/* There may be no run of that size: nothing is held then. */
static struct held take_order(struct user *u) {
    struct held h = {.order = draw_order(u)};
    h.frame = look_at(u, u->peer->alloc_order(u->state, u->cpu, h.order));
    return h;
}

/* Half of the share, with 3 frames on average. */
static bool prepare_orders(struct user *u) {
    u->held[u->n_held++] = take_order(u);
    return u->n_held < u->share / 2 / 3;
}

static void replace_order(struct user *u) {
    struct held *h = &u->held[random_below(&u->random, u->n_held)];
    if (h->frame != QUIRE_NONE) {
        u->peer->free_order(u->state, u->cpu, h->frame, h->order);
        machine_operation_done();
    }
    *h = take_order(u);
}

/* ---- blocks of 2 MiB ------------------------------------------------------------------------------------ */

static void take_block(struct user *u) {
    quire_pa block = look_at(u, u->peer->alloc_order(u->state, u->cpu, BLOCK_ORDER));
    u->held[u->n_held++] = (struct held){block, BLOCK_ORDER};
    if (block == QUIRE_NONE) {
        fprintf(stderr, "scale: contestant %s has no 2 MiB left where much more is free\n", u->peer->name);
        exit(1);
    }
}

static void give_block(struct user *u) {
    u->peer->free_order(u->state, u->cpu, u->held[--u->n_held].frame, BLOCK_ORDER);
    machine_operation_done();
}

static bool prepare_block(struct user *u) {
    take_block(u);
    give_block(u);
    return false;
}

static void same_block(struct user *u) {
    (void)prepare_block(u);
}

static void blocks(struct user *u) {
    for (unsigned n = u->share * 3 / 4 >> BLOCK_ORDER; u->n_held < n;) {
        take_block(u);
    }
    while (u->n_held > 0) {
        give_block(u);
    }
}

/* ---- the last frames ------------------------------------------------------------------------------------- */

/* Of all memory, every second CPU may give one frame back. */
static bool prepare_last(struct user *u) {
    quire_pa frame = try_take(u);
    if (frame == QUIRE_NONE) {
        return false;
    }
    u->held[0].frame = u->cpu % 2 == 0 ? frame : QUIRE_NONE;
    return true;
}

static void fight(struct user *u) {
    quire_pa *frame = &u->held[0].frame;
    if (*frame == QUIRE_NONE) {
        *frame = try_take(u);
    } else {
        give(u, *frame);
        *frame = QUIRE_NONE;
    }
}

#define LOCAL_BAR  0.02
#define PASSED_BAR 0.15
#define ORDERS_BAR 0.2
#define BLOCK_BAR  0.1
#define NEAR_BAR   0.01

const struct workload workloads[] = {
    {.name = "same frame",
     .what = "one frame taken and freed again and again",
     .bar = LOCAL_BAR,
     .near_bar = NEAR_BAR,
     .prepare = prepare_pair,
     .round = same},
    {.name = "bulk",
     .what = "75 % of its share taken, then freed in the same order",
     .bar = LOCAL_BAR,
     .near_bar = NEAR_BAR,
     .prepare = prepare_pair,
     .round = bulk},
    {.name = "random",
     .what = "50 % of its share held; a random frame of it freed, another taken",
     .bar = LOCAL_BAR,
     .near_bar = NEAR_BAR,
     .prepare = prepare_half,
     .round = replace},
    {.name = "bursts",
     .what = "64 frames taken, then freed, the last one first",
     .bar = LOCAL_BAR,
     .near_bar = NEAR_BAR,
     .prepare = prepare_pair,
     .round = bursts},
    {.name = "mixed",
     .what = "random, after all CPUs' frames were dealt out anew: memory in use for long",
     .prepare = prepare_mixed,
     .round = replace},
    {.name = "passed on",
     .what = "taken on one CPU, freed on its neighbour, for ever",
     .traits = WORKLOAD_PAIRS,
     .bar = PASSED_BAR,
     .prepare = prepare_pair,
     .round = pass_near},
    {.name = "passed far",
     .what = "the same, freed on a CPU of another node",
     .traits = WORKLOAD_PAIRS,
     .bar = PASSED_BAR,
     .prepare = prepare_pair,
     .round = pass_far},
    {.name = "orders",
     .what = "random replacement, of 1, 2, 4, 8 or 16 frames each",
     .traits = WORKLOAD_ORDERS,
     .bar = ORDERS_BAR,
     .prepare = prepare_orders,
     .round = replace_order},
    {.name = "2MiB pairs",
     .what = "2 MiB taken and freed again and again",
     .traits = WORKLOAD_ORDERS | WORKLOAD_BLOCKS,
     .bar = BLOCK_BAR,
     .near_bar = NEAR_BAR,
     .prepare = prepare_block,
     .round = same_block},
    {.name = "2MiB bulk",
     .what = "75 % of its share taken, 2 MiB at a time, then freed, the last one first",
     .traits = WORKLOAD_ORDERS | WORKLOAD_BLOCKS,
     .bar = BLOCK_BAR,
     .near_bar = NEAR_BAR,
     .prepare = prepare_block,
     .round = blocks},
    {.name = "last frames",
     .what = "all memory held but a frame for every second CPU, which all want",
     .prepare = prepare_last,
     .round = fight},
};
const unsigned n_workloads = sizeof workloads / sizeof workloads[0];

/* ---- measuring ------------------------------------------------------------------------------------------ */

static void *zeroed(size_t n, size_t n_bytes) {
    void *p = calloc(n, n_bytes);
    if (p == NULL) {
        fprintf(stderr, "scale: no memory for the users\n");
        exit(1);
    }
    return p;
}

static void make_users(const struct peer *peer, void *state, const struct memory *memory,
                       const struct machine_config *config) {
    unsigned share = (unsigned)(memory->n_bytes / QUIRE_PAGE_SIZE / config->n_cpus);
    uint64_t n_blocks = memory->n_bytes >> (QUIRE_PAGE_SHIFT + BLOCK_ORDER), block = memory->n_bytes / n_blocks;
    users = zeroed(config->n_cpus, sizeof *users);
    for (unsigned cpu = 0; cpu < config->n_cpus; cpu++) {
        struct user *u = &users[cpu];
        *u = (struct user){.peer = peer, .state = state, .cpu = cpu, .n_cpus = config->n_cpus, .share = share};
        uint64_t node = (uint64_t)cpu * config->n_nodes / config->n_cpus;
        u->near = memory->base + n_blocks * node / config->n_nodes * block;
        u->n_near = memory->base + n_blocks * (node + 1) / config->n_nodes * block - u->near;
        u->held = zeroed(share, sizeof *u->held);
        u->queue = zeroed(1, sizeof *u->queue);
        u->random = (config->seed + cpu) * 0x9E3779B97F4A7C15u; /* neighbours begin far from each other */
    }
}

static void drop_users(unsigned n_cpus) {
    for (unsigned cpu = 0; cpu < n_cpus; cpu++) {
        free(users[cpu].held);
        free(users[cpu].queue);
    }
    free(users);
}

static void prepare_users(unsigned n_cpus) {
    for (bool more = true; more;) {
        more = false;
        for (unsigned cpu = 0; cpu < n_cpus; cpu++) {
            machine_be(cpu);
            more |= current->prepare(&users[cpu]);
        }
    }
}

static void live(unsigned cpu) {
    for (;;) {
        current->round(&users[cpu]);
    }
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* Three times all memory, so that it has gone round, twice round in `bulk`. Where CPUs are few, as if they were more, for a good average. */
static struct window window_for(unsigned n_cpus, uint64_t n_frames) {
    uint64_t n = larger(n_cpus, 256);
    return (struct window){larger(3 * n_frames, 1u << 18), MAX_TURNS * n, MAX_TURNS_WAITING * n};
}

struct measured workload_measure(const struct workload *w, const struct peer *peer, const struct memory *memory,
                                 const struct machine_config *config) {
    struct window window = window_for(config->n_cpus, memory->n_bytes >> QUIRE_PAGE_SHIFT);
    current = w;
    machine_make(config);
    void *state = peer->make(memory, config->n_cpus);
    make_users(peer, state, memory, config);
    prepare_users(config->n_cpus);
    struct measured result = machine_run(live, window, window);
    machine_be(0);
    peer->drop(state);
    drop_users(config->n_cpus);
    machine_drop();
    return result;
}
