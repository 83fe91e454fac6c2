/* oracle.c: what calls do to frames, and whether what they said was possible. See oracle.h. */
#include "frames.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct operation oracle_op;
uint64_t oracle_seed, oracle_step;

static const struct world nowhere = {.name = "no allocator yet"};
const struct world *oracle_world = &nowhere;
struct quire *oracle_quire;
uint64_t oracle_n_metadata, oracle_n_faults;

static uint32_t n_allocations;
static uint64_t n_stamps;
static uint32_t n_looks; /* at contents */

/* ---- the operation -------------------------------------------------------------------------------------- */

void oracle_begin(enum call call, quire_pa pa, uint64_t n) {
    oracle_op = (struct operation){.call = call, .pa = pa, .n = n, .cpu = oracle_op.cpu, .first_fault = world_n_faults};
}

bool oracle_takes(enum call call) {
    return call == CALL_ALLOC || call == CALL_ALLOC_ORDER || call == CALL_ALLOC_FOR || call == CALL_ALLOC_RANGE ||
           call == CALL_ALLOC_BULK || call == CALL_COW;
}

unsigned oracle_order(void) {
    unsigned order = 0;
    while ((uint64_t)1 << order < oracle_op.n) {
        order++;
    }
    return order;
}

bool oracle_is_about(const struct operation *op, quire_pa pa, uint64_t n) {
    if (op->list == NULL) {
        return op->pa < pa + n * PAGE && pa < op->pa + op->n * PAGE;
    }
    for (uint64_t i = 0; i < op->n; i++) {
        if (op->list[i] - pa < n * PAGE) {
            return true;
        }
    }
    return false;
}

const char *oracle_call_name(void) {
    static const char *const names[] = {[CALL_INIT] = "quire_init",
                                        [CALL_ALLOC] = "quire_alloc",
                                        [CALL_ALLOC_ORDER] = "quire_alloc_order",
                                        [CALL_FREE] = "quire_free",
                                        [CALL_GET] = "quire_get",
                                        [CALL_FREE_ORDER] = "quire_free_order",
                                        [CALL_PUT] = "quire_put",
                                        [CALL_COW] = "quire_cow",
                                        [CALL_REFS] = "quire_refs",
                                        [CALL_TRY_GET] = "quire_try_get",
                                        [CALL_ADD] = "quire_add",
                                        [CALL_RECOVER] = "quire_recover",
                                        [CALL_WRITE] = "a write",
                                        [CALL_ALLOC_FOR] = "quire_alloc_for",
                                        [CALL_ALLOC_RANGE] = "quire_alloc_range",
                                        [CALL_FREE_FRAMES] = "quire_free_frames",
                                        [CALL_ALLOC_BULK] = "quire_alloc_bulk",
                                        [CALL_FREE_BULK] = "quire_free_bulk"};
    if (oracle_op.n == 1 && oracle_op.call == CALL_ALLOC_ORDER) {
        return names[CALL_ALLOC];
    }
    if (oracle_op.n == 1 && oracle_op.call == CALL_FREE_ORDER) {
        return names[CALL_FREE];
    }
    return names[oracle_op.call];
}

_Noreturn void oracle_fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "model: seed %llu (%s, content %d, %u CPUs), step %llu: %s(pa %#llx, n %llu) on CPU %u: ",
            (unsigned long long)oracle_seed, oracle_world->name, (int)oracle_world->content, oracle_world->n_cpus,
            (unsigned long long)oracle_step, oracle_call_name(), (unsigned long long)oracle_op.pa,
            (unsigned long long)oracle_op.n, oracle_op.cpu);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    if (oracle_seed != 0) { /* else the operations were not drawn */
        fprintf(stderr, "model: repeat with MODEL_SEED=%llu MODEL_STEPS=%llu\n", (unsigned long long)oracle_seed,
                (unsigned long long)oracle_step + 1);
    }
    va_end(args);
    exit(1);
}

void oracle_expect_status(enum quire_status status, enum quire_status want) {
    if (status != want) {
        oracle_fail("says %s, expected %s", quire_status_name(status), quire_status_name(want));
    }
}

/* ---- life ----------------------------------------------------------------------------------------------- */

/* Metadata are where the walk says; they may only appear in memory that is new, or free. */
static bool learn_metadata(void *ctx, const struct quire_run *run) {
    const struct quire_region *region = ctx;
    for (uint64_t i = 0; run->state == QUIRE_STATE_METADATA && i < run->n_frames; i++) {
        struct frame *f = oracle_frame(run->base + i * PAGE);
        if (f == NULL) {
            oracle_fail("metadata at %#llx, outside usable memory", (unsigned long long)run->base);
        }
        bool is_new = region == NULL || (f->pa >= region->base && f->pa < region->end);
        if (!f->metadata && !is_new && f->refs > 0) {
            oracle_fail("metadata appeared in frame %#llx", (unsigned long long)f->pa);
        }
        oracle_n_metadata += !f->metadata;
        f->metadata = true;
        f->poisoned = false; /* free frames that become metadata are written to, and by nobody else */
    }
    return true;
}

