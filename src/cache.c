/* cache.c: the free frames that one CPU holds.
 *
 *   warm   a short stack of frames, freed lately or just borrowed: all single frames come and go here
 *   runs   short stacks of runs of 2, 4 and 8 frames, freed lately or found beside one that was wanted
 *   in     a loan that allocations come from when warm is empty
 *   out    a loan that gathers frees of one block on their way home; runs, and a whole block, are taken from it again
 *
 * When warm is empty, a word of `in` moves there. When it is full, its older half leaves: frames of the blocks of `in`
 * and `out` go there, others through `out`, which is given back whenever a frame of another block comes. When warm and
 * `in` are empty the next block is borrowed: the fullest ones first, but for those with less than 16 free frames, which
 * are left to empty; then blocks never used; then those nearly full. Of those equally full, the CPU's own comes first: the
 * one in `out`, else one from its own part of the zone. Small runs go straight to their block, unless it is that of `in`
 * or `out`: the oldest one of a full stack, and with it those beside it, as they were mostly found together.
 *
 * Reuse keeps frames where they are, and so never mends fragmentation. While whole blocks are short of what the free
 * memory could make, the CPU gathers: frees skip warm, so that allocations move into the fullest blocks and the
 * others drain. Looked at when a cache refills, with frames or with runs, and when `out` goes home.
 *
 * A cache looks at one zone at a time, and keeps what the quick ways (single.c) need to know of it, so that these touch
 * no other line than the cache's and the frame's record. Frames of other zones go home through `out`.
 *
 * C1  Only the visitor (q_cache_enter) touches a cache; nobody waits to become one.        interleaving tests
 * C2  warm, runs, in and out hold disjoint frames whose records say free.                   quire_validate
 * C3  Frames in warm and in `in` are of the zone that the cache looks at.                    quire_validate
 *
 * Why not a lock: a caller interrupted in the middle, and the interrupt's own allocation, would wait for ever. */
#include "core.h"

/* Whole blocks are short when more than 1/64 of what the free memory could make is missing, and one for every two CPUs,
 * which break blocks up to have frames at hand. One for each would leave small memories in pieces. */
#define Q_GATHER_SHARE 64

void q_cache_init(struct q_cache *c) {
    atomic_init(&c->guard, 0);
    c->visit = 0;
    c->n_warm = 0;
    c->word = 0;
    c->gathering = 0;
    q_loan_clear(&c->in);
    q_loan_clear(&c->out);
    c->first = c->n_quick = 0;
    c->records = 0;
    c->zone = NULL;
    for (unsigned k = 0; k < Q_RUN_ORDERS; k++) {
        c->n_runs[k] = 0;
    }
    c->n_taken = 0;
    c->n_refills = c->n_steals = 0;
}

/* Lets the quick ways work on the frames of this zone from now on, as far as they are initialised by now. */
static void look_at(struct q_cache *c, struct q_zone *z) {
    /* acquire: who sees the ceiling sees the records below it (zone.c, Z1) */
    size_t n_ready = atomic_load_explicit(&z->ceiling, memory_order_acquire);
    c->zone = z;
    c->first = z->first;
    c->records = (uintptr_t)z->records - z->first * sizeof(q_record);
    c->n_quick = c->gathering != 0 ? 0 : n_ready;
}

bool q_cache_knows(const struct q_cache *c, q_frame f) {
    if (c->zone == NULL) {
        return false;
    }
    return f - c->in.base < Q_BLOCK || (f - c->out.base < Q_BLOCK && c->out.zone == c->zone) ||
           q_zone_knows(c->zone, f - c->first);
}

/* A frame came home that was there already: a double free by two CPUs at once. It stays there once. */
static Q_COLD void report_twice(struct quire *q, q_frame f) {
    (void)q_fault(q, QUIRE_FAULT_BIT_TWICE, "quire_free", q_pa(f), 0, q_zone_last_record(q_zone_of(q, f), f));
}

/* The same for frames of one word that came as runs of 2^order: once for each run. */
static inline void report_runs_twice(struct quire *q, q_frame base, q_word twice, unsigned order) {
    while (Q_SELDOM(twice != 0)) {
        unsigned first = q_lowest(twice);
        report_twice(q, base + first);
        twice &= ~(q_low_bits((size_t)1 << order) << (first >> order << order));
    }
}

