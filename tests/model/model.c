/* model.c: random operations of the whole API, each compared with a naive oracle.
 *
 * Arguments are drawn at random, proper ones and misuse alike; the oracle says which it is, the call is made, and its
 * answer, the reports and the statistics must be the oracle's. Now and then everything is compared frame by frame.
 *
 *   build/tests/model/model-plain                          every memory layout with every content policy, a seed each
 *   MODEL_SEED=7 build/tests/model/model-plain             one of them, or any other seed
 *   MODEL_STEPS=100000 build/tests/model/model-plain       operations for each seed
 *
 * Exit status 0: all answers agree; 1: one did not, and the message says how to repeat it; 2: it could not run. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_STEPS  20000u
#define COMPARE_EVERY  500u
#define N_TAGS         20u /* few, so that runs of one owner are long now and then */
#define MAX_QUARANTINE 32u

static struct world world;
static struct quire *q;
static unsigned n_later;        /* regions added so far */
static unsigned n_written;      /* free frames written to so far */
static uint64_t target_percent; /* how much of memory is to be in use */

static void begin(const char *call, quire_pa pa, unsigned order) {
    oracle_op.call = call;
    oracle_op.pa = pa;
    oracle_op.order = order;
}

static void expect_status(enum quire_status status, enum quire_status want) {
    if (status != want) {
        oracle_fail("says %s, expected %s", quire_status_name(status), quire_status_name(want));
    }
}

/* ---- allocating --------------------------------------------------------------------------------------- */

static void do_alloc(void) {
    uint8_t tag = (uint8_t)any(N_TAGS);
    begin("quire_alloc", QUIRE_NONE, 0);
    quire_pa pa = quire_alloc(q, tag);
    oracle_content_faults();
    oracle_allocated(pa, tag);
}

/* With order 0 quire_alloc_order is quire_alloc, and quire_free_order quire_free: so they call themselves in reports.
 * Small orders more often than large ones. */
static unsigned any_order(void) {
    unsigned order = one_in(8) ? QUIRE_BLOCK_ORDER : (unsigned)any(4);
    while (order < QUIRE_MAX_ORDER && one_in(2)) {
        order++;
    }
    return order;
}

static void do_alloc_order(void) {
    uint8_t tag = (uint8_t)any(N_TAGS);
    unsigned order = any_order();
    quire_pa pa = 1;
    begin(order > 0 ? "quire_alloc_order" : "quire_alloc", QUIRE_NONE, order);
    enum quire_status status = quire_alloc_order(q, order, tag, &pa);
    oracle_content_faults();
    if ((pa == QUIRE_NONE) != (status != QUIRE_OK)) {
        oracle_fail("says %s and gives %#llx", quire_status_name(status), (unsigned long long)pa);
    }
    oracle_allocated(pa, tag);
    if (status != QUIRE_OK) {
        expect_status(status, !oracle_has_run(order, false)          ? QUIRE_UNSATISFIABLE
                              : oracle_n_free < (uint64_t)1 << order ? QUIRE_NO_MEMORY
                                                                     : QUIRE_FRAGMENTED);
    }
}

static void do_bad_order(void) {
    static const unsigned orders[] = {QUIRE_MAX_ORDER + 1, 20, 31, 32, 63, 64, 0xFFFFFFFF};
    unsigned order = orders[any(sizeof orders / sizeof orders[0])];
    quire_pa pa = 1;
    begin("quire_alloc_order", QUIRE_NONE, order);
    expect_status(quire_alloc_order(q, order, 0, &pa), QUIRE_INVALID);
    if (pa != QUIRE_NONE) {
        oracle_fail("invalid, but gives %#llx", (unsigned long long)pa);
    }
    expect_status(quire_free_order(q, oracle_frames[any(oracle_n_frames)].pa, order), QUIRE_INVALID);
}

/* ---- freeing and counting ----------------------------------------------------------------------------- */

