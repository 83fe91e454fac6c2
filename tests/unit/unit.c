/* unit.c: see unit.h. What is here works with any hooks; what needs those of port/host is in memory.c. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* ---- using it ----------------------------------------------------------------------------------------- */

void frames_push(struct frames *list, quire_pa pa) {
    if (list->n == list->capacity) {
        list->capacity = list->capacity == 0 ? 1024 : 2 * list->capacity;
        list->at = realloc(list->at, list->capacity * sizeof *list->at);
        assert_non_null(list->at);
    }
    list->at[list->n++] = pa;
}

void frames_clear(struct frames *list) {
    free(list->at);
    *list = (struct frames){0};
}

bool frames_has(const struct frames *list, quire_pa pa) {
    for (size_t i = 0; i < list->n; i++) {
        if (list->at[i] == pa) {
            return true;
        }
    }
    return false;
}

void frames_shuffle(struct frames *list, unsigned seed) {
    uint64_t x = seed * 2u + 1u;
    for (size_t i = list->n; i > 1; i--) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        size_t j = (size_t)(x >> 33) % i;
        quire_pa swapped = list->at[j];
        list->at[j] = list->at[i - 1];
        list->at[i - 1] = swapped;
    }
}

void take_all(struct quire *q, struct frames *list) {
    for (;;) {
        quire_pa pa = quire_alloc(q, 1);
        if (pa == QUIRE_NONE) {
            return;
        }
        frames_push(list, pa);
    }
}

enum quire_status take_all_order(struct quire *q, unsigned order, struct frames *list) {
    for (;;) {
        quire_pa pa = 0;
        enum quire_status status = quire_alloc_order(q, order, 1, &pa);
        if (status != QUIRE_OK) {
            assert_true(pa == QUIRE_NONE);
            return status;
        }
        assert_true(pa % (PAGE << order) == 0);
        frames_push(list, pa);
    }
}

void free_all(struct quire *q, struct frames *list) {
    for (size_t i = 0; i < list->n; i++) {
        assert_int_equal(quire_free(q, list->at[i]), QUIRE_OK);
    }
    frames_clear(list);
}

void free_all_order(struct quire *q, unsigned order, struct frames *list) {
    for (size_t i = 0; i < list->n; i++) {
        assert_int_equal(quire_free_order(q, list->at[i], order), QUIRE_OK);
    }
    frames_clear(list);
}

quire_pa must_alloc(struct quire *q, uint8_t tag) {
    quire_pa pa = quire_alloc(q, tag);
    assert_true(pa != QUIRE_NONE);
    return pa;
}

quire_pa must_alloc_order(struct quire *q, unsigned order, uint8_t tag) {
    quire_pa pa = QUIRE_NONE;
    assert_int_equal(quire_alloc_order(q, order, tag, &pa), QUIRE_OK);
    assert_true(pa % (PAGE << order) == 0);
    return pa;
}

/* ---- looking at it ------------------------------------------------------------------------------------ */

struct quire_stats stats_of(const struct quire *q) {
    struct quire_stats stats;
    quire_stats(q, &stats);
    return stats;
}

uint64_t n_free(const struct quire *q) {
    return stats_of(q).n_free;
}

static bool find_run(void *ctx, const struct quire_run *run) {
    struct quire_run *wanted = ctx;
    if (wanted->base - run->base < run->n_frames * PAGE) {
        *wanted = *run;
        return false;
    }
    return true;
}

struct quire_run run_at(const struct quire *q, quire_pa pa) {
    struct quire_run run = {.base = pa, .state = QUIRE_STATE_RESERVED};
    quire_walk(q, find_run, &run);
    return run;
}

enum quire_state state_of(const struct quire *q, quire_pa pa) {
    return run_at(q, pa).state;
}