/* Frames came home to a block. That its count can not be is noticed here, and nothing can be done: they are home. */
static void look_at_count(struct quire *q, const struct q_zone *z, size_t block) {
    int32_t n = atomic_load_explicit(&z->blocks[block].count, memory_order_relaxed); /* nothing follows from it */
    (void)Q_CHECK(q, "quire_free", q_is_count(n), n);
}

unsigned q_return(struct quire *q, struct q_loan *loan) {
    q_frame twice;
    const struct q_zone *z = loan->zone;
    size_t block = loan->block;
    unsigned n = q_give_back(loan, &twice);
    if (n > 0) {
        look_at_count(q, z, block);
    }
    if (twice != Q_NO_FRAME) {
        report_twice(q, twice);
    }
    return n;
}

/* The cache took so many frames, or gave them back where negative. The allocator's balance is told when it is worth the
 * way to a line that all CPUs share. */
static void settle(struct quire *q, struct q_cache *c, intptr_t n_taken) {
    c->n_taken += n_taken;
    if (c->n_taken >= (intptr_t)Q_BLOCK / 2 || c->n_taken <= -(intptr_t)Q_BLOCK / 2) {
        atomic_fetch_sub_explicit(&q->balance.n_free, c->n_taken, memory_order_relaxed); /* an estimate */
        c->n_taken = 0;
    }
}

static void look_whether_to_gather(struct quire *q, struct q_cache *c) {
    intptr_t n_free = atomic_load_explicit(&q->balance.n_free, memory_order_relaxed);
    intptr_t n_whole = atomic_load_explicit(&q->balance.n_whole, memory_order_relaxed);
    intptr_t possible = n_free / (intptr_t)Q_BLOCK;
    c->gathering = n_whole + possible / Q_GATHER_SHARE + (intptr_t)(q->n_cpus + 1) / 2 < possible;
    if (c->zone != NULL) {
        look_at(c, c->zone); /* frees are quick, or are not any more */
    }
}

/* Where a CPU begins to search a zone: each at a place of its own among the blocks in use. So they do not all want
 * the same block, and mostly come back to blocks that they had before, whose records they wrote last. The number of the
 * CPU is read backwards as a binary fraction: 0, 1/2, 1/4, 3/4, 1/8, ... are far apart however many there are, and ask
 * for no division, which many small machines do not have. */
static size_t home_in(const struct quire *q, const struct q_cache *c, const struct q_zone *z) {
    /* relaxed: any block would do */
    size_t part = atomic_load_explicit(&z->ceiling, memory_order_relaxed) / Q_BLOCK, home = 0;
    for (size_t cpu = (size_t)(c - q->caches); cpu != 0; cpu /= 2) {
        part /= 2;
        home += cpu % 2 != 0 ? part : 0;
    }
    return home;
}

/* Borrows a block of this class, the first at or behind `from`, else the first of all. */
static bool borrow_class(struct q_cache *c, struct q_zone *z, enum q_class class, size_t from) {
    for (unsigned round = 0; round < 2; round++) {
        size_t end = round == 0 ? z->n_blocks : from;
        size_t b = q_zone_find(z, class, round == 0 ? from : 0);
        for (; b < end; b = q_zone_find(z, class, b + 1)) {
            if (q_borrow(z, b, &c->in) > 0) {
                return true;
            }
        }
    }
    return false;
}

/* Makes `in` the loan that `out` is, of `n` frames. */
static void reuse_out(struct q_cache *c, unsigned n) {
    c->in = c->out;
    q_loan_clear(&c->out);
    c->n_taken -= (intptr_t)n; /* they count as taken already, and refill is about to count them again */
}