/* An address to call something with: mostly of a frame that is held, now and then anything. */
static quire_pa any_address(void) {
    struct frame *held = one_in(40) ? NULL : oracle_held();
    if (held != NULL) {
        return held->pa;
    }
    quire_pa near = oracle_frames[any(oracle_n_frames)].pa;
    switch (any(6)) {
    case 0:
        return near + any(PAGE);
    case 1:
        return near + any(64) * PAGE;
    case 2:
        return near - any(64) * PAGE;
    case 3:
        return any(1u << 30) * any(1u << 30) * PAGE;
    default:
        return near;
    }
}

static void end_free(enum quire_status status, bool proper) {
    expect_status(status, proper ? QUIRE_OK : QUIRE_FAULT);
    if (proper) {
        oracle_freed(oracle_op.pa, oracle_op.order);
    } else {
        oracle_misuse_fault();
    }
}

static void do_free(void) {
    begin("quire_free", any_address(), 0);
    bool proper = oracle_is_proper();
    end_free(quire_free(q, oracle_op.pa), proper);
}

/* The largest order with which the frame's allocation can still be freed as a whole, or a smaller one. */
static void do_free_order(void) {
    quire_pa pa = any_address();
    unsigned order = 0;
    bool proper = false;
    for (unsigned up = 0; up <= QUIRE_MAX_ORDER; up++) {
        begin("quire_free_order", pa & ~((PAGE << up) - 1), up);
        if (!oracle_is_proper()) {
            break;
        }
        order = up;
    }
    order = one_in(4) ? (unsigned)any(order + 1) : order;
    order = one_in(20) ? any_order() : order;
    begin(order > 0 ? "quire_free_order" : "quire_free", one_in(50) ? pa : pa & ~((PAGE << order) - 1), order);
    proper = oracle_is_proper();
    end_free(quire_free_order(q, oracle_op.pa, order), proper);
}

static void do_get(void) {
    begin("quire_get", any_address(), 0);
    bool proper = oracle_is_proper();
    expect_status(quire_get(q, oracle_op.pa), proper ? QUIRE_OK : QUIRE_FAULT);
    if (proper) {
        oracle_frame(oracle_op.pa)->refs++;
    } else {
        oracle_misuse_fault();
    }
}

static void do_put(void) {
    begin("quire_put", any_address(), 0);
    bool proper = oracle_is_proper();
    enum quire_status status = quire_put(q, oracle_op.pa);
    struct frame *f = oracle_frame(oracle_op.pa);
    if (proper && f->refs > 1) {
        expect_status(status, QUIRE_OK);
        f->refs--;
    } else {
        end_free(status, proper);
    }
}

static void do_cow(void) {
    quire_pa own = 1;
    begin("quire_cow", any_address(), 0);
    bool proper = oracle_is_proper();
    struct frame *shared = oracle_frame(oracle_op.pa);
    enum quire_status status = quire_cow(q, oracle_op.pa, &own);
    if ((own == QUIRE_NONE) != (status != QUIRE_OK)) {
        oracle_fail("says %s and gives %#llx", quire_status_name(status), (unsigned long long)own);
    }
    if (!proper) {
        expect_status(status, QUIRE_FAULT);
        oracle_misuse_fault();
    } else if (shared->refs == 1) {
        expect_status(status, QUIRE_OK);
        if (own != shared->pa) {
            oracle_fail("gives %#llx to a sole owner", (unsigned long long)own);
        }
    } else {
        oracle_content_faults();
        expect_status(status, oracle_n_free > 0 ? QUIRE_OK : QUIRE_NO_MEMORY);
        if (status == QUIRE_OK) {
            oracle_copied(shared, own);
            shared->refs--;
        }
    }
}

/* ---- the rest ----------------------------------------------------------------------------------------- */

static void do_refs(void) {
    begin("quire_refs", any_address(), 0);
    struct frame *f = oracle_frame(oracle_op.pa);
    uint32_t want = f != NULL ? f->refs : 0, refs = quire_refs(q, oracle_op.pa);
    if (oracle_op.pa % PAGE == 0 && refs != want) {
        oracle_fail("says %u, expected %u", refs, want);
    }
}

static void do_switch_cpu(void) {
    oracle_op.cpu = (unsigned)any(world.n_cpus + 1); /* one of them is out of range */
    world_set_cpu(oracle_op.cpu, world.restless ? world.n_cpus + 1 : 0);
}