void oracle_start(const struct world *w, struct quire *q) {
    oracle_world = w;
    oracle_quire = q;
    oracle_n_metadata = oracle_n_faults = n_stamps = 0;
    n_looks = n_allocations = 0;
    frames_clear();
    for (unsigned i = 0; i < N_REGIONS && w->at_start[i].end != 0; i++) {
        if (w->at_start[i].type == QUIRE_USABLE) {
            frames_add(&w->at_start[i]);
        }
    }
    quire_walk(q, learn_metadata, NULL);
    frames_settle(q);
}

void oracle_added(const struct quire_region *region) {
    frames_add(region);
    quire_walk(oracle_quire, learn_metadata, (void *)(uintptr_t)region);
    frames_settle(oracle_quire);
}

/* ---- contents ------------------------------------------------------------------------------------------- */

/* Each frame's front and back are looked at, each so-manieth frame all over: that takes as long as ten operations. */
#define ALL_OF_ONE_IN 16u
#define EDGE_BYTES    16u
#define STAMP_ONE_IN  8u /* of the frames of a run */

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
    const unsigned char *bytes = world_look(f->pa);
    size_t stamp = f->stamp != 0 ? sizeof f->stamp : 0, page = (size_t)PAGE;
    bool same = memcmp(bytes, &f->stamp, stamp) == 0 && memcmp(bytes + page - stamp, &f->stamp, stamp) == 0;
    if (n_looks++ % ALL_OF_ONE_IN == 0) {
        same = same && all_bytes_are(bytes + stamp, page - 2 * stamp, f->byte);
    } else {
        same = same && all_bytes_are(bytes + stamp, EDGE_BYTES - stamp, f->byte) &&
               all_bytes_are(bytes + page - EDGE_BYTES, EDGE_BYTES - stamp, f->byte);
    }
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
    switch (oracle_world->content) {
    case QUIRE_CONTENT_JUNK:
    case QUIRE_CONTENT_JUNK_FREE:
        filled(f, 1);
        break;
    case QUIRE_CONTENT_POISON:
        filled(f, QUIRE_POISON);
        f->poisoned = true;
        break;
    case QUIRE_CONTENT_NONE:
    case QUIRE_CONTENT_ZERO:
        break;
    }
    check_contents(f);
}

static void contents_given(struct frame *f) {
    if (oracle_world->content == QUIRE_CONTENT_JUNK) {
        filled(f, 5);
    } else if (oracle_world->content == QUIRE_CONTENT_ZERO) {
        filled(f, 0);
    }
    check_contents(f);
}

void oracle_write_to_free(struct frame *f, unsigned offset, uint8_t byte) {
    f->dirty_at = offset;
    f->dirty = byte;
    world_bytes(f->pa)[offset] = byte;
}

/* ---- allocations ---------------------------------------------------------------------------------------- */

static void refuse(quire_pa pa, const struct frame *f, quire_pa at) {
    oracle_fail("gave %#llx, but frame %#llx is %s", (unsigned long long)pa, (unsigned long long)at,
                f == NULL     ? "no memory"
                : f->metadata ? "metadata"
                : f->refs > 0 ? "held"
                              : "written");
}

static void allocate_run(quire_pa pa, uint64_t n, uint8_t tag) {
    if (pa % PAGE != 0 || !oracle_in_one_zone(pa, n)) {
        oracle_fail("gave %#llx, no frame or not inside a zone", (unsigned long long)pa);
    }
    n_allocations++;
    for (uint64_t i = 0; i < n; i++) {
        struct frame *f = oracle_frame(pa + i * PAGE);
        if (!frames_is_free(f) || f->dirty != 0) {
            refuse(pa, f, pa + i * PAGE);
        }
        f->tag = tag;
        f->allocation = n_allocations;
    }
    frames_occupy(oracle_frame(pa), n);
}

void oracle_adopt(struct frame *f, uint8_t tag) {
    frames_occupy(f, 1);
    f->tag = tag;
    f->allocation = ++n_allocations;
    f->ever = true;
}

void oracle_given(quire_pa pa, uint64_t n, uint8_t tag) {
    allocate_run(pa, n, tag);
    struct frame *first = oracle_frame(pa);
    for (struct frame *f = first; f < first + n; f++) {
        contents_given(f);
        f->ever = true;
    }
    for (uint64_t i = 0; i < n; i += STAMP_ONE_IN) {
        write_stamp(&first[i]);
    }
}

