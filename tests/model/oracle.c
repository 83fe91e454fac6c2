/* oracle.c: see oracle.h. */
#include "oracle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct frame *oracle_frames;
size_t oracle_n_frames;
uint64_t oracle_n_free;
struct operation oracle_op;
uint64_t oracle_seed, oracle_step;

static const struct world *world;
static struct quire *quire;
static uint64_t n_metadata, n_faults;
static uint32_t n_allocations;
static uint64_t n_stamps;

_Noreturn void oracle_fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "model: seed %llu (%s, content %d, %u CPUs), step %llu: %s(pa %#llx, order %u) on CPU %u: ",
            (unsigned long long)oracle_seed, world->name, (int)world->content, world->n_cpus,
            (unsigned long long)oracle_step, oracle_op.call, (unsigned long long)oracle_op.pa, oracle_op.order,
            oracle_op.cpu);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\nmodel: repeat with MODEL_SEED=%llu MODEL_STEPS=%llu\n", (unsigned long long)oracle_seed,
            (unsigned long long)oracle_step + 1);
    va_end(args);
    exit(1);
}

/* ---- frames ------------------------------------------------------------------------------------------- */

struct frame *oracle_frame(quire_pa pa) {
    size_t low = 0, high = oracle_n_frames;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct frame *f = &oracle_frames[middle];
        if (pa - f->pa < PAGE) {
            return f;
        }
        if (f->pa < pa) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static struct frame *find(bool held) {
    for (unsigned tries = 0; tries < 40; tries++) {
        struct frame *f = &oracle_frames[any(oracle_n_frames)];
        if (!f->metadata && (f->refs > 0) == held) {
            return f;
        }
    }
    return NULL;
}

struct frame *oracle_held(void) {
    return find(true);
}

struct frame *oracle_free(void) {
    return find(false);
}

static bool is_free(const struct frame *f) {
    return f != NULL && !f->metadata && f->refs == 0;
}

/* The zone's [base, end) around an address; whether there is one. */
static bool zone_of(quire_pa pa, struct quire_zone_stats *zone) {
    for (unsigned i = 0; quire_zone_stats(quire, i, zone); i++) {
        if (zone->base <= pa && pa < zone->end) {
            return true;
        }
    }
    return false;
}

bool oracle_has_run(unsigned order, bool free_now) {
    const uint64_t n = (uint64_t)1 << order;
    for (size_t i = 0; i + n <= oracle_n_frames; i++) {
        struct quire_zone_stats zone;
        quire_pa base = oracle_frames[i].pa;
        if (base % (n * PAGE) != 0 || oracle_frames[i + n - 1].pa != base + (n - 1) * PAGE) {
            continue;
        }
        uint64_t n_good = 0;
        while (n_good < n && (free_now ? is_free(&oracle_frames[i + n_good]) : !oracle_frames[i + n_good].metadata)) {
            n_good++;
        }
        if (n_good == n && zone_of(base, &zone) && base + (n - 1) * PAGE < zone.end) {
            return true;
        }
    }
    return false;
}

/* ---- start and growth --------------------------------------------------------------------------------- */

static int by_address(const void *a, const void *b) {
    const struct frame *x = a, *y = b;
    return x->pa < y->pa ? -1 : x->pa > y->pa;
}

static void add_frames(const struct quire_region *r) {
    size_t n = (size_t)((r->end - r->base) / PAGE);
    oracle_frames = realloc(oracle_frames, (oracle_n_frames + n) * sizeof *oracle_frames);
    if (oracle_frames == NULL) {
        oracle_fail("the model itself has no memory left");
    }
    for (size_t i = 0; i < n; i++) {
        oracle_frames[oracle_n_frames++] = (struct frame){.pa = r->base + i * PAGE, .byte = 0xA5};
    }
    oracle_n_free += n;
    qsort(oracle_frames, oracle_n_frames, sizeof *oracle_frames, by_address);
}

/* Metadata are where the walk says; they may only appear in memory that is new. */
static bool learn_metadata(void *ctx, const struct quire_run *run) {
    const struct quire_region *region = ctx;
    for (uint64_t i = 0; run->state == QUIRE_STATE_METADATA && i < run->n_frames; i++) {
        struct frame *f = oracle_frame(run->base + i * PAGE);
        if (f == NULL) {
            oracle_fail("metadata at %#llx, outside usable memory", (unsigned long long)run->base);
        }
        bool is_new = region == NULL || (f->pa >= region->base && f->pa < region->end);
        if (!f->metadata && !is_new) {
            oracle_fail("metadata appeared in frame %#llx", (unsigned long long)f->pa);
        }
        n_metadata += !f->metadata;
        oracle_n_free -= !f->metadata;
        f->metadata = true;
    }
    return true;
}

void oracle_start(const struct world *w, struct quire *q) {
    world = w;
    quire = q;
    n_metadata = n_faults = oracle_n_free = n_stamps = 0;
    oracle_n_frames = 0;
    for (unsigned i = 0; i < N_REGIONS && w->at_start[i].end != 0; i++) {
        if (w->at_start[i].type == QUIRE_USABLE) {
            add_frames(&w->at_start[i]);
        }
    }
    quire_walk(q, learn_metadata, NULL);
}

void oracle_added(const struct quire_region *region) {
    add_frames(region);
    quire_walk(quire, learn_metadata, (void *)(uintptr_t)region);
}

void oracle_end(void) {
    free(oracle_frames);
    oracle_frames = NULL;
    oracle_n_frames = 0;
}

/* ---- contents ----------------------------------------------------------------------------------------- */

static void write_stamp(struct frame *f) {
    unsigned char *bytes = world_bytes(f->pa);
    f->stamp = ++n_stamps * 0x9E3779B97F4A7C15u | 1u;
    memcpy(bytes, &f->stamp, sizeof f->stamp);
    memcpy(bytes + PAGE - sizeof f->stamp, &f->stamp, sizeof f->stamp);
}

static bool all_bytes_are(const unsigned char *bytes, size_t n, uint8_t byte) {
    return bytes[0] == byte && memcmp(bytes, bytes + 1, n - 1) == 0;
}

/* What stands in the frame is what the oracle thinks. */
static void check_contents(const struct frame *f) {
    const unsigned char *bytes = world_bytes(f->pa);
    size_t edge = f->stamp != 0 ? sizeof f->stamp : 0;
    bool same = all_bytes_are(bytes + edge, (size_t)PAGE - 2 * edge, f->byte) && memcmp(bytes, &f->stamp, edge) == 0 &&
                memcmp(bytes + PAGE - edge, &f->stamp, edge) == 0;
    if (!same) {
        oracle_fail("frame %#llx begins %02x, its middle is %02x, expected %s and %02x", (unsigned long long)f->pa,
                    bytes[0], bytes[PAGE / 2], f->stamp != 0 ? "a stamp" : "the same", f->byte);
    }
}

static void filled(struct frame *f, uint8_t byte) {
    f->byte = byte;
    f->stamp = 0;
}

static void contents_freed(struct frame *f) {
    switch (world->content) {
    case QUIRE_CONTENT_JUNK:
    case QUIRE_CONTENT_JUNK_FREE:
        filled(f, 1);
        break;
    case QUIRE_CONTENT_POISON:
        filled(f, QUIRE_POISON);
        break;
    case QUIRE_CONTENT_NONE:
    case QUIRE_CONTENT_ZERO:
        break;
    }
    check_contents(f);
}

static void contents_given(struct frame *f) {
    if (world->content == QUIRE_CONTENT_JUNK) {
        filled(f, 5);
    } else if (world->content == QUIRE_CONTENT_ZERO) {
        filled(f, 0);
    }
    check_contents(f);
}

void oracle_write_to_free(struct frame *f, unsigned offset, uint8_t byte) {
    f->dirty_at = offset;
    f->dirty = byte;
    world_bytes(f->pa)[offset] = byte;
}

/* ---- results ------------------------------------------------------------------------------------------ */

static void allocate_run(quire_pa pa, unsigned order, uint8_t tag) {
    struct quire_zone_stats zone;
    const uint64_t n = (uint64_t)1 << order;
    if (pa % (PAGE << order) != 0 || !zone_of(pa, &zone) || pa + (n - 1) * PAGE >= zone.end) {
        oracle_fail("gave %#llx, not aligned or not inside a zone", (unsigned long long)pa);
    }
    n_allocations++;
    for (uint64_t i = 0; i < n; i++) {
        struct frame *f = oracle_frame(pa + i * PAGE);
        if (!is_free(f) || f->dirty != 0) {
            oracle_fail("gave %#llx, but frame %#llx is %s", (unsigned long long)pa,
                        (unsigned long long)(pa + i * PAGE),
                        f == NULL     ? "no memory"
                        : f->metadata ? "metadata"
                        : f->refs > 0 ? "held"
                                      : "written");
        }
        f->refs = 1;
        f->tag = tag;
        f->allocation = n_allocations;
    }
    oracle_n_free -= n;
}

void oracle_allocated(quire_pa pa, uint8_t tag) {
    unsigned order = oracle_op.order;
    if (pa == QUIRE_NONE) {
        if (oracle_has_run(order, true)) {
            oracle_fail("says that there is none, but %llu frames are free, with a run",
                        (unsigned long long)oracle_n_free);
        }
        return;
    }
    allocate_run(pa, order, tag);
    for (uint64_t i = 0; i < (uint64_t)1 << order; i++) {
        struct frame *f = oracle_frame(pa + i * PAGE);
        contents_given(f);
        write_stamp(f);
        f->ever = true;
    }
}

void oracle_freed(quire_pa pa, unsigned order) {
    for (uint64_t i = 0; i < (uint64_t)1 << order; i++) {
        struct frame *f = oracle_frame(pa + i * PAGE);
        f->refs = 0;
        contents_freed(f);
    }
    oracle_n_free += (uint64_t)1 << order;
}

void oracle_copied(const struct frame *shared, quire_pa own) {
    allocate_run(own, 0, shared->tag);
    struct frame *f = oracle_frame(own);
    f->byte = shared->byte;
    f->stamp = shared->stamp;
    f->ever = true;
    check_contents(f);
    check_contents(shared);
}

/* ---- misuse ------------------------------------------------------------------------------------------- */

static bool is_call(const char *name) {
    return strcmp(oracle_op.call, name) == 0;
}

/* What is wrong with a call for this one frame; QUIRE_FAULT_NONE: nothing. */
static enum quire_fault_kind wrong_with(quire_pa pa) {
    struct quire_zone_stats zone;
    const struct frame *f = oracle_frame(pa);
    bool reference = is_call("quire_get") || is_call("quire_put") || is_call("quire_cow");
    if (f == NULL || f->metadata) {
        return f != NULL || zone_of(pa, &zone) ? QUIRE_FAULT_RESERVED : QUIRE_FAULT_UNMANAGED;
    }
    if (f->refs == 0 && reference) {
        return is_call("quire_put") ? QUIRE_FAULT_PUT_FREE : QUIRE_FAULT_GET_FREE;
    }
    if (f->refs == 0) {
        return f->ever ? QUIRE_FAULT_DOUBLE_FREE : QUIRE_FAULT_NEVER_ALLOCATED;
    }
    return f->refs > 1 && !reference ? QUIRE_FAULT_SHARED : QUIRE_FAULT_NONE;
}

static bool is_one_allocation(void) {
    const struct frame *first = oracle_frame(oracle_op.pa);
    for (uint64_t i = 0; i < (uint64_t)1 << oracle_op.order; i++) {
        const struct frame *f = oracle_frame(oracle_op.pa + i * PAGE);
        if (first == NULL || f == NULL || f->refs == 0 || f->allocation != first->allocation) {
            return false;
        }
    }
    return true;
}

bool oracle_is_proper(void) {
    bool good = oracle_op.pa % (PAGE << oracle_op.order) == 0 && is_one_allocation();
    for (uint64_t i = 0; good && i < (uint64_t)1 << oracle_op.order; i++) {
        good = wrong_with(oracle_op.pa + i * PAGE) == QUIRE_FAULT_NONE;
    }
    return good;
}

static bool somewhere_wrong(enum quire_fault_kind kind) {
    for (uint64_t i = 0; i < (uint64_t)1 << oracle_op.order; i++) {
        enum quire_fault_kind here = wrong_with(oracle_op.pa + i * PAGE);
        if (here == kind || (here == QUIRE_FAULT_RESERVED && kind == QUIRE_FAULT_UNMANAGED)) {
            return true;
        }
    }
    return false;
}

/* The report is about something that is wrong indeed. Of several wrong things any may be the one. */
static bool is_true(const struct quire_fault *fault) {
    quire_pa at = fault->pa;
    if (fault->kind == QUIRE_FAULT_MISALIGNED) {
        return at == oracle_op.pa && at % (PAGE << oracle_op.order) != 0;
    }
    if (at - oracle_op.pa >= PAGE << oracle_op.order) {
        return false;
    }
    if (fault->kind == QUIRE_FAULT_UNMANAGED || fault->kind == QUIRE_FAULT_NEVER_ALLOCATED) {
        return fault->refs == 0 && fault->tag == 0 && somewhere_wrong(fault->kind); /* said of the whole range */
    }
    const struct frame *f = oracle_frame(at);
    uint32_t refs = f != NULL && !f->metadata ? f->refs : 0;
    uint8_t tag = f != NULL && !f->metadata ? f->tag : 0;
    if (fault->refs != refs || fault->tag != tag) {
        return false;
    }
    if (fault->kind == QUIRE_FAULT_WRONG_ORDER) {
        return oracle_op.order > 0 && refs > 0 && !is_one_allocation();
    }
    return wrong_with(at) == fault->kind;
}

void oracle_misuse_fault(void) {
    const struct quire_fault *fault = &world_faults[0];
    if (world_n_faults != 1) {
        oracle_fail("a misuse, and %u faults reported", world_n_faults);
    }
    if (strcmp(fault->call, oracle_op.call) != 0 || fault->order != oracle_op.order || !is_true(fault)) {
        oracle_fail("reported as %s: %s: %s (pa %#llx, order %u, refs %u, tag %u)", fault->call,
                    quire_fault_name(fault->kind), fault->detail, (unsigned long long)fault->pa, fault->order,
                    fault->refs, fault->tag);
    }
    n_faults++;
    world_n_faults = 0;
}

void oracle_content_faults(void) {
    for (unsigned i = 0; i < world_n_faults; i++) {
        const struct quire_fault *fault = &world_faults[i];
        struct frame *f = oracle_frame(fault->pa);
        if (fault->kind != QUIRE_FAULT_CONTENT || f == NULL || f->dirty == 0 || fault->offset != f->dirty_at ||
            fault->found != f->dirty || fault->expected != QUIRE_POISON || fault->tag != f->tag ||
            strcmp(fault->call, oracle_op.call) != 0) {
            oracle_fail("reported %s: %s: pa %#llx, offset %u, found %#x, tag %u", fault->call,
                        quire_fault_name(fault->kind), (unsigned long long)fault->pa, fault->offset, fault->found,
                        fault->tag);
        }
        world_bytes(f->pa)[f->dirty_at] = QUIRE_POISON; /* known bytes again, should somebody free or copy it */
        f->dirty = 0;
        f->refs = 1;
        f->tag = QUIRE_TAG_QUARANTINE;
        f->allocation = ++n_allocations;
        oracle_n_free--;
    }
    n_faults += world_n_faults;
    world_n_faults = 0;
}

/* ---- comparing ---------------------------------------------------------------------------------------- */

void oracle_compare_counts(void) {
    struct quire_stats stats;
    quire_stats(quire, &stats);
    if (stats.n_frames != oracle_n_frames - n_metadata || stats.n_free != oracle_n_free ||
        stats.n_metadata != n_metadata || stats.n_faults != n_faults || stats.n_unproved != 0 ||
        stats.n_cpus != world->n_cpus || stats.n_cached > stats.n_free || world_n_faults != 0) {
        oracle_fail(
            "frames %llu, free %llu, metadata %llu, faults %llu, unproved %llu; expected %llu, %llu, %llu, %llu, 0",
            (unsigned long long)stats.n_frames, (unsigned long long)stats.n_free, (unsigned long long)stats.n_metadata,
            (unsigned long long)stats.n_faults, (unsigned long long)stats.n_unproved,
            (unsigned long long)(oracle_n_frames - n_metadata), (unsigned long long)oracle_n_free,
            (unsigned long long)n_metadata, (unsigned long long)n_faults);
    }
    uint64_t n_cached = 0;
    struct quire_cpu_stats cpu;
    for (unsigned i = 0; quire_cpu_stats(quire, i, &cpu); i++) {
        n_cached += cpu.n_warm + cpu.n_in + cpu.n_out;
    }
    if (n_cached != stats.n_cached) {
        oracle_fail("%llu frames cached, but the CPUs have %llu", (unsigned long long)stats.n_cached,
                    (unsigned long long)n_cached);
    }
}

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
    return (struct quire_run){.state = state, .tag = is_free(f) || f->metadata ? 0 : f->tag};
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
        quire_pa pa = run->base + i * PAGE;
        const struct frame *f = oracle_frame(pa);
        struct quire_run want = {.state = QUIRE_STATE_RESERVED};
        want = f != NULL ? as_run(f) : want;
        if (run->state != want.state || run->tag != want.tag) {
            oracle_fail("the walk says state %d, tag %u of frame %#llx, expected %d, %u", (int)run->state, run->tag,
                        (unsigned long long)pa, (int)want.state, want.tag);
        }
        c->n_seen += f != NULL;
    }
    c->last = *run;
    return true;
}