static bool borrow_from(const struct quire *q, struct q_cache *c, struct q_zone *z) {
    static const enum q_class order[] = {Q_FEW, Q_SOME, Q_MOST, Q_ALL};
    /* While gathering, what is in `out` is on its way home. */
    unsigned n_own = c->out.zone == z && c->gathering == 0 ? q_loan_count(&c->out) : 0;
    size_t home = home_in(q, c, z);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (q_class_of((int32_t)n_own) == order[i]) {
            reuse_out(c, n_own);
            return true;
        }
        if (borrow_class(c, z, order[i], home)) {
            return true;
        }
    }
    return q_borrow_fresh(z, &c->in);
}

/* Zones are tried from the highest down, so that low memory is kept for those who need it. */
static bool borrow_any(struct quire *q, struct q_cache *c) {
    const struct q_zones *zones = q_zones(q);
    for (size_t i = zones->n; i-- > 0;) {
        if (borrow_from(q, c, zones->zone[i])) {
            return true;
        }
    }
    for (size_t i = zones->n; i-- > 0;) {
        if (borrow_class(c, zones->zone[i], Q_NEARLY_FULL, home_in(q, c, zones->zone[i]))) {
            return true;
        }
    }
    return false;
}

static bool refill(struct quire *q, struct q_cache *c) {
    if (!borrow_any(q, c)) {
        return false;
    }
    Q_ASSERT(c->n_warm == 0 && c->in.zone != NULL, c->n_warm);
    settle(q, c, (intptr_t)q_loan_count(&c->in));
    c->zone = c->in.zone;
    look_whether_to_gather(q, c);
    c->n_refills++;
    q_zone_soil(c->in.zone, c->in.block);
    return true;
}

uint32_t q_cache_warm_up(struct q_cache *c) {
    uint32_t w = c->word;
    for (uint32_t n_seen = 0; c->in.mask[w] == 0; w = (w + 1) % Q_LINE_WORDS) {
        if (++n_seen == Q_LINE_WORDS) {
            return 0;
        }
    }
    q_word bits = c->in.mask[w];
    q_frame base = c->in.base + (q_frame)w * Q_WORD_BITS;
    uint32_t n = q_popcount(bits);
    c->word = w;
    c->in.mask[w] = 0;
    if (n == Q_WORD_BITS) { /* mostly; and the compiler makes something short of this */
        for (uint32_t i = 0; i < Q_WORD_BITS; i++) {
            c->warm[Q_WORD_BITS - 1 - i] = base + i;
        }
    } else {
        for (uint32_t i = n; i > 0; bits &= bits - 1) {
            c->warm[--i] = base + q_lowest(bits);
        }
    }
    return n;
}

static q_frame pop(struct q_cache *c) {
    if (c->n_warm == 0) {
        c->n_warm = q_cache_warm_up(c);
    }
    return c->n_warm > 0 ? c->warm[--c->n_warm] : Q_NO_FRAME;
}

/* Makes `in`, which is empty, a loan with what is in `out`, or with a run. */
static void refill_from_own(struct quire *q, struct q_cache *c) {
    struct q_loan loan = c->out;
    q_loan_clear(&c->out);
    for (unsigned k = 0; k < Q_RUN_ORDERS && loan.zone == NULL; k++) {
        if (c->n_runs[k] > 0) {
            q_frame f = c->runs[k][--c->n_runs[k]];
            struct q_zone *z = q_zone_of(q, f);
            q_loan_open(&loan, z, q_zone_block_of(z, f));
            q_loan_add_run(&loan, f - loan.base, (size_t)2 << k);
        }
    }
    if (loan.zone != NULL) {
        look_at(c, loan.zone);
        c->in = loan;
        q_zone_soil(loan.zone, loan.block);
    }
}

q_frame q_cache_pop_own(struct quire *q, struct q_cache *c) {
    q_frame f = pop(c);
    for (unsigned tries = 0; f == Q_NO_FRAME && tries < 2; tries++) { /* `out` may be open and empty */
        refill_from_own(q, c);
        f = pop(c);
    }
    return f;
}

q_frame q_cache_pop(struct quire *q, struct q_cache *c) {
    q_frame f = pop(c);
    if (f != Q_NO_FRAME) {
        return f;
    }
    return refill(q, c) ? pop(c) : q_cache_pop_own(q, c);
}

