/* compare.c: the allocator's statistics, its walk and its own recount, against the oracle's frames. See oracle.h. */
#include "frames.h"

#include <string.h>

/* ---- numbers -------------------------------------------------------------------------------------------- */

static void expect_number(const char *what, uint64_t says, uint64_t want) {
    if (says != want) {
        oracle_fail("%s: says %llu, expected %llu", what, (unsigned long long)says, (unsigned long long)want);
    }
}

static void expect_at_most(const char *what, uint64_t says, uint64_t most) {
    if (says > most) {
        oracle_fail("%s: says %llu, expected at most %llu", what, (unsigned long long)says, (unsigned long long)most);
    }
}

/* Of the first and the last one. */
void oracle_compare_refs(void) {
    const quire_pa last = oracle_op.pa + (oracle_op.n - 1) * PAGE;
    for (quire_pa pa = oracle_op.pa; pa % PAGE == 0; pa = last) {
        const struct frame *f = oracle_frame(pa);
        expect_number("references", quire_refs(oracle_quire, pa), f != NULL ? f->refs : 0);
        if (pa == last) {
            break;
        }
    }
}

void oracle_compare_counts(void) {
    struct quire_stats stats;
    quire_stats(oracle_quire, &stats);
    expect_number("frames", stats.n_frames, oracle_n_frames - oracle_n_metadata);
    expect_number("free frames", stats.n_free, oracle_n_free);
    if (stats.n_faults == 0) { /* frames that came home twice are counted twice */
        expect_number("free frames at once", quire_n_free(oracle_quire), oracle_n_free);
    }
    expect_number("frames of metadata", stats.n_metadata, oracle_n_metadata);
    expect_number("faults", stats.n_faults, oracle_n_faults);
    expect_number("faults reported beside those of the call", world_n_faults, 0);
    expect_number("unproved failures", stats.n_unproved, 0);
    expect_number("CPUs", stats.n_cpus, oracle_world->n_cpus);
    expect_at_most("cached frames", stats.n_cached, stats.n_free);
}

/* ---- zones and CPUs ------------------------------------------------------------------------------------- */

/* A free frame of a zone is in it or in a CPU cache. */
static void compare_zone(const struct quire_zone_stats *zone, uint64_t n_cached) {
    uint64_t n_frames = 0, n_free = 0;
    quire_pa first = QUIRE_NONE, behind = 0;
    for (size_t i = 0; i < oracle_n_frames; i++) {
        const struct frame *f = &oracle_frames[i];
        if (!f->metadata && zone->base <= f->pa && f->pa < zone->end) {
            first = n_frames == 0 ? f->pa : first;
            behind = f->pa + PAGE;
            n_frames++;
            n_free += f->refs == 0;
        }
    }
    expect_number("where a zone begins", zone->base, first);
    expect_number("where a zone ends", zone->end, behind);
    expect_number("frames of a zone", zone->n_frames, n_frames);
    expect_at_most("free frames of a zone", zone->n_free, n_free);
    expect_at_most("free frames of a zone, without those cached", n_free, zone->n_free + n_cached);
    expect_at_most("free blocks of a zone", zone->n_free_blocks, zone->n_free / QUIRE_BLOCK_FRAMES);
    expect_at_most("fresh blocks of a zone", zone->n_fresh_blocks, zone->n_free_blocks);
}

static void compare_zones(const struct quire_stats *stats) {
    struct quire_zone_stats zone;
    struct quire_cpu_stats cpu;
    uint64_t n_frames = 0, n_free = stats->n_cached, n_free_blocks = 0;
    unsigned n = 0;
    for (unsigned i = 0; quire_cpu_stats(oracle_quire, i, &cpu); i++) {
        n_free_blocks += cpu.n_out == QUIRE_BLOCK_FRAMES; /* on its way home as a whole, and no zone's as yet */
    }
    for (; quire_zone_stats(oracle_quire, n, &zone); n++) {
        compare_zone(&zone, stats->n_cached);
        n_frames += zone.n_frames;
        n_free += zone.n_free;
        n_free_blocks += zone.n_free_blocks;
    }
    expect_number("zones", stats->n_zones, n);
    expect_number("frames of all zones", n_frames, stats->n_frames);
    expect_number("free frames of all zones", n_free, stats->n_free);
    expect_number("free blocks of all zones", n_free_blocks, stats->n_free_blocks);
    expect_at_most("free blocks", n_free_blocks, oracle_free_runs(QUIRE_BLOCK_ORDER));
    expect_at_most("free blocks, without those of which some are cached", oracle_free_runs(QUIRE_BLOCK_ORDER),
                   n_free_blocks + stats->n_cached);
}