static void do_write_to_free(void) {
    struct frame *f = oracle_free();
    if (world.content == QUIRE_CONTENT_POISON && f != NULL && f->ever && f->dirty == 0 && n_written < MAX_QUARANTINE) {
        begin("write to a free frame", f->pa, 0);
        oracle_write_to_free(f, (unsigned)any(PAGE), (uint8_t)(QUIRE_POISON ^ 1u << any(8)));
        n_written++;
    }
}

static void do_add(void) {
    const struct quire_region *next = &world.later[n_later];
    struct quire_region r = one_in(2) ? *next : (struct quire_region){any_address(), any_address(), QUIRE_USABLE};
    bool overlaps = false;
    for (size_t i = 0; i < oracle_n_frames; i++) {
        overlaps = overlaps || (r.base < oracle_frames[i].pa + PAGE && oracle_frames[i].pa < r.end);
    }
    begin("quire_add", r.base, 0);
    if (n_later < N_REGIONS && next->end != 0 && r.base == next->base && r.end == next->end) {
        expect_status(quire_add(q, &r), QUIRE_OK);
        oracle_added(next);
        n_later++;
    } else if (overlaps || r.end <= r.base) {
        expect_status(quire_add(q, &r), QUIRE_INVALID);
    }
}

static void do_something(void) {
    uint64_t n_managed = oracle_n_frames, n_used = n_managed - oracle_n_free;
    bool more = n_used * 100 < n_managed * target_percent;
    uint64_t roll = any(1000);
    if (roll < 450) {
        if (one_in(8)) {
            (more ? do_alloc_order : do_free_order)();
        } else {
            (more ? do_alloc : do_free)();
        }
    } else if (roll < 780) { /* either way, whatever the target */
        static void (*const either[])(void) = {do_alloc, do_free, do_alloc_order, do_free_order};
        either[roll % 4]();
    } else {
        static void (*const others[])(void) = {do_get, do_get,  do_put, do_put,        do_put,
                                               do_cow, do_refs, do_cow, do_switch_cpu, do_write_to_free};
        others[roll % 10]();
    }
    if (one_in(2000)) {
        do_bad_order();
        do_add();
        target_percent = any(8) * 20; /* 0 .. 140 % */
    }
}

/* ---- runs --------------------------------------------------------------------------------------------- */

static void run(uint64_t seed, uint64_t n_steps) {
    oracle_seed = seed;
    oracle_step = 0;
    world_make(&world, seed);
    size_t n_regions = 0;
    while (n_regions < N_REGIONS && world.at_start[n_regions].end != 0) {
        n_regions++;
    }
    const struct quire_config config = {.n_cpus = world.n_cpus, .content = world.content};
    begin("quire_init", QUIRE_NONE, 0);
    enum quire_status status = quire_init(&q, &config, world.at_start, n_regions);
    oracle_start(&world, q);
    expect_status(status, QUIRE_OK);
    oracle_compare_counts();
    n_later = n_written = 0;
    target_percent = 50;
    do_switch_cpu();
    for (; oracle_step < n_steps; oracle_step++) {
        do_something();
        oracle_compare_counts();
        if (oracle_step % COMPARE_EVERY == 0) {
            oracle_compare_all();
        }
    }
    oracle_compare_all();
    oracle_end();
    world_end();
}

/* A number from the environment, or `otherwise`. */
static uint64_t number(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    if (text == NULL) {
        return otherwise;
    }
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0') {
        fprintf(stderr, "model: %s=%s: give a decimal number\n", name, text);
        exit(2);
    }
    return value;
}

int main(void) {
    uint64_t first = number("MODEL_SEED", 1), n_steps = number("MODEL_STEPS", DEFAULT_STEPS);
    uint64_t last = getenv("MODEL_SEED") != NULL ? first : WORLD_N;
    for (uint64_t seed = first; seed <= last; seed++) {
        run(seed, n_steps);
    }
    printf("model: %llu operations, seeds %llu to %llu: all answers agree\n",
           (unsigned long long)((last - first + 1) * n_steps), (unsigned long long)first, (unsigned long long)last);
    return 0;
}