/* Makes `out` the loan of this frame's block, which it is not. */
static Q_APART void open_out(struct quire *q, struct q_cache *c, q_frame f) {
    settle(q, c, -(intptr_t)q_return(q, &c->out));
    look_whether_to_gather(q, c);
    struct q_zone *z = q_zone_of(q, f);
    q_loan_open(&c->out, z, q_zone_block_of(z, f));
}

/* The loan of this frame's block: `in` or `out`, or else `out` becomes that. */
static inline struct q_loan *loan_for(struct quire *q, struct q_cache *c, q_frame f) {
    struct q_loan *loan = f - c->in.base < Q_BLOCK ? &c->in : &c->out;
    if (f - loan->base >= Q_BLOCK) {
        open_out(q, c, f);
    }
    return loan;
}

/* Free frames of one word of a block, runs of 2^order, into the loan of that. */
static inline void send_word_home(struct quire *q, struct q_cache *c, q_frame base, q_word bits, unsigned order) {
    report_runs_twice(q, base, q_loan_put_bits(loan_for(q, c, base), base, bits), order);
}

/* The frames go home, a word at a time as far as those of one lie side by side. */
static void send_home(struct quire *q, struct q_cache *c, const q_frame *frames, uint32_t n) {
    for (uint32_t i = 0; i < n;) {
        q_frame base = frames[i] & ~(q_frame)(Q_WORD_BITS - 1);
        q_word bits = 0;
        for (; i < n && frames[i] - base < Q_WORD_BITS; i++) {
            if ((bits & q_bit(frames[i])) != 0) {
                report_twice(q, frames[i]);
            }
            bits |= q_bit(frames[i]);
        }
        send_word_home(q, c, base, bits, 0);
    }
}

/* Warm frames are about to go home. Beyond the end of the stack there are none. */
static void look_at_warm(struct quire *q, struct q_cache *c) {
    if (!Q_CHECK(q, "quire_free", c->n_warm <= Q_WARM, c->n_warm)) {
        c->n_warm = Q_WARM;
    }
}

/* The older half of warm, which is full, goes home. */
static void spill(struct quire *q, struct q_cache *c) {
    look_at_warm(q, c);
    send_home(q, c, c->warm, Q_WARM / 2);
    c->n_warm -= Q_WARM / 2;
    for (uint32_t i = 0; i < Q_WARM / 2; i++) {
        c->warm[i] = c->warm[i + Q_WARM / 2];
    }
}

/* Whether the cache looks at the frame's zone; turns to that, or to more of it, where it can. */
static bool looks_at(struct quire *q, struct q_cache *c, q_frame f) {
    if (f - c->first < c->n_quick) {
        return true;
    }
    struct q_zone *z = q_zone_of(q, f);
    if (z != c->zone) {
        if (c->n_warm > 0 || q_loan_count(&c->in) > 0) {
            return false;
        }
        q_loan_clear(&c->in);
    }
    look_at(c, z);
    return true;
}

void q_cache_push(struct quire *q, struct q_cache *c, q_frame f) {
    if (c->gathering != 0 || !looks_at(q, c, f)) {
        send_word_home(q, c, f & ~(q_frame)(Q_WORD_BITS - 1), q_bit(f), 0);
        return;
    }
    if (c->n_warm >= Q_WARM) {
        spill(q, c);
    }
    c->warm[c->n_warm++] = f;
}

/* A run out of a loan, the lowest; or Q_NO_FRAME. */
static q_frame run_of_loan(struct q_loan *loan, unsigned order) {
    size_t i = q_loan_find_run(loan, order);
    if (i == Q_NO_RUN) {
        return Q_NO_FRAME;
    }
    q_loan_take_run(loan, i, (size_t)1 << order);
    q_zone_soil(loan->zone, loan->block); /* `out` may be a block that was freed as one */
    return loan->base + i;
}

q_frame q_cache_take_run(struct q_cache *c, unsigned order) {
    Q_ASSERT(order > 0 && order < QUIRE_BLOCK_ORDER, order);
    q_frame f = run_of_loan(&c->in, order);
    return f == Q_NO_FRAME && c->gathering == 0 ? run_of_loan(&c->out, order) : f;
}