static void compare_owners(void) {
    static uint64_t theirs[QUIRE_TAGS], ours[QUIRE_TAGS];
    memset(ours, 0, sizeof ours);
    for (size_t i = 0; i < oracle_n_frames; i++) {
        ours[oracle_frames[i].tag] += oracle_frames[i].refs > 0;
    }
    quire_tag_stats(quire, theirs);
    for (unsigned tag = 0; tag < QUIRE_TAGS; tag++) {
        if (theirs[tag] != ours[tag]) {
            oracle_fail("tag %u holds %llu frames, expected %llu", tag, (unsigned long long)theirs[tag],
                        (unsigned long long)ours[tag]);
        }
    }
}

void oracle_compare_all(void) {
    struct quire_fault first = {.detail = "-"};
    enum quire_status status = quire_validate(quire, &first);
    if (status != QUIRE_OK) {
        oracle_fail("validate: %s: %s: %s, pa %#llx", quire_status_name(status), quire_fault_name(first.kind),
                    first.detail, (unsigned long long)first.pa);
    }
    struct comparison c = {0};
    quire_walk(quire, compare_run, &c);
    if (c.n_seen != oracle_n_frames) {
        oracle_fail("the walk shows %zu frames of %zu", c.n_seen, oracle_n_frames);
    }
    for (size_t i = 0; i < oracle_n_frames; i++) {
        if (quire_refs(quire, oracle_frames[i].pa) != oracle_frames[i].refs) {
            oracle_fail("frame %#llx has %u references, expected %u", (unsigned long long)oracle_frames[i].pa,
                        quire_refs(quire, oracle_frames[i].pa), oracle_frames[i].refs);
        }
    }
    compare_owners();
}
