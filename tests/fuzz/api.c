/* api.c: any bytes as a program of the allocator's whole API, on a machine that is made of bytes, too. After each operation the
 * answer, the reports, the references and the statistics are those of the oracle of tests/model; at "compare" and
 * at the end everything is compared frame by frame, and the allocator validates itself.
 *
 *     input   a machine (machine.h), then operations: which one, and its arguments, a byte each
 *
 * Frames are named by their distance from the one that the operation before was about, so that most programs make sense. */
#include "machine.h"
#include "tests/model/oracle.h"

#include <string.h>

#define N_TAGS       4u
#define MAX_WRITTEN  32u /* fewer than WORLD_MAX_FAULTS */
#define FEW_FRAMES   16u /* may not suffice for the metadata of what is added */
#define FIRST_FRAMES 32u /* suffices for those of any machine at init */

static struct machine machine;
static struct quire *q;
static size_t last;        /* index of the frame that the last operation was about */
static unsigned n_written; /* free frames written to so far */

/* What a run may cost, about: frames looked at one by one. Filling one takes as long as looking at so many. */
#define MOST_WORK 1000u
#define FILL_WORK 4u
#define ONE_IN    4u /* of what looks at everything, since that takes long */
static size_t work;

/* So many frames were handed out or freed. */
static void worked(uint64_t n) {
    work += (size_t)n * (machine.config.content == QUIRE_CONTENT_NONE ? 1 : FILL_WORK);
}

/* ---- saying what is done --------------------------------------------------------------------------------- */

static void expect_address(enum quire_status status, quire_pa pa) {
    if ((pa == QUIRE_NONE) != (status != QUIRE_OK)) {
        oracle_fail("says %s and gives %#llx", quire_status_name(status), (unsigned long long)pa);
    }
}

static void remember(quire_pa pa) {
    const struct frame *f = oracle_frame(pa);
    last = f != NULL ? (size_t)(f - oracle_frames) : last;
}

/* ---- arguments ------------------------------------------------------------------------------------------- */

/* A frame near the last one. */
static size_t near(struct input *in) {
    size_t distance = (size_t)(int8_t)take(in); /* wraps, as it should */
    return (last + distance + oracle_n_frames) % oracle_n_frames;
}

/* The first held frame from there on; where none is held, any. */
static quire_pa held(struct input *in) {
    size_t from = near(in);
    for (size_t i = 0; i < oracle_n_frames; i++) {
        const struct frame *f = &oracle_frames[(from + i) % oracle_n_frames];
        if (!f->metadata && f->refs > 0) {
            return f->pa;
        }
    }
    return oracle_frames[from].pa;
}

/* Any address: of a frame whatever its state, inside one, outside of all memory. */
static quire_pa address(struct input *in) {
    unsigned kind = take(in);
    quire_pa pa = oracle_frames[near(in)].pa;
    switch (kind % 8) {
    case 0:
        return pa + 1 + take(in);
    case 1:
        return pa + (quire_pa)take(in) * PAGE;
    case 2:
        return pa - (quire_pa)take(in) * PAGE;
    case 3:
        return pa + ((quire_pa)1 << take(in) % 64);
    case 4:
        return oracle_frames[take(in) * oracle_n_frames / 256].pa;
    default:
        return pa;
    }
}

/* ---- allocating ------------------------------------------------------------------------------------------ */

static quire_pa alloc(uint8_t tag) {
    oracle_begin(CALL_ALLOC, QUIRE_NONE, 1);
    quire_pa pa = quire_alloc(q, tag);
    oracle_content_faults();
    oracle_allocated(pa, tag);
    worked(1);
    remember(pa);
    return pa;
}

static void do_alloc(struct input *in) {
    alloc(take(in) % N_TAGS);
}