/* A run into the loan of its block, or else `out` becomes that; false: some of it is there. */
static bool send_run_home(struct quire *q, struct q_cache *c, q_frame f, unsigned order) {
    struct q_loan *loan = loan_for(q, c, f);
    return order == QUIRE_BLOCK_ORDER ? q_loan_put_block(loan)
                                      : q_loan_put_run(loan, f - loan->base, (size_t)1 << order);
}

/* Free frames of one word of a block, runs of 2^order, home: straight there, where neither loan is of that block. */
static void send_word_straight_home(struct quire *q, struct q_cache *c, q_frame base, q_word bits, unsigned order) {
    if (base - c->in.base < Q_BLOCK || base - c->out.base < Q_BLOCK) {
        send_word_home(q, c, base, bits, order);
        return;
    }
    struct q_zone *z = q_zone_of(q, base);
    size_t block = q_zone_block_of(z, base);
    q_word twice = q_give_back_word(z, block, base % Q_BLOCK / Q_WORD_BITS, bits);
    look_at_count(q, z, block);
    settle(q, c, -(intptr_t)q_popcount(bits));
    report_runs_twice(q, base, twice, order);
}

/* The oldest run of this order goes home, and with it all others of the same word. */
static void spill_runs(struct quire *q, struct q_cache *c, unsigned order) {
    q_frame *runs = c->runs[order - 1];
    q_frame base = runs[0] & ~(q_frame)(Q_WORD_BITS - 1);
    q_word run = q_low_bits((size_t)1 << order), bits = 0, twice = 0;
    uint32_t n = c->n_runs[order - 1], n_left = 0;
    Q_ASSERT(n > 0 && n <= Q_RUNS, n);
    for (uint32_t i = 0; i < n; i++) {
        q_frame f = runs[i];
        bool goes = f - base < Q_WORD_BITS;
        q_word frames = goes ? run << (f - base) : 0;
        twice |= bits & frames;
        bits |= frames;
        runs[n_left] = f;
        n_left += !goes;
    }
    c->n_runs[order - 1] = n_left;
    report_runs_twice(q, base, twice, order);
    send_word_straight_home(q, c, base, bits, order);
}

bool q_cache_put_run(struct quire *q, struct q_cache *c, q_frame f, unsigned order) {
    Q_ASSERT(order > 0 && order <= QUIRE_BLOCK_ORDER, order);
    if (order > Q_RUN_ORDERS) {
        return send_run_home(q, c, f, order);
    }
    if (c->n_runs[order - 1] == Q_RUNS && c->gathering == 0) {
        spill_runs(q, c, order);
    }
    if (!q_cache_stack_run(c, f, order)) {
        q_frame base = f & ~(q_frame)(Q_WORD_BITS - 1);
        send_word_straight_home(q, c, base, q_low_bits((size_t)1 << order) << (f - base), order);
    }
    return true;
}

void q_cache_keep_runs(struct quire *q, struct q_cache *c, unsigned order, const q_frame *runs, unsigned n) {
    Q_ASSERT(c->n_runs[order - 1] == 0 && n > 0 && n <= Q_RUNS, n);
    for (unsigned i = n; i-- > 0;) {
        c->runs[order - 1][c->n_runs[order - 1]++] = runs[i];
    }
    settle(q, c, (intptr_t)n << order);
    look_whether_to_gather(q, c);
}

size_t q_cache_count_runs(const struct q_cache *c) {
    size_t n = 0;
    for (unsigned order = 1; order <= Q_RUN_ORDERS; order++) {
        n += (size_t)c->n_runs[order - 1] << order;
    }
    return n;
}

void q_cache_drain(struct quire *q, struct q_cache *c) {
    look_at_warm(q, c);
    send_home(q, c, c->warm, c->n_warm);
    c->n_warm = 0;
    for (unsigned order = 1; order <= Q_RUN_ORDERS; order++) {
        while (c->n_runs[order - 1] > 0) {
            spill_runs(q, c, order);
        }
    }
    settle(q, c, -(intptr_t)(q_return(q, &c->out) + q_return(q, &c->in)));
    Q_ASSERT(c->n_warm == 0 && q_cache_count_runs(c) == 0, c->n_warm);
}