void oracle_allocated(quire_pa pa, uint8_t tag) {
    if (pa == QUIRE_NONE) {
        if (oracle_free_runs(oracle_order()) > 0) {
            oracle_fail("says that there is none, but %llu frames are free, with a run",
                        (unsigned long long)oracle_n_free);
        }
        return;
    }
    if (pa % (PAGE * oracle_op.n) != 0) {
        oracle_fail("gave %#llx, not aligned", (unsigned long long)pa);
    }
    oracle_given(pa, oracle_op.n, tag);
}

enum quire_status oracle_why_none(unsigned order) {
    return oracle_runs(order) == 0                ? QUIRE_UNSATISFIABLE
           : oracle_n_free < (uint64_t)1 << order ? QUIRE_NO_MEMORY
                                                  : QUIRE_FRAGMENTED;
}

void oracle_freed(quire_pa pa, uint64_t n) {
    struct frame *first = oracle_frame(pa);
    frames_release(first, n);
    for (struct frame *f = first; f < first + n; f++) {
        contents_freed(f);
    }
}

void oracle_given_back(uint8_t tag) {
    for (struct frame *f = oracle_frames; f < oracle_frames + oracle_n_frames; f++) {
        if (frames_is_free(f)) {
            f->tag = tag;
            f->ever = true;
            if (oracle_world->content == QUIRE_CONTENT_ZERO) {
                filled(f, 0);
            }
            contents_freed(f);
        }
    }
}

/* ---- references ----------------------------------------------------------------------------------------- */

void oracle_got(struct frame *f) {
    if (world_n_faults != oracle_op.first_fault) {
        oracle_fail("%u references more, and %u faults reported", 1, world_n_faults - oracle_op.first_fault);
    }
    f->refs += f->refs < QUIRE_MAX_REFS;
}

enum quire_status oracle_how_got(const struct frame *f) {
    return f->refs >= QUIRE_MAX_REFS - 1 ? QUIRE_SATURATED : QUIRE_OK;
}

void oracle_looked_up(bool got) {
    struct frame *f = oracle_op.pa % PAGE == 0 ? oracle_frame(oracle_op.pa) : NULL;
    bool good = f != NULL && !f->metadata && f->refs > 0 && f->refs < QUIRE_MAX_REFS - 1;
    if (got != good || world_n_faults != oracle_op.first_fault) {
        oracle_fail("says %s of %u references, and %u faults reported", got ? "yes" : "no", f != NULL ? f->refs : 0,
                    world_n_faults - oracle_op.first_fault);
    }
    if (got) {
        f->refs++;
    }
}

void oracle_dropped(struct frame *f) {
    f->refs -= f->refs < QUIRE_MAX_REFS;
}

void oracle_copied(const struct frame *shared, quire_pa own) {
    allocate_run(own, 1, shared->tag);
    struct frame *f = oracle_frame(own);
    f->byte = shared->byte;
    f->stamp = shared->stamp;
    f->ever = true;
    check_contents(f);
    check_contents(shared);
}

/* ---- written frames ------------------------------------------------------------------------------------- */

/* Whether a report of this function may be the operation's: calls about many frames make others. */
static bool may_come_from(const char *call) {
    bool single = oracle_op.call == CALL_ALLOC_BULK || (oracle_op.call == CALL_ALLOC_FOR && oracle_op.n == 1);
    return strcmp(call, oracle_call_name()) == 0 || (single && strcmp(call, "quire_alloc") == 0) ||
           (oracle_op.call == CALL_ALLOC_FOR && !single && strcmp(call, "quire_alloc_order") == 0);
}

void oracle_content_faults(void) {
    for (unsigned i = oracle_op.first_fault; i < world_n_faults; i++) {
        const struct quire_fault *fault = &world_faults[i];
        struct frame *f = oracle_frame(fault->pa);
        if (fault->kind != QUIRE_FAULT_CONTENT || f == NULL || f->dirty == 0 || fault->offset != f->dirty_at ||
            fault->found != f->dirty || fault->expected != QUIRE_POISON || fault->tag != f->tag ||
            !may_come_from(fault->call)) {
            oracle_fail("reported %s: %s: pa %#llx, offset %u, found %#x, tag %u", fault->call,
                        quire_fault_name(fault->kind), (unsigned long long)fault->pa, fault->offset, fault->found,
                        fault->tag);
        }
        world_bytes(f->pa)[f->dirty_at] = QUIRE_POISON; /* known bytes again, should somebody free or copy it */
        f->dirty = 0;
        oracle_adopt(f, QUIRE_TAG_QUARANTINE);
    }
    oracle_n_faults += world_n_faults - oracle_op.first_fault;
    world_n_faults = oracle_op.first_fault;
}