static void do_alloc_order(struct input *in) {
    unsigned byte = take(in), order = byte % 16;
    order = order <= PAIR_ORDER ? order : order - PAIR_ORDER + QUIRE_MAX_ORDER;
    uint8_t tag = (uint8_t)(byte / 16 % N_TAGS);
    quire_pa pa = 1;
    oracle_begin(CALL_ALLOC_ORDER, QUIRE_NONE, (uint64_t)1 << order);
    enum quire_status status = quire_alloc_order(q, order, tag, &pa);
    expect_address(status, pa);
    if (order > QUIRE_MAX_ORDER) {
        oracle_expect_status(status, QUIRE_INVALID);
        return;
    }
    oracle_content_faults();
    oracle_allocated(pa, tag);
    worked(pa != QUIRE_NONE ? oracle_op.n : 1);
    remember(pa);
    if (status != QUIRE_OK) {
        oracle_expect_status(status, oracle_why_none(order));
    }
}

/* So many, or until there is none. */
static void do_alloc_many(struct input *in) {
    for (unsigned n = take(in) + 1u; n > 0 && work < MOST_WORK && alloc(0) != QUIRE_NONE; n--) {}
}

/* ---- freeing and counting -------------------------------------------------------------------------------- */

static void end_free(enum quire_status status, bool proper) {
    oracle_expect_status(status, proper ? QUIRE_OK : QUIRE_FAULT);
    if (proper) {
        oracle_freed(oracle_op.pa, oracle_op.n);
        worked(oracle_op.n);
    } else {
        oracle_misuse_fault();
    }
    remember(oracle_op.pa);
}

static void free_frame(quire_pa pa) {
    oracle_begin(CALL_FREE, pa, 1);
    bool proper = oracle_is_proper();
    end_free(quire_free(q, pa), proper);
}

static void free_order(quire_pa pa, unsigned order) {
    oracle_begin(CALL_FREE_ORDER, pa, (uint64_t)1 << order);
    if (order > QUIRE_MAX_ORDER) {
        oracle_expect_status(quire_free_order(q, pa, order), QUIRE_INVALID);
        return;
    }
    bool proper = oracle_is_proper();
    end_free(quire_free_order(q, pa, order), proper);
}

static void get(quire_pa pa) {
    oracle_begin(CALL_GET, pa, 1);
    bool proper = oracle_is_proper();
    oracle_expect_status(quire_get(q, pa), proper ? oracle_how_got(oracle_frame(pa)) : QUIRE_FAULT);
    if (proper) {
        oracle_got(oracle_frame(pa));
    } else {
        oracle_misuse_fault();
    }
}

static void put(quire_pa pa) {
    oracle_begin(CALL_PUT, pa, 1);
    bool proper = oracle_is_proper();
    enum quire_status status = quire_put(q, pa);
    if (proper && oracle_frame(pa)->refs > 1) {
        oracle_expect_status(status, QUIRE_OK);
        oracle_dropped(oracle_frame(pa));
    } else {
        end_free(status, proper);
    }
}

/* The break of a frame that others hold, too. */
static void end_copy(struct frame *shared, enum quire_status status, quire_pa own) {
    oracle_content_faults();
    oracle_expect_status(status, oracle_n_free > 0 ? QUIRE_OK : QUIRE_NO_MEMORY);
    if (status == QUIRE_OK) {
        oracle_copied(shared, own);
        oracle_dropped(shared);
        remember(own);
    }
}

static void cow(quire_pa pa) {
    quire_pa own = 1;
    oracle_begin(CALL_COW, pa, 1);
    bool proper = oracle_is_proper();
    struct frame *shared = oracle_frame(pa);
    enum quire_status status = quire_cow(q, pa, &own);
    expect_address(status, own);
    if (!proper) {
        oracle_expect_status(status, QUIRE_FAULT);
        oracle_misuse_fault();
    } else if (shared->refs > 1) {
        end_copy(shared, status, own);
    } else if (status != QUIRE_OK || own != pa) {
        oracle_fail("says %s and gives %#llx to a sole owner", quire_status_name(status), (unsigned long long)own);
    }
}

static void do_free(struct input *in) {
    free_frame(held(in));
}

/* The front of an aligned part, of whatever order. */
static void do_free_order(struct input *in) {
    unsigned order = take(in) % 16;
    free_order(held(in) & ~((PAGE << order) - 1), order);
}

