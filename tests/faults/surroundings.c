/* surroundings.c: a machine that runs out, loses a CPU, interrupts, or counts its CPUs wrongly. None of that is a misuse,
 * so nothing is reported and all that can work does. */
#define GROUP "surroundings"
#include "deaths.h"

#define FEW (32 * PAGE)

/* An allocator over less than a block. */
static void start_small(void) {
    const struct quire_config config = {.n_cpus = 2};
    const struct quire_region few = USABLE(RAM, RAM + FEW);
    if (quire_init(&q, &config, &few, 1) != QUIRE_OK) {
        say("no allocator");
    }
}

static struct quire_stats stats(void) {
    struct quire_stats now;
    quire_stats(q, &now);
    return now;
}

static uint64_t take_all(void) {
    uint64_t n = 0;
    while (quire_alloc(q, 91) != QUIRE_NONE) {
        n++;
    }
    return n;
}

/* All free frames can be had from this CPU, and nothing is broken afterwards. */
static void say_whether_all_comes(void) {
    const uint64_t n_free = stats().n_free;
    say("%s, validate: ", take_all() == n_free ? "all frames" : "not all frames");
    say_validate();
}

/* ---- no memory -------------------------------------------------------------------------------------------- */

/* Whether n frames can be taken, the next call says that there is none (where n is all), and all are taken back. */
static bool ends_after(uint64_t n, uint64_t n_frames) {
    quire_pa taken[FEW / PAGE], none = 0;
    bool right = true;
    for (uint64_t i = 0; i < n; i++) {
        taken[i] = one(92);
    }
    if (n == n_frames) {
        right = quire_alloc(q, 92) == QUIRE_NONE;
        right = right && quire_alloc_order(q, 0, 92, &none) == QUIRE_NO_MEMORY && none == QUIRE_NONE;
    }
    right = right && stats().n_free == n_frames - n;
    for (uint64_t i = 0; i < n; i++) {
        right = right && quire_free(q, taken[i]) == QUIRE_OK;
    }
    return right;
}

DEATH(no_memory_at_the_nth_call_for_each_n, "0 wrong; all frames, validate: ok") {
    start_small();
    const uint64_t n_frames = stats().n_free;
    unsigned n_wrong = 0;
    for (uint64_t n = 0; n <= n_frames; n++) {
        n_wrong += !ends_after(n, n_frames);
    }
    say("%u wrong; ", n_wrong);
    say_whether_all_comes();
}

DEATH(no_memory_for_a_copy, "no memory; no copy, 2 references") {
    quire_pa own = 0;
    start_small();
    it = one(93);
    quire_get(q, it);
    take_all();
    say_status(quire_cow(q, it, &own));
    say("; %s, %u references", own == QUIRE_NONE ? "no copy" : "a copy", quire_refs(q, it));
}

DEATH(no_memory_in_one_piece, "memory fragmented, then ok") {
    quire_pa pa = 0, even = 0;
    start_small();
    while ((pa = quire_alloc(q, 91)) != QUIRE_NONE) {
        even = pa % (2 * PAGE) == 0 ? pa : even;
    }
    quire_free(q, even + PAGE);
    quire_free(q, even - PAGE);
    say_status(quire_alloc_order(q, 1, 91, &pa));
    quire_free(q, even);
    say(", then ");
    say_status(quire_alloc_order(q, 1, 91, &pa));
}

DEATH(no_memory_of_that_size_at_all, "no memory could ever satisfy this") {
    quire_pa pa;
    start_small();
    say_status(quire_alloc_order(q, 5, 91, &pa));
}

DEATH(no_memory_for_the_metadata_of_more, "no memory") {
    const struct quire_region too_small = USABLE(128 * MIB, 128 * MIB + PAGE);
    while (quire_alloc(q, 7) != QUIRE_NONE) {}
    say_status(quire_add(q, &too_small));
}

/* ---- CPUs that stop --------------------------------------------------------------------------------------- */

