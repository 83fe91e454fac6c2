/* operations.c: see operations.h.
 *
 * Arguments are drawn at random, proper ones and misuse alike; the oracle says which it is, the call is made, and its
 * answer and its reports must be the oracle's.
 *
 * In an interrupted world each hook of a call may make another call, as an interrupt handler would. That one is proper
 * and keeps off the frames of the call that it interrupts, as a handler would, too; and it may be refused a frame only for the
 * sake of those that the other call has in hand. */
#include "operations.h"

#include "many.h"

#include <setjmp.h>

#define N_TAGS         20u /* few, so that runs of one owner are long now and then */
#define MAX_QUARANTINE 32u

static const struct world *world;
static struct quire *q;
static unsigned n_later;        /* regions added so far */
static unsigned n_written;      /* free frames written to so far */
static uint64_t target_percent; /* how much of memory is to be in use */

/* ---- interrupts ----------------------------------------------------------------------------------------- */

static bool nested;            /* a call is being made in the middle of */
static struct operation outer; /* this one */

bool is_nested(void) {
    return nested;
}

bool is_outers(quire_pa pa, uint64_t n) {
    return nested && oracle_is_about(&outer, pa, n);
}

bool in_the_way(void) {
    return nested && oracle_takes(outer.call);
}

/* Whether an allocation may fail though the oracle knows of free runs: no more than the outer call may have in hand, or has
 * found written and reported. */
static bool excused(unsigned order) {
    uint64_t in_hand = outer.n + (oracle_op.first_fault - outer.first_fault);
    return in_the_way() && oracle_free_runs(order) <= in_hand;
}

/* ---- arguments ------------------------------------------------------------------------------------------ */

bool begin(enum call call, quire_pa pa, uint64_t n) {
    oracle_begin(call, pa, n);
    oracle_op.misuse = (!oracle_takes(call) || call == CALL_COW) && !oracle_is_proper();
    return !oracle_op.misuse;
}

/* Small orders more often than large ones. */
static unsigned any_order(void) {
    unsigned order = one_in(8) ? QUIRE_BLOCK_ORDER : (unsigned)any(4);
    while (order < PAIR_ORDER && one_in(2)) {
        order++;
    }
    return order;
}

uint8_t any_tag(void) {
    return (uint8_t)any(N_TAGS);
}