/* So many, or until none is held. */
static void do_free_many(struct input *in) {
    for (unsigned n = take(in) + 1u; n > 0 && work < MOST_WORK; n--) {
        quire_pa pa = held(&(struct input){0});
        uint32_t refs = oracle_frame(pa)->refs;
        if (refs == 0) {
            return;
        }
        (refs > 1 ? put : free_frame)(pa);
    }
}

static void do_get(struct input *in) {
    get(held(in));
}

static void do_put(struct input *in) {
    put(held(in));
}

static void do_cow(struct input *in) {
    cow(held(in));
}

/* Any call with any address. */
static void do_misuse(struct input *in) {
    static void (*const calls[])(quire_pa) = {free_frame, get, put, cow};
    unsigned call = take(in);
    quire_pa pa = address(in);
    if (call % 8 < 4) {
        calls[call % 4](pa);
    } else {
        free_order(pa, call / 8 % 16);
    }
}

/* ---- the rest -------------------------------------------------------------------------------------------- */

static void do_refs(struct input *in) {
    oracle_begin(CALL_REFS, address(in), 1);
    const struct frame *f = oracle_frame(oracle_op.pa);
    uint32_t want = f != NULL ? f->refs : 0, refs = quire_refs(q, oracle_op.pa);
    if (oracle_op.pa % PAGE == 0 && refs != want) {
        oracle_fail("says %u, expected %u", refs, want);
    }
    oracle_begin(CALL_TRY_GET, oracle_op.pa, 1);
    oracle_looked_up(quire_try_get(q, oracle_op.pa));
}

static void do_switch_cpu(struct input *in) {
    unsigned n = machine.config.n_cpus + 1; /* one of them is out of range */
    uint8_t byte = take(in);
    oracle_op.cpu = byte % n;
    machine_seed(byte);
    world_set_cpu(oracle_op.cpu, machine.world.restless ? n : 0);
}

static void do_write_to_free(struct input *in) {
    struct frame *f = &oracle_frames[near(in)];
    unsigned where = take(in);
    bool can_be_seen = machine.config.content == QUIRE_CONTENT_POISON && f->poisoned && f->refs == 0 && f->dirty == 0;
    if (can_be_seen && n_written < MAX_WRITTEN) {
        oracle_begin(CALL_WRITE, f->pa, 1);
        oracle_write_to_free(f, where * (unsigned)(PAGE - 1) / 255, (uint8_t)(QUIRE_POISON ^ 1u << where % 8));
        n_written++;
    }
}

static bool is_managed_block(quire_pa block) {
    for (size_t i = 0; i < oracle_n_frames; i++) {
        if (oracle_frames[i].pa / PAGE / QUIRE_BLOCK_FRAMES == block) {
            return true;
        }
    }
    return false;
}

/* How many frames of a region lie in blocks of which nothing is managed: only those need new metadata. */
static uint64_t n_in_new_blocks(const struct quire_region *frames) {
    uint64_t n = 0, n_here;
    for (quire_pa pa = frames->base; pa < frames->end; pa += n_here * PAGE) {
        uint64_t in_block = QUIRE_BLOCK_FRAMES - pa / PAGE % QUIRE_BLOCK_FRAMES, left = (frames->end - pa) / PAGE;
        n_here = in_block < left ? in_block : left;
        n += is_managed_block(pa / PAGE / QUIRE_BLOCK_FRAMES) ? 0 : n_here;
    }
    return n;
}

static void do_add(struct input *in) {
    struct quire_region region, frames;
    if (!machine_region(in, &region)) {
        return;
    }
    oracle_begin(CALL_ADD, region.base, 1);
    bool usable = machine_frames(&region, &frames), good = usable;
    for (size_t i = 0; i < oracle_n_frames && good; i++) {
        good = oracle_frames[i].pa < frames.base || oracle_frames[i].pa >= frames.end;
    }
    enum quire_status status = quire_add(q, &region);
    if (status != QUIRE_NO_MEMORY || !good || n_in_new_blocks(&frames) > FEW_FRAMES) {
        oracle_expect_status(status, good ? QUIRE_OK : QUIRE_INVALID);
    }
    if (status == QUIRE_OK) {
        oracle_added(&frames);
    } else if (usable) {
        machine_forget();
    }
}

