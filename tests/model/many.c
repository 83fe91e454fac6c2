/* many.c: see many.h. Proper calls and misuse, as in operations.c. */
#include "many.h"

static struct quire *q;

void many_start(struct quire *allocator) {
    q = allocator;
}

/* Small numbers more often than large ones. */
static uint64_t any_number(void) {
    return 1 + any(one_in(12) ? 3 * QUIRE_BLOCK_FRAMES : 24);
}

/* ---- any number of frames, anywhere ---------------------------------------------------------------------- */

/* So many frames, or more; now and then anything. */
static quire_pa any_power(uint64_t at_least) {
    unsigned shift = QUIRE_PAGE_SHIFT;
    while ((uint64_t)1 << (shift - QUIRE_PAGE_SHIFT) < at_least) {
        shift++;
    }
    return (quire_pa)1 << (one_in(20) ? (unsigned)any(64) : shift + (unsigned)any(7));
}

/* Where the frames have to lie: near some frame, above or below it, or just there. */
static void add_limits(struct quire_request *r) {
    const struct frame *f = one_in(4) ? NULL : oracle_free();
    const quire_pa at = f != NULL ? f->pa : anywhere();
    switch (any(4)) {
    case 0:
        r->low = at;
        break;
    case 1:
        r->end = at;
        break;
    case 2:
        r->low = at;
        r->end = at + r->n_frames * PAGE;
        break;
    default:
        r->low = at;
        r->end = at + any(8 * r->n_frames * PAGE);
        break;
    }
}

static struct quire_request any_request(void) {
    struct quire_request r = {.n_frames = any_number(), .tag = any_tag()};
    r.align = one_in(3) ? any_power(1) : 0;
    r.boundary = one_in(4) ? any_power(r.n_frames) : 0;
    r.n_looks = one_in(4) ? 1 + (uint32_t)any(8) : 0;
    if (one_in(3)) {
        add_limits(&r);
    }
    if (oracle_n_nodes > 1 && one_in(3)) {
        r.node = (uint16_t)(1 + any(oracle_n_nodes + (one_in(50) ? 1 : 0)));
        r.node_only = one_in(2);
    }
    r.n_frames = one_in(50) ? 0 : one_in(200) ? (uint64_t)1 << any(64) : r.n_frames;
    return r;
}

static void ask_for(const struct quire_request *r) {
    quire_pa pa = 1;
    begin(CALL_ALLOC_FOR, QUIRE_NONE, r->n_frames != 0 ? r->n_frames : 1);
    oracle_op.tag = r->tag;
    enum quire_status status = quire_alloc_for(q, r, &pa);
    oracle_content_faults();
    oracle_answered(r, status, pa, in_the_way());
    oracle_op.pa = pa;
}

void do_alloc_for(void) {
    const struct quire_request r = any_request();
    ask_for(&r);
}

/* 2^order frames, orders that the oracle does not count runs of. */
void do_alloc_large(void) {
    unsigned order = PAIR_ORDER + 1 + (unsigned)any(one_in(4) ? QUIRE_MAX_ORDER - PAIR_ORDER : 2);
    struct quire_request r = {.n_frames = (uint64_t)1 << order, .tag = any_tag()};
    quire_pa pa = 1;
    r.align = r.n_frames * PAGE;
    begin(CALL_ALLOC_ORDER, QUIRE_NONE, r.n_frames);
    oracle_op.tag = r.tag;
    enum quire_status status = quire_alloc_order(q, order, r.tag, &pa);
    oracle_content_faults();
    oracle_answered(&r, status, pa, in_the_way());
    oracle_op.pa = pa;
}

/* From a free frame on, mostly. An outer call may have any of them in hand. */
void do_alloc_range(void) {
    const struct frame *f = one_in(8) ? NULL : oracle_free();
    uint8_t tag = any_tag();
    begin(CALL_ALLOC_RANGE, f != NULL ? f->pa : anywhere(), one_in(20) ? any(1u << 31) : any_number());
    oracle_op.tag = tag;
    uint64_t n = quire_alloc_range(q, oracle_op.pa, oracle_op.n, tag);
    oracle_content_faults();
    uint64_t want = oracle_free_from(oracle_op.pa, oracle_op.n);
    if (n > want || (n < want && !in_the_way())) {
        oracle_fail("gives %llu frames, expected %llu", (unsigned long long)n, (unsigned long long)want);
    }
    if (n > 0) {
        oracle_given(oracle_op.pa, n, tag);
    }
}

/* So many frames from here on can be freed at once, at most n. */
static uint64_t free_able_from(quire_pa pa, uint64_t n) {
    uint64_t found = 0;
    while (found < n && !is_outers(pa + found * PAGE, 1) && begin(CALL_FREE, pa + found * PAGE, 1) &&
           oracle_in_one_zone(pa, found + 1)) {
        found++;
    }
    return found;
}

/* Frames of any allocations, now and then one or a few that are not to be freed among them. */
void do_free_frames(void) {
    quire_pa pa;
    if (!any_address(&pa)) {
        return;
    }
    uint64_t n = free_able_from(pa, any_number());
    if (!is_nested() && one_in(20)) {
        n = one_in(4) ? any(1u << 31) : n + any(20);
    }
    n = n > 0 || is_nested() ? n : 1;
    if (n > 0) {
        begin(CALL_FREE_FRAMES, pa, n);
        end_free(quire_free_frames(q, pa, n));
    }
}