/* So many frames of a block that a cache names must be free. */
static void compare_loan(quire_pa block, uint32_t n) {
    uint64_t n_free = 0;
    for (quire_pa i = 0; block != QUIRE_NONE && i < QUIRE_BLOCK_FRAMES; i++) {
        n_free += frames_is_free(oracle_frame(block + i * PAGE));
    }
    expect_at_most("frames cached of one block", n, n_free);
    if (block != QUIRE_NONE && block % (PAGE * QUIRE_BLOCK_FRAMES) != 0) {
        oracle_fail("a CPU has a block at %#llx", (unsigned long long)block);
    }
}

static void compare_cpus(const struct quire_stats *stats) {
    struct quire_cpu_stats cpu;
    uint64_t n_cached = 0;
    unsigned n = 0;
    for (; quire_cpu_stats(oracle_quire, n, &cpu); n++) {
        compare_loan(cpu.in_block, cpu.n_in);
        compare_loan(cpu.out_block, cpu.n_out);
        n_cached += cpu.n_warm + cpu.n_in + cpu.n_out;
    }
    expect_number("CPU caches", n, oracle_world->n_cpus);
    expect_number("frames in all caches", n_cached, stats->n_cached);
}

/* ---- each frame ----------------------------------------------------------------------------------------- */

/* The walk as far as it has come. */
struct comparison {
    size_t n_seen;
    struct quire_run last;
};

static struct quire_run as_run(const struct frame *f) {
    enum quire_state state = f->metadata    ? QUIRE_STATE_METADATA
                             : f->refs == 0 ? QUIRE_STATE_FREE
                             : f->refs == 1 ? QUIRE_STATE_HELD
                                            : QUIRE_STATE_SHARED;
    return (struct quire_run){.state = state, .tag = f->refs == 0 || f->metadata ? 0 : f->tag};
}

static void compare_frame(struct comparison *c, const struct quire_run *run, quire_pa pa) {
    const struct frame *f = oracle_frame(pa);
    struct quire_run want = {.state = QUIRE_STATE_RESERVED};
    want = f != NULL ? as_run(f) : want;
    if (run->state != want.state || run->tag != want.tag) {
        oracle_fail("the walk says state %d, tag %u of frame %#llx, expected %d, %u", (int)run->state, run->tag,
                    (unsigned long long)pa, (int)want.state, want.tag);
    }
    c->n_seen += f != NULL;
}

static bool compare_run(void *ctx, const struct quire_run *run) {
    struct comparison *c = ctx;
    quire_pa last_end = c->last.base + c->last.n_frames * PAGE;
    bool continues = c->last.n_frames > 0 && run->base == last_end;
    if (run->n_frames == 0 || (c->last.n_frames > 0 && run->base < last_end) ||
        (continues && run->state == c->last.state && run->tag == c->last.tag)) {
        oracle_fail("the walk's run at %#llx, %llu frames, does not follow from the one before",
                    (unsigned long long)run->base, (unsigned long long)run->n_frames);
    }
    for (uint64_t i = 0; i < run->n_frames; i++) {
        compare_frame(c, run, run->base + i * PAGE);
    }
    c->last = *run;
    return true;
}

static bool stop_at_once(void *ctx, const struct quire_run *run) {
    (void)run;
    ++*(unsigned *)ctx;
    return false;
}

static void compare_walk(void) {
    struct comparison c = {0};
    unsigned n_visits = 0;
    quire_walk(oracle_quire, compare_run, &c);
    expect_number("frames seen by the walk", c.n_seen, oracle_n_frames);
    quire_walk(oracle_quire, stop_at_once, &n_visits);
    expect_number("visits after which a walk was to stop", n_visits, 1);
}

static void compare_owners(void) {
    static uint64_t theirs[QUIRE_TAGS], ours[QUIRE_TAGS];
    memset(ours, 0, sizeof ours);
    for (size_t i = 0; i < oracle_n_frames; i++) {
        ours[oracle_frames[i].tag] += oracle_frames[i].refs > 0;
    }
    quire_tag_stats(oracle_quire, theirs);
    for (unsigned tag = 0; tag < QUIRE_TAGS; tag++) {
        expect_number("frames held under one tag", theirs[tag], ours[tag]);
    }
}

static void validate(void) {
    struct quire_fault first = {.detail = "-"};
    enum quire_status status = QUIRE_BUSY;
    for (unsigned tries = 0; status == QUIRE_BUSY && tries < 100; tries++) { /* its look at extents asks the port, where
                                                                              * calls come in between */
        status = quire_validate(oracle_quire, &first);
    }
    if (status != QUIRE_OK) {
        oracle_fail("validate: %s: %s: %s, pa %#llx", quire_status_name(status), quire_fault_name(first.kind),
                    first.detail, (unsigned long long)first.pa);
    }
}

void oracle_compare_all(void) {
    struct quire_stats stats;
    validate();
    oracle_compare_counts();
    quire_stats(oracle_quire, &stats);
    compare_zones(&stats);
    compare_cpus(&stats);
    compare_walk();
    for (size_t i = 0; i < oracle_n_frames; i++) {
        expect_number("references of some frame", quire_refs(oracle_quire, oracle_frames[i].pa), oracle_frames[i].refs);
    }
    compare_owners();
}
