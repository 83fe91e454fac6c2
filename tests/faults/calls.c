/* calls.c: bad calls, drawn at random, to allocators in random states.
 *
 * The machine, its memory layouts, the proper operations in between and the oracle that knows what is wrong with a call
 * are those of tests/model. Each bad call must be refused, with the report that the oracle expects, and leave each byte of
 * the metadata as it was (changes.h says which two exceptions there are).
 *
 *   build/tests/faults/calls-plain                          every memory layout with every content policy, a seed each
 *   MODEL_SEED=7 build/tests/faults/calls-plain             one of them, or any other seed
 *   MODEL_STEPS=100000 build/tests/faults/calls-plain       bad calls for each seed
 *
 * Exit status 0: all was well; 1: something was not, and the message says how to repeat it; 2: it could not run. */
#include "changes.h"

#include "tests/model/operations.h"
#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_STEPS 2500u
#define BETWEEN       6u /* proper operations between two bad calls, at the most */

static struct world world;
static struct quire *q;

/* ---- arguments -------------------------------------------------------------------------------------------- */

/* Of a frame that is held, of one that is free, a little beside one, with one bit wrong, or anything. */
static quire_pa any_address(void) {
    struct frame *held = oracle_held();
    quire_pa near = held != NULL && one_in(2) ? held->pa : oracle_frames[any(oracle_n_frames)].pa;
    switch (any(8)) {
    case 0:
        return near ^ (quire_pa)1 << any(64);
    case 1:
        return one_in(2) ? QUIRE_NONE - any(2 * PAGE) : any(2 * PAGE);
    default:
        return near_or_far(near);
    }
}

static unsigned any_order_too_large(void) {
    static const unsigned orders[] = {QUIRE_MAX_ORDER + 1, 31, 32, 63, 64, 1u << 31, UINT_MAX};
    return orders[any(sizeof orders / sizeof orders[0])];
}

/* ---- calls ------------------------------------------------------------------------------------------------ */

static enum quire_status call_with_frame(quire_pa pa, unsigned order) {
    quire_pa own = 0;
    enum quire_status status;
    switch (oracle_op.call) {
    case CALL_FREE:
        return quire_free(q, pa);
    case CALL_FREE_ORDER:
        return quire_free_order(q, pa, order);
    case CALL_GET:
        return quire_get(q, pa);
    case CALL_PUT:
        return quire_put(q, pa);
    default:
        status = quire_cow(q, pa, &own);
        if (own != QUIRE_NONE) {
            oracle_fail("is refused, but gives %#llx", (unsigned long long)own);
        }
        return status;
    }
}

/* A frame that is not the caller's, or not in this way. */
static void misuse_a_frame(void) {
    static const enum call calls[] = {CALL_FREE, CALL_FREE_ORDER, CALL_FREE_ORDER, CALL_GET, CALL_PUT, CALL_COW};
    do {
        enum call call = calls[any(sizeof calls / sizeof calls[0])];
        oracle_begin(call, any_address(), call == CALL_FREE_ORDER ? (uint64_t)1 << any(PAIR_ORDER + 1) : 1);
        oracle_op.misuse = !oracle_is_proper();
    } while (!oracle_op.misuse);
    changes_remember(q);
    oracle_expect_status(call_with_frame(oracle_op.pa, oracle_order()), QUIRE_FAULT);
    oracle_misuse_fault();
}

static void ask_for_no_order(void) {
    quire_pa pa = 0;
    unsigned order = any_order_too_large();
    oracle_begin(CALL_ALLOC_ORDER, QUIRE_NONE, 1);
    changes_remember(q);
    oracle_expect_status(quire_alloc_order(q, order, 0, &pa), QUIRE_INVALID);
    if (pa != QUIRE_NONE) {
        oracle_fail("is invalid, but gives %#llx", (unsigned long long)pa);
    }
}

static void ask_for_the_quarantine(void) {
    quire_pa pa = 0;
    unsigned order = (unsigned)any(PAIR_ORDER + 1);
    oracle_begin(CALL_ALLOC_ORDER, QUIRE_NONE, (uint64_t)1 << order);
    changes_remember(q);
    oracle_expect_status(quire_alloc_order(q, order, QUIRE_TAG_QUARANTINE, &pa), QUIRE_INVALID);
    if (pa != QUIRE_NONE || quire_alloc(q, QUIRE_TAG_QUARANTINE) != QUIRE_NONE) {
        oracle_fail("gives frames to the tag of the quarantine");
    }
}