static void fill_cache_of_cpu_1(void) {
    quire_pa freed[Q_WARM];
    this_cpu = 1;
    for (size_t i = 0; i < Q_WARM; i++) {
        freed[i] = one(94);
    }
    for (size_t i = 0; i < Q_WARM; i++) {
        quire_free(q, freed[i]);
    }
    this_cpu = 0;
}

DEATH(a_cpu_vanishes_with_a_full_cache, "all frames, validate: ok") {
    fill_cache_of_cpu_1();
    say_whether_all_comes();
}

/* It can not be known what it was doing: what is in its cache is gone, and that is counted. */
DEATH(a_cpu_vanishes_in_the_middle_of_a_call, "all but its cache; 1 unproved") {
    q_word visit;
    fill_cache_of_cpu_1();
    q_guard_enter(&q->caches[1].guard, &visit);
    struct quire_cpu_stats cpu;
    quire_cpu_stats(q, 1, &cpu); /* single frames at hand cannot be looked at, and are left out already */
    const uint64_t n_free = stats().n_free - cpu.n_warm - cpu.n_in - cpu.n_out;
    say("%s", take_all() == n_free ? "all but its cache" : "another number");
    say("; %u unproved", (unsigned)stats().n_unproved);
}

DEATH(a_cpu_vanishes_while_it_works_on_shared_bits, "all frames, validate: busy; 1 unproved") {
    q_begin(&q->caches[0]);
    say_whether_all_comes();
    say("; %u unproved", (unsigned)stats().n_unproved);
}

DEATH(a_cpu_vanishes_while_it_adds_memory, "busy; all frames, validate: busy") {
    const struct quire_region more = USABLE(128 * MIB, 132 * MIB);
    atomic_store(&q->adding, 1);
    say_status(WRONG(quire_add(q, &more)));
    say("; ");
    say_whether_all_comes();
}

/* ---- CPU numbers ------------------------------------------------------------------------------------------ */

DEATH(cpu_number_one_too_large, "all frames, validate: ok") {
    this_cpu = 2;
    say_whether_all_comes();
}

DEATH(cpu_number_as_large_as_can_be, "all frames, validate: ok") {
    this_cpu = UINT_MAX;
    say_whether_all_comes();
}

DEATH(cpu_number_that_grows_with_each_call, "all frames, validate: ok") {
    for (unsigned i = 0; i < 1000; i++) {
        this_cpu = i % 5;
        quire_pa pa = one(95);
        this_cpu = (i + 1) % 5;
        quire_free(q, pa);
    }
    say_whether_all_comes();
}

/* ---- interrupts ------------------------------------------------------------------------------------------- */

/* At the hook, between two looks at a CPU's number; at each instruction: tests/unit/interrupt.c. */
static void alloc_and_free(void) {
    quire_pa pa = one(96);
    quire_free_order(q, many(3, 96), 3);
    quire_free(q, pa);
}

static void move_to_the_other_cpu(void) {
    this_cpu = 1 - this_cpu;
}

static void use_while(void (*happens)(void)) {
    for (unsigned i = 0; i < 600; i++) {
        between = happens;
        it = one(97);
        between = happens;
        quire_free(q, it);
        between = happens;
        it = many(2, 97);
        between = happens;
        quire_free_order(q, it, 2);
    }
}

DEATH(an_interrupt_in_each_call, "all frames, validate: ok") {
    use_while(alloc_and_free);
    say_whether_all_comes();
}

DEATH(a_migration_in_each_call, "all frames, validate: ok") {
    use_while(move_to_the_other_cpu);
    say_whether_all_comes();
}

/* The interrupted call is inside its cache all the time. */
DEATH(an_interrupt_within_a_visit, "all frames, validate: ok") {
    q_word visit;
    one(97);
    q_guard_enter(&q->caches[0].guard, &visit);
    for (unsigned i = 0; i < 600; i++) {
        alloc_and_free();
    }
    q_guard_leave(&q->caches[0].guard, visit);
    say_whether_all_comes();
}