#define MANY_REFS 1000u /* more are not put one by one */

/* All that can be freed, in as few calls as will do. */
void do_free_all(void) {
    for (size_t i = 0; i < oracle_n_frames; i++) {
        const struct frame *f = &oracle_frames[i];
        while (f->refs > 1 && f->refs < MANY_REFS) {
            put(f->pa);
        }
        uint64_t n = f->refs == 1 ? free_able_from(f->pa, oracle_n_frames) : 0;
        if (n > 0) {
            begin(CALL_FREE_FRAMES, f->pa, n);
            end_free(quire_free_frames(q, f->pa, n));
            i += (size_t)n - 1;
        }
    }
}

/* ---- many single frames ---------------------------------------------------------------------------------- */

#define MOST_BULK 300u

/* All that are wanted, or as many as are free; none if those are fewer than `least`. */
static void expect_bulk(size_t n, size_t least) {
    uint64_t there = oracle_n_free < oracle_op.n ? oracle_n_free : oracle_op.n, want = there < least ? 0 : there;
    if (n != want) {
        oracle_fail("%s %zu frames, expected %llu, at least %zu or none",
                    n < want ? "says that there is none behind" : "gives", n, (unsigned long long)want, least);
    }
}

/* As many as there are where it may be interrupted, since nobody knows how far it came when it gave too few back. */
void do_alloc_bulk(void) {
    static quire_pa out[MOST_BULK];
    size_t wanted = (size_t)any(one_in(4) ? MOST_BULK : 30);
    size_t least = world_interrupt != NULL ? 0 : one_in(2) ? wanted : (size_t)any(wanted + 1);
    uint8_t tag = any_tag();
    begin(CALL_ALLOC_BULK, QUIRE_NONE, wanted);
    oracle_op.tag = tag;
    size_t n = quire_alloc_bulk(q, wanted, least, tag, out);
    oracle_content_faults();
    expect_bulk(n, least);
    for (size_t i = 0; i < n; i++) {
        oracle_given(out[i], 1, tag);
        oracle_op.pa = out[i];
    }
    if (n < least) {
        oracle_given_back(tag);
    }
    oracle_op.n = 1;
}

/* The frames about an address, some of them left out, or with anything in between. */
static size_t draw_list(quire_pa pa, quire_pa *list, size_t n) {
    size_t n_listed = 0;
    unsigned leave_out = one_in(2) ? 2 : 10;
    for (size_t i = 0; i < n; i++, pa += PAGE) {
        if (!one_in(leave_out) && begin(CALL_FREE, pa, 1)) {
            list[n_listed++] = pa;
        }
    }
    for (size_t i = 0; i < n_listed && one_in(4); i++) { /* in another order, and twice, or anywhere */
        size_t a = (size_t)any(n_listed), b = (size_t)any(n_listed);
        quire_pa other = list[a];
        list[a] = one_in(10) ? anywhere() : list[b];
        list[b] = one_in(10) ? list[b] : other;
    }
    return n_listed;
}

/* One frame after the other, as if each were freed by itself. */
void do_free_bulk(void) {
    static quire_pa list[MOST_BULK];
    quire_pa pa;
    if (!any_address(&pa)) {
        return;
    }
    size_t n_listed = draw_list(pa, list, (size_t)any(one_in(4) ? MOST_BULK : 30));
    oracle_begin(CALL_FREE_BULK, QUIRE_NONE, n_listed);
    oracle_op.list = list;
    const unsigned first_fault = oracle_op.first_fault;
    size_t n = quire_free_bulk(q, n_listed, list);
    if (n > n_listed) {
        oracle_fail("freed %zu frames", n);
    }
    for (size_t i = 0; i <= n && i < n_listed; i++) {
        begin(CALL_FREE, list[i], 1);
        oracle_op.first_fault = first_fault;
        end_free(i < n ? QUIRE_OK : QUIRE_FAULT);
    }
}

/* ---- what means nothing ---------------------------------------------------------------------------------- */

void do_bad_request(void) {
    struct quire_request r = any_request();
    switch (any(4)) {
    case 0:
        r.tag = QUIRE_TAG_QUARANTINE;
        break;
    case 1:
        r.align = 3 * PAGE;
        break;
    case 2:
        r.boundary = PAGE + 1;
        break;
    default:
        r.low = anywhere();
        r.end = r.low - any(2) * any(PAGE);
        break;
    }
    ask_for(&r);
}

void do_bad_number(void) {
    const quire_pa pa = oracle_frames[any(oracle_n_frames)].pa;
    quire_pa out;
    oracle_begin(CALL_FREE_FRAMES, pa, 1);
    oracle_expect_status(quire_free_frames(q, pa, 0), QUIRE_INVALID);
    if (quire_alloc_range(q, pa, 0, 1) != 0 || quire_alloc_range(q, pa, 5, QUIRE_TAG_QUARANTINE) != 0 ||
        quire_alloc_bulk(q, 1, 0, QUIRE_TAG_QUARANTINE, &out) != 0) {
        oracle_fail("is followed by frames for nobody");
    }
}