static void free_no_order(void) {
    unsigned order = any_order_too_large();
    oracle_begin(CALL_FREE_ORDER, any_address(), 1);
    changes_remember(q);
    oracle_expect_status(quire_free_order(q, oracle_op.pa, order), QUIRE_INVALID);
}

/* Memory that is managed, the metadata's own, or none: backwards, or of no usable type. */
static void add_no_memory(void) {
    quire_pa a = oracle_frames[any(oracle_n_frames)].pa, b = oracle_frames[any(oracle_n_frames)].pa + PAGE;
    struct quire_region bad = {a < b ? a : b - PAGE, a < b ? b : a + PAGE, QUIRE_USABLE, 0};
    switch (any(4)) {
    case 0:
        bad = (struct quire_region){bad.end, bad.base, QUIRE_USABLE, 0};
        break;
    case 1:
        bad = (struct quire_region){bad.end, bad.end, QUIRE_USABLE, 0};
        break;
    case 2:
        bad.type = one_in(2) ? QUIRE_RESERVED : (enum quire_region_type)7;
        break;
    default:
        break;
    }
    oracle_begin(CALL_ADD, bad.base, 1);
    changes_remember(q);
    oracle_expect_status(quire_add(q, &bad), QUIRE_INVALID);
}

static void bad_call(void) {
    void (*interrupt)(void) = world_interrupt;
    world_interrupt = NULL; /* what another call changes is no concern of this one */
    switch (any(16)) {
    case 0:
        ask_for_no_order();
        break;
    case 1:
        free_no_order();
        break;
    case 2:
        add_no_memory();
        break;
    case 3:
        ask_for_the_quarantine();
        break;
    default:
        misuse_a_frame();
        break;
    }
    size_t n = changes_since(q);
    if (n > 0) {
        oracle_fail("is refused, but %zu bytes of metadata are changed", n);
    }
    if (world_n_faults != 0) {
        oracle_fail("is refused by its status, and %u faults reported as well", world_n_faults);
    }
    oracle_op.n = 1; /* the next comparison looks at the operation's frames */
    world_interrupt = interrupt;
}

/* ---- runs ------------------------------------------------------------------------------------------------- */

static void run(uint64_t seed, uint64_t n_steps) {
    size_t n_regions = 0;
    oracle_seed = seed;
    oracle_step = 0;
    world_make(&world, seed);
    while (n_regions < N_REGIONS && world.at_start[n_regions].end != 0) {
        n_regions++;
    }
    const struct quire_config config = {.n_cpus = world.n_cpus, .content = world.content};
    oracle_begin(CALL_INIT, QUIRE_NONE, 1);
    oracle_expect_status(quire_init(&q, &config, world.at_start, n_regions), QUIRE_OK);
    oracle_start(&world, q);
    operations_start(&world, q);
    for (; oracle_step < n_steps; oracle_step++) {
        for (uint64_t n = any(BETWEEN + 1); n > 0; n--) {
            operation();
        }
        bad_call();
    }
    oracle_compare_all();
    world_end();
}

/* A number from the environment, or `otherwise`. */
static uint64_t number(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    char *end;
    if (text == NULL) {
        return otherwise;
    }
    uint64_t value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value == 0) {
        fprintf(stderr, "calls: %s=%s: give a number, from 1\n", name, text);
        exit(2);
    }
    return value;
}

int main(void) {
    uint64_t first = number("MODEL_SEED", 1), n_steps = number("MODEL_STEPS", DEFAULT_STEPS);
    uint64_t last = getenv("MODEL_SEED") != NULL ? first : WORLD_N;
    printf("1..%llu\n", (unsigned long long)(last - first + 1));
    for (uint64_t seed = first; seed <= last; seed++) {
        run(seed, n_steps);
        printf("ok %llu - seed %llu: %s, content %d, %u CPUs: %llu bad calls\n", (unsigned long long)(seed - first + 1),
               (unsigned long long)seed, world.name, (int)world.content, world.n_cpus, (unsigned long long)n_steps);
    }
    printf("# %llu bad calls\n", (unsigned long long)((last - first + 1) * n_steps));
    return 0;
}