quire_pa near_or_far(quire_pa near) {
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

quire_pa anywhere(void) {
    return near_or_far(oracle_frames[any(oracle_n_frames)].pa);
}

bool any_address(quire_pa *pa) {
    struct frame *held = one_in(40) && !nested ? NULL : oracle_held();
    *pa = held != NULL ? held->pa : anywhere();
    return !nested || (held != NULL && !is_outers(*pa, 1));
}

/* ---- allocating ----------------------------------------------------------------------------------------- */

static void end_alloc(enum quire_status status, quire_pa pa, uint8_t tag) {
    oracle_content_faults();
    if ((pa == QUIRE_NONE) != (status != QUIRE_OK)) {
        oracle_fail("says %s and gives %#llx", quire_status_name(status), (unsigned long long)pa);
    }
    if (pa == QUIRE_NONE && excused(oracle_order())) {
        return;
    }
    oracle_allocated(pa, tag);
    oracle_op.pa = pa;
    if (pa == QUIRE_NONE) {
        oracle_expect_status(status, oracle_why_none(oracle_order()));
    }
}

static void do_alloc(void) {
    uint8_t tag = any_tag();
    begin(CALL_ALLOC, QUIRE_NONE, 1);
    oracle_op.tag = tag;
    quire_pa pa = quire_alloc(q, tag);
    end_alloc(pa != QUIRE_NONE ? QUIRE_OK : QUIRE_NO_MEMORY, pa, tag);
}

static void do_alloc_order(void) {
    uint8_t tag = any_tag();
    quire_pa pa = 1;
    begin(CALL_ALLOC_ORDER, QUIRE_NONE, (uint64_t)1 << any_order());
    oracle_op.tag = tag;
    enum quire_status status = quire_alloc_order(q, oracle_order(), tag, &pa);
    end_alloc(status, pa, tag);
}

static void do_bad_order(void) {
    static const unsigned orders[] = {QUIRE_MAX_ORDER + 1, 20, 31, 32, 63, 64, 0xFFFFFFFF};
    unsigned order = orders[any(sizeof orders / sizeof orders[0])];
    quire_pa pa = 1;
    begin(CALL_ALLOC_ORDER, QUIRE_NONE, 1);
    oracle_expect_status(quire_alloc_order(q, order, 0, &pa), QUIRE_INVALID);
    if (pa != QUIRE_NONE) {
        oracle_fail("invalid, but gives %#llx", (unsigned long long)pa);
    }
    oracle_expect_status(quire_free_order(q, oracle_frames[any(oracle_n_frames)].pa, order), QUIRE_INVALID);
}

static void do_bad_tag(void) {
    unsigned order = (unsigned)any(PAIR_ORDER + 1);
    quire_pa pa = 1;
    begin(CALL_ALLOC_ORDER, QUIRE_NONE, 1);
    oracle_expect_status(quire_alloc_order(q, order, QUIRE_TAG_QUARANTINE, &pa), QUIRE_INVALID);
    if (pa != QUIRE_NONE || quire_alloc(q, QUIRE_TAG_QUARANTINE) != QUIRE_NONE) {
        oracle_fail("gives frames to the tag of the quarantine");
    }
}

/* ---- freeing -------------------------------------------------------------------------------------------- */

void end_free(enum quire_status status) {
    oracle_expect_status(status, oracle_op.misuse ? QUIRE_FAULT : QUIRE_OK);
    if (oracle_op.misuse) {
        oracle_misuse_fault();
    } else {
        oracle_freed(oracle_op.pa, oracle_op.n);
    }
}

static void do_free(void) {
    quire_pa pa;
    if (any_address(&pa)) {
        begin(CALL_FREE, pa, 1);
        end_free(quire_free(q, pa));
    }
}

static quire_pa align(quire_pa pa, unsigned order) {
    return pa & ~((PAGE << order) - 1);
}

/* The largest order with which the frame's allocation can still be freed as a whole. */
static unsigned order_at(quire_pa pa) {
    unsigned order = 0;
    while (order < PAIR_ORDER && !is_outers(align(pa, order + 1), (uint64_t)2 << order) &&
           begin(CALL_FREE_ORDER, align(pa, order + 1), (uint64_t)2 << order)) {
        order++;
    }
    return order;
}

/* All of an allocation, or a part of it, or something else. */
static void do_free_order(void) {
    quire_pa pa;
    if (!any_address(&pa)) {
        return;
    }
    unsigned order = order_at(pa);
    order = one_in(4) ? (unsigned)any(order + 1) : order;
    bool odd = !nested && one_in(20);
    order = odd ? any_order() : order;
    pa = odd && one_in(3) ? pa : align(pa, order);
    begin(CALL_FREE_ORDER, pa, (uint64_t)1 << order);
    end_free(quire_free_order(q, pa, order));
}

/* ---- references ----------------------------------------------------------------------------------------- */

static void get(quire_pa pa) {
    bool proper = begin(CALL_GET, pa, 1);
    oracle_expect_status(quire_get(q, pa), proper ? oracle_how_got(oracle_frame(pa)) : QUIRE_FAULT);
    if (proper) {
        oracle_got(oracle_frame(pa));
    } else {
        oracle_misuse_fault();
    }
}

static void do_get(void) {
    quire_pa pa;
    if (any_address(&pa)) {
        get(pa);
    }
}

/* Of anything: no address is a misuse. But in the middle of a call that takes frames, one that was free may be held already,
 * as the copy that is being made, or in quarantine. */
static void do_try_get(void) {
    quire_pa pa = !in_the_way() && one_in(4) ? anywhere() : QUIRE_NONE;
    if (pa == QUIRE_NONE && !any_address(&pa)) {
        return;
    }
    if (!is_outers(pa, 1)) {
        oracle_begin(CALL_TRY_GET, pa, 1);
        oracle_looked_up(quire_try_get(q, pa));
    }
}

void put(quire_pa pa) {
    bool proper = begin(CALL_PUT, pa, 1);
    enum quire_status status = quire_put(q, pa);
    struct frame *f = oracle_frame(pa);
    if (proper && f->refs > 1) {
        oracle_expect_status(status, QUIRE_OK);
        oracle_dropped(f);
    } else {
        end_free(status);
    }
}

static void do_put(void) {
    quire_pa pa;
    if (any_address(&pa)) {
        put(pa);
    }
}

static void end_copy(struct frame *shared, enum quire_status status, quire_pa own) {
    oracle_content_faults();
    if (status == QUIRE_OK) {
        oracle_copied(shared, own);
        oracle_dropped(shared);
    } else if (!excused(0)) {
        oracle_expect_status(status, oracle_n_free > 0 ? QUIRE_OK : QUIRE_NO_MEMORY);
    }
}

static void do_cow(void) {
    quire_pa pa, own = 1;
    if (!any_address(&pa)) {
        return;
    }
    bool proper = begin(CALL_COW, pa, 1);
    oracle_op.tag = proper ? oracle_frame(pa)->tag : 0;
    enum quire_status status = quire_cow(q, pa, &own);
    struct frame *shared = oracle_frame(pa);
    if ((own == QUIRE_NONE) != (status != QUIRE_OK)) {
        oracle_fail("says %s and gives %#llx", quire_status_name(status), (unsigned long long)own);
    }
    if (!proper) {
        oracle_expect_status(status, QUIRE_FAULT);
        oracle_misuse_fault();
    } else if (shared->refs > 1) {
        end_copy(shared, status, own);
    } else if (own != pa) {
        oracle_fail("gives %#llx to a sole owner", (unsigned long long)own);
    }
}

/* So many references that the count stays at its top. */
static void do_saturate(void) {
    struct frame *f = oracle_held();
    for (; f != NULL && f->refs < QUIRE_MAX_REFS - 1; f->refs++) {
        oracle_begin(CALL_GET, f->pa, 1);
        oracle_expect_status(quire_get(q, f->pa), QUIRE_OK);
    }
    for (unsigned i = 0; f != NULL && i < 3; i++) { /* to the top, and at it */
        oracle_begin(CALL_TRY_GET, f->pa, 1);
        oracle_looked_up(quire_try_get(q, f->pa));
        get(f->pa);
    }
}

/* ---- the rest ------------------------------------------------------------------------------------------- */

static void do_refs(void) {
    quire_pa pa;
    if (any_address(&pa)) {
        begin(CALL_REFS, pa, 1);
        oracle_compare_refs();
    }
}

static void do_switch_cpu(void) {
    oracle_op.cpu = (unsigned)any(world->n_cpus + 1); /* one of them is out of range */
    world_set_cpu(oracle_op.cpu, world->restless ? world->n_cpus + 1 : 0);
}

static void do_write_to_free(void) {
    struct frame *f = oracle_free();
    if (world->content == QUIRE_CONTENT_POISON && f != NULL && f->poisoned && f->dirty == 0 &&
        n_written < MAX_QUARANTINE) {
        oracle_begin(CALL_WRITE, f->pa, 1);
        oracle_write_to_free(f, (unsigned)any(PAGE), (uint8_t)(QUIRE_POISON ^ 1u << any(8)));
        n_written++;
    }
}

/* Whether the region has frames, all new. */
static bool can_be_added(const struct quire_region *r) {
    quire_pa base = (r->base + PAGE - 1) / PAGE * PAGE, end = r->end / PAGE * PAGE;
    for (size_t i = 0; i < oracle_n_frames && base < end; i++) {
        if (base <= oracle_frames[i].pa && oracle_frames[i].pa < end) {
            return false;
        }
    }
    return base < end;
}

static void do_add(void) {
    const struct quire_region *next = &world->later[n_later];
    struct quire_region r = one_in(2) ? *next : (struct quire_region){anywhere(), anywhere(), QUIRE_USABLE, 0};
    oracle_begin(CALL_ADD, r.base, 1);
    if (n_later < N_REGIONS && next->end != 0 && r.base == next->base && r.end == next->end) {
        oracle_expect_status(quire_add(q, &r), QUIRE_OK);
        oracle_added(next);
        n_later++;
    } else if (!can_be_added(&r)) { /* else it would, though there is no memory */
        oracle_expect_status(quire_add(q, &r), QUIRE_INVALID);
    }
}

/* ---- drawing -------------------------------------------------------------------------------------------- */

typedef void operation_fn(void);

static operation_fn *draw(void) {
    static operation_fn *const either[] = {do_alloc, do_free, do_alloc_order, do_free_order};
    static operation_fn *const others[] = {do_get, do_try_get, do_put, do_put,        do_put,
                                           do_cow, do_refs,    do_cow, do_switch_cpu, do_write_to_free};
    static operation_fn *const many[] = {do_alloc_for,   do_alloc_large, do_alloc_range, do_free_frames,
                                         do_free_frames, do_alloc_bulk,  do_free_bulk,   do_free_bulk};
    bool more = (oracle_n_frames - oracle_n_free) * 100 < oracle_n_frames * target_percent;
    uint64_t roll = any(1000);
    if (roll < 450) { /* towards the target */
        return one_in(8) ? (more ? do_alloc_order : do_free_order) : (more ? do_alloc : do_free);
    }
    return roll < 740 ? either[roll % 4] : roll < 940 ? others[roll % 10] : many[roll % 8];
}

/* ---- crashes -------------------------------------------------------------------------------------------- */

static jmp_buf before_crash;
static uint64_t hooks_to_crash;

static void crash_soon(void) {
    if (hooks_to_crash-- == 0) {
        longjmp(before_crash, 1);
    }
}

/* Everything is forgotten but what lies in memory; now and then in the middle of a call, at one of its hooks. */
static void do_crash(void) {
    void (*const usual)(void) = world_interrupt;
    const struct quire_config config = world_config(world);
    volatile bool in_call = false;
    if (!one_in(4)) {
        hooks_to_crash = any(one_in(2) ? 2 : 50);
        world_interrupt = crash_soon;
        in_call = true;
        if (setjmp(before_crash) == 0) {
            draw()();
            in_call = false;
        }
    }
    world_interrupt = NULL;
    oracle_recover(&config, world->at_start, world_n_regions(world), in_call);
    world_interrupt = usual;
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

static void interrupt(void) {
    static operation_fn *const any_kind[] = {do_free,    do_put,         do_get,        do_free_order,
                                             do_try_get, do_free_frames, do_alloc,      do_alloc_order,
                                             do_cow,     do_alloc_for,   do_alloc_range};
    const unsigned n_that_take_none = 6;
    if (nested || !one_in(4)) {
        return;
    }
    outer = oracle_op;
    nested = true;
    /* A misuse is judged by what is free when it is made. Of a list some may be free by now. */
    bool take_none = outer.misuse || outer.call == CALL_FREE_BULK;
    any_kind[any(take_none ? n_that_take_none : sizeof any_kind / sizeof any_kind[0])]();
    nested = false;
    oracle_op = outer;
}

void operation(void) {
    draw()();
    oracle_compare_refs();
    if (one_in(2000)) {
        do_bad_order();
        do_bad_tag();
        do_bad_request();
        do_bad_number();
        do_add();
        target_percent = any(8) * 20; /* 0 .. 140 % */
        if (target_percent == 0) {
            do_free_all();
        }
    }
    if (one_in(3000)) {
        do_crash();
    }
    if (one_in(1u << 21)) {
        do_saturate();
    }
}

void operations_start(const struct world *w, struct quire *allocator) {
    world = w;
    q = allocator;
    many_start(allocator);
    n_later = n_written = 0;
    target_percent = 50;
    nested = false;
    do_switch_cpu();
    world_interrupt = w->interrupted ? interrupt : NULL;
}