static int by_address(const void *a, const void *b) {
    const quire_pa *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

void expect_good_frames(const struct frames *list, const struct quire_region *regions, size_t n_regions) {
    struct frames sorted = {0};
    for (size_t i = 0; i < list->n; i++) {
        frames_push(&sorted, list->at[i]);
    }
    if (sorted.n > 0) {
        qsort(sorted.at, sorted.n, sizeof *sorted.at, by_address);
    }
    size_t r = 0;
    for (size_t i = 0; i < sorted.n; i++) {
        quire_pa pa = sorted.at[i];
        assert_true(pa % PAGE == 0);
        assert_true(i == 0 || sorted.at[i - 1] != pa);
        while (r < n_regions && (regions[r].type != QUIRE_USABLE || regions[r].end - 1 < pa)) {
            r++;
        }
        assert_true(r < n_regions);
        assert_true(regions[r].base <= pa && regions[r].end - pa >= PAGE);
    }
    frames_clear(&sorted);
}

/* What the walk says, added up. */
struct tally {
    uint64_t n[QUIRE_STATE_METADATA + 1];
    uint64_t held_by[QUIRE_TAGS];
    struct quire_run last;
    uint64_t digest;
};

static uint64_t mix(uint64_t digest_so_far, uint64_t value) {
    uint64_t x = (digest_so_far ^ value) * 0x9E3779B97F4A7C15u;
    return x ^ x >> 29;
}

static bool count_run(void *ctx, const struct quire_run *run) {
    struct tally *tally = ctx;
    quire_pa last_end = tally->last.base + tally->last.n_frames * PAGE;
    assert_true(run->n_frames > 0);
    assert_true(run->base % PAGE == 0);
    assert_in_range(run->state, QUIRE_STATE_FREE, QUIRE_STATE_METADATA);
    assert_true(tally->last.n_frames == 0 || run->base >= last_end);
    bool continues = tally->last.n_frames != 0 && run->base == last_end;
    assert_false(continues && run->state == tally->last.state && run->tag == tally->last.tag);

    bool held = run->state == QUIRE_STATE_HELD || run->state == QUIRE_STATE_SHARED;
    assert_true(held || run->tag == 0);
    tally->n[run->state] += run->n_frames;
    tally->held_by[run->tag] += held ? run->n_frames : 0;
    tally->last = *run;
    tally->digest = mix(mix(mix(mix(tally->digest, run->base), run->n_frames), run->state), run->tag);
    return true;
}

static void expect_zones_add_up(const struct quire *q, const struct quire_stats *stats) {
    struct quire_zone_stats zone;
    struct quire_cpu_stats cpu;
    uint64_t n_frames = 0, n_free_frames = 0, n_free_blocks = 0;
    for (unsigned i = 0; i < stats->n_zones; i++) {
        assert_true(quire_zone_stats(q, i, &zone));
        assert_true(zone.base < zone.end && zone.base % PAGE == 0 && zone.end % PAGE == 0);
        n_frames += zone.n_frames;
        n_free_frames += zone.n_free;
        n_free_blocks += zone.n_free_blocks;
    }
    assert_false(quire_zone_stats(q, stats->n_zones, &zone));
    assert_int_equal(n_frames, stats->n_frames);
    assert_int_equal(n_free_frames + stats->n_cached, stats->n_free); /* frames in CPU caches are in no zone's count */
    for (unsigned i = 0; quire_cpu_stats(q, i, &cpu); i++) {
        n_free_blocks += cpu.n_out == QUIRE_BLOCK_FRAMES; /* and neither are whole blocks there */
    }
    assert_int_equal(n_free_blocks, stats->n_free_blocks);
}

static void expect_cpus_add_up(const struct quire *q, const struct quire_stats *stats) {
    struct quire_cpu_stats cpu;
    uint64_t n_cached = 0;
    for (unsigned i = 0; i < stats->n_cpus; i++) {
        assert_true(quire_cpu_stats(q, i, &cpu));
        assert_true(cpu.n_in == 0 || cpu.in_block % BLOCK == 0);
        assert_true(cpu.n_out == 0 || cpu.out_block % BLOCK == 0);
        n_cached += cpu.n_warm + cpu.n_in + cpu.n_out;
    }
    assert_false(quire_cpu_stats(q, stats->n_cpus, &cpu));
    assert_int_equal(n_cached, stats->n_cached);
}

void expect_consistent(const struct quire *q) {
    struct quire_fault first = {.detail = "-"};
    enum quire_status status = quire_validate(q, &first);
    if (status != QUIRE_OK) {
        fail_msg("validate: %s: %s: %s, pa %#llx", quire_status_name(status), quire_fault_name(first.kind),
                 first.detail, (unsigned long long)first.pa);
    }
    struct quire_stats stats = stats_of(q);
    struct tally tally = {0};
    quire_walk(q, count_run, &tally);
    uint64_t n_held = tally.n[QUIRE_STATE_HELD] + tally.n[QUIRE_STATE_SHARED];
    assert_int_equal(tally.n[QUIRE_STATE_FREE], stats.n_free);
    if (stats.n_faults == 0) { /* frames that came home twice are counted twice */
        assert_int_equal(quire_n_free(q), stats.n_free);
    }
    assert_int_equal(tally.n[QUIRE_STATE_FREE] + n_held, stats.n_frames);
    assert_int_equal(tally.n[QUIRE_STATE_METADATA], stats.n_metadata);
    assert_true(stats.n_cached <= stats.n_free);
    assert_true(stats.n_free_blocks * QUIRE_BLOCK_FRAMES <= stats.n_free);

    uint64_t held_by[QUIRE_TAGS];
    quire_tag_stats(q, held_by);
    assert_memory_equal(held_by, tally.held_by, sizeof held_by);
    expect_zones_add_up(q, &stats);
    expect_cpus_add_up(q, &stats);
}

uint64_t digest(const struct quire *q) {
    struct tally tally = {0};
    quire_walk(q, count_run, &tally);
    struct quire_stats stats = stats_of(q);
    uint64_t d = mix(mix(mix(tally.digest, stats.n_free), stats.n_cached), stats.n_free_blocks);
    for (unsigned i = 0; i < stats.n_cpus; i++) {
        struct quire_cpu_stats cpu;
        assert_true(quire_cpu_stats(q, i, &cpu));
        d = mix(mix(mix(d, cpu.n_warm), cpu.n_in), cpu.n_out);
        d = mix(mix(d, cpu.in_block), cpu.out_block);
    }
    return d;
}