static void do_compare(struct input *in) {
    if (take(in) % ONE_IN == 0) {
        oracle_compare_all();
    }
}

/* A crash between two calls: only what lies in memory remains. */
static void do_recover(struct input *in) {
    if (take(in) % ONE_IN == 0) {
        oracle_recover(&machine.config, machine.regions, machine.n_regions, false);
    }
}

typedef void operation(struct input *in);
static operation *const operations[] = {
    do_alloc,         do_alloc,  do_alloc_many, do_alloc_order, do_alloc_order, do_free,       do_free,
    do_free_many,     do_get,    do_put,        do_cow,         do_free_order,  do_free_order, do_switch_cpu,
    do_write_to_free, do_misuse, do_add,        do_refs,        do_compare,     do_misuse,     do_recover,
};

/* ---- init ------------------------------------------------------------------------------------------------ */

static bool sorted(const struct machine *m) {
    for (size_t i = 0; i < m->n_regions; i++) {
        const struct quire_region *r = &m->regions[i];
        if (r->end <= r->base || (i > 0 && r->base < r[-1].end)) {
            return false;
        }
    }
    return true;
}

/* The most frames of one region that may hold metadata. */
static uint64_t most_mapped(const struct machine *m) {
    uint64_t most = 0;
    for (size_t i = 0; i < m->n_regions; i++) {
        struct quire_region r = m->regions[i], frames;
        if (m->config.mapped_end != 0 && r.end > m->config.mapped_end) {
            r.end = m->config.mapped_end;
        }
        if (r.end > r.base && machine_frames(&r, &frames) && (frames.end - frames.base) / PAGE > most) {
            most = (frames.end - frames.base) / PAGE;
        }
    }
    return most;
}

static void check_metadata(void) {
    for (size_t i = 0; i < oracle_n_frames; i++) {
        if (oracle_frames[i].metadata && machine.config.mapped_end != 0 &&
            oracle_frames[i].pa + PAGE > machine.config.mapped_end) {
            oracle_fail("metadata at %#llx, which is not mapped", (unsigned long long)oracle_frames[i].pa);
        }
    }
}

/* Whether there is an allocator now. */
static bool init(void) {
    oracle_begin(CALL_INIT, QUIRE_NONE, 1);
    enum quire_status status = quire_init(&q, &machine.config, machine.regions, machine.n_regions);
    bool valid = sorted(&machine) && machine.config.n_cpus != 0 && machine.config.content <= QUIRE_CONTENT_POISON;
    uint64_t most = most_mapped(&machine);
    if ((q != NULL) != (status == QUIRE_OK)) {
        oracle_fail("says %s and gives %p", quire_status_name(status), (void *)q);
    }
    if (valid && most < FIRST_FRAMES && status == QUIRE_NO_MEMORY) {
        return false;
    }
    oracle_expect_status(status, valid ? QUIRE_OK : QUIRE_INVALID);
    return valid;
}

/* The machine sees where the allocator maps its own data, not which of them it writes. */
static void touch_metadata(void) {
    for (size_t i = 0; i < oracle_n_frames; i++) {
        if (oracle_frames[i].metadata) {
            (void)world_bytes(oracle_frames[i].pa);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    struct input in = {bytes, n_bytes};
    oracle_step = 0;
    oracle_op.cpu = 0;
    machine_make(&machine, &in);
    if (!init()) {
        return 0;
    }
    oracle_start(&machine.world, q);
    check_metadata();
    last = 0;
    n_written = 0;
    work = 0;
    for (; in.n_left > 0 && work < MOST_WORK; oracle_step++) {
        operations[take(&in) % (sizeof operations / sizeof operations[0])](&in);
        oracle_compare_counts();
    }
    oracle_compare_all();
    touch_metadata();
    return 0;
}
