/* cache.c: the free frames that one CPU holds.
 *
 *   warm   a stack of single frames, freed lately or just borrowed: they come and go here, but for some of a call for many,
 *          which go straight to a loan or come from it (bulk.c)
 *   runs   stacks of runs of 2, 4 and 8 frames, freed lately or found beside one that was wanted
 *   in     a loan that allocations come from when warm is empty
 *   out    a loan that gathers frees of one block on their way home; runs, and a whole block, are taken from it again
 *
 *   alloc <-- warm <-- a word of `in` <-- a block that is borrowed      (q_cache_take)
 *   free  --> warm --> its older half --> `in`, `out` --> their blocks  (q_cache_push)
 *
 * When warm is empty, a word of `in` moves there. When it is full, its older half leaves: frames of the blocks of `in`
 * and `out` go there, others through `out`, which is given back whenever a frame of another block comes. When warm and
 * `in` are empty the next block is borrowed (find.c). Small runs go straight to their block, unless it is that of `in`
 * or `out`: the oldest one of a full stack, and with it those beside it, as they were mostly found together.
 *
 *        this CPU's cache                                              all CPUs'
 *   +----------------------------------------------------------+    +--------------+
 *   |  alloc <-- warm  [ f f f f f f . . ]  <-- a word --  in   |<---| block 7      |  borrow
 *   |  free  -->       older half leaves   --> in, out          |    |              |
 *   |                                              out          |--->| block 3      |  go home
 *   |  runs  [2][2].  [4].  [8][8][8]  -- the oldest word ----> |--->| their blocks |
 *   +----------------------------------------------------------+    +--------------+
 *
 * A frame comes in by a borrow or a free and leaves by an allocation or the way home. Between the two it costs no locked
 * instruction but the guard's, if that has one. That is why a cache takes many frames at a time, and sends many home at a
 * time.
 *
 * Reuse keeps frames where they are, and so never mends fragmentation. While whole blocks are short of what the free
 * memory could make, the CPU gathers: frees skip warm, so that allocations move into the fullest blocks and the
 * others drain. Looked at when a cache refills, with frames or with runs, and when `out` goes home. Where a frame of each
 * block stays for ever, nothing becomes whole, and gathering costs several times what reuse does: so it has ever longer rests.
 *
 * Warm and the stacks of runs are of one kind but for what leaves a full one. The older half of warm does, since single
 * frames mostly lie beside those that were freed before and after. Of the runs, those in the oldest one's word do,
 * wherever in the stack they are: with the older half of these, too, fewer blocks become whole (of the recorded traces, cc
 * fell from 0.910 to 0.904, pagecache from 0.792 to 0.783).
 *
 * A cache looks at one zone at a time, and keeps what the quick ways (single.c) need to know of it, so that these touch
 * no other line than the cache's and the frame's record. Frames of other zones go home through `out`. It turns to another
 * zone when it is empty: for a free to one of its CPU's node, for an allocation to the first that has frames (nodes.c).
 *
 * C1  Only the visitor (q_enter) changes a cache; nobody waits to become one.              interleaving tests
 * C2  warm, runs, in and out hold disjoint frames whose records say free.                   quire_validate
 * C3  Frames in warm and in `in` are of the zone that the cache looks at.                    quire_validate
 *
 * Why not a lock: a caller interrupted in the middle, and the interrupt's own allocation, would wait for ever. */
#include "cache.h"

#include "compiler.h"
#include "find.h"
#include "home.h"
#include "place.h"
#include "report.h"

/* Whole blocks are short when more than 1/64 of what the free memory could make is missing, and one for every two CPUs,
 * which break blocks up to have frames at hand. One for each would leave small memories in pieces. */
#define Q_GATHER_SHARE 64

/* Gathering that in so many looks, 64 for each block of the zone, neither gains a whole block nor empties some and fills others has
 * a rest of as many, then of twice as many, and so on. They are for each block since blocks become empty together, which takes
 * the longer the more there are. With 4096 looks for small memory recorded loads are left with fewer whole blocks. */
#define Q_LOOKS_OF_BLOCK 64u
#define Q_FEW_BLOCKS     512u
#define Q_MANY_BLOCKS    32768u /* so many looks, and rests of so many, can be counted in 32 bits */
#define Q_LONGEST_REST   8      /* times that */

_Static_assert(sizeof(struct q_cache) == Q_CACHE_BYTES, "a shift finds a CPU's cache");
_Static_assert(Q_WORD_BITS <= Q_WARM, "a word of frames has room in warm");
_Static_assert(Q_RUNS / 2 <= Q_MOST_RUNS, "one search fetches half a stack");
_Static_assert(1u << Q_RUN_ORDERS <= Q_WORD_BITS, "a small run lies in one word");

void q_cache_init(struct q_cache *c) {
    q_guard_init(&c->guard);
    atomic_init(&c->n_calls, 0);
    atomic_init(&c->n_begun, 0);
    atomic_init(&c->n_ended, 0);
    c->n_warm = 0;
    c->n_last_whole = 0;
    c->n_vain = 0;
    c->spread = 0;
    c->first_spread = 0;
    c->n_rest = 0;
    c->n_pause = 0;
    q_show(&c->n_taken, 0);
    c->gathered = 0;
    q_show(&c->booked, (struct q_zone *)NULL);
    q_show(&c->zone, (struct q_zone *)NULL);
    q_show(&c->first, 0);
    q_show(&c->n_quick, 0);
    q_show(&c->records, 0);
    q_show(&c->gathering, 0);
    q_show(&c->word, 0);
    q_show(&c->n_refills, 0);
    q_show(&c->n_steals, 0);
    q_loan_clear(&c->in);
    q_loan_clear(&c->out);
    for (unsigned k = 0; k < Q_RUN_ORDERS; k++) {
        q_show(&c->n_runs[k], 0);
    }
}

/* May be called while a visitor is at work: a sum over words of different moments then (shown.h). */
size_t q_cache_count_runs(const struct q_cache *c) {
    size_t n = 0;
    for (unsigned k = 0; k < Q_RUN_ORDERS; k++) {
        n += (size_t)q_see(&c->n_runs[k]) << (k + 1);
    }
    return n;
}

/* The frame of bit 0 of the word of bits that a frame lies in. */
static inline q_frame word_base(q_frame f) {
    return f & ~(q_frame)(Q_WORD_BITS - 1);
}

/* ---- the zone that the cache looks at -------------------------------------------------------------------- */

/* Lets the quick ways work on the frames of this zone from now on: on the initialised ones around `f`, which is one. */
static void look_at(struct q_cache *c, struct q_zone *z, q_frame f) {
    struct q_span quick = q_zone_ready_around(z, q_zone_block_of(z, f));
    Q_ASSERT(quick.base <= f && f < quick.end, f);
    q_show(&c->zone, z);
    q_show(&c->first, quick.base);
    q_show(&c->records, (uintptr_t)z->records - z->first * sizeof(q_record));
    q_show(&c->n_quick, q_cache_gathers(c) ? 0 : quick.end - quick.base);
}

bool q_cache_knows(const struct q_cache *c, q_frame f) {
    const struct q_zone *z = q_see(&c->zone);
    if (z == NULL) {
        return false;
    }
    q_frame i = f - z->first; /* wraps to something large for a frame below */
    return q_loan_covers(&c->in, f) || q_zone_has(z, i, 1);
}

/* Whether the cache looks at the frame's zone; turns to that, or to more of it, if it can. */
static bool looks_at(struct quire *q, struct q_cache *c, q_frame f) {
    if (f - q_see(&c->first) < q_see(&c->n_quick)) {
        return true;
    }
    struct q_zone *z = q_see(&c->zone);
    if (z == NULL || q_zone_block_of(z, f) >= z->n_blocks) { /* another zone's: only an empty cache turns to that */
        z = q_zone_of(q, f);
        Q_ASSERT(z != NULL, f); /* the frame was handed out once */
        if (c->n_warm > 0 || q_loan_count(&c->in) > 0 || !q_cache_keeps(c, z)) {
            return false;
        }
        q_loan_clear(&c->in);
    }
    look_at(c, z, f);
    return true;
}

/* ---- the balance ----------------------------------------------------------------------------------------- */

/* Tells the booked zone how far the CPU drove its blocks apart. */
static void book_spread(struct q_cache *c) {
    if (c->spread != 0) {
        /* relaxed: an estimate */
        atomic_fetch_add_explicit(&q_see(&c->booked)->balance.spread, c->spread, memory_order_relaxed);
        c->spread = 0;
    }
}

/* Tells it what the cache took, too. */
static void book(struct q_cache *c) {
    intptr_t n = (intptr_t)q_see(&c->n_taken);
    if (n != 0) {
        q_balance_add(q_see(&c->booked), -n);
        q_show(&c->n_taken, 0);
    }
    book_spread(c);
}

/* The cache took so many frames of the zone, or gave them back if negative. The zone's balance is told when it is worth the way
 * to a line that all CPUs share. */
static void settle(struct q_cache *c, struct q_zone *z, intptr_t n_taken) {
    Q_ASSERT(n_taken <= (intptr_t)Q_BLOCK && n_taken >= -(intptr_t)Q_BLOCK, n_taken); /* a loan */
    if (q_see(&c->booked) != z) {
        book(c);
        q_show(&c->booked, z);
    }
    intptr_t n = (intptr_t)q_see(&c->n_taken) + n_taken;
    q_show(&c->n_taken, (q_word)n);
    if (n >= (intptr_t)Q_BLOCK / 2 || n <= -(intptr_t)Q_BLOCK / 2) {
        book(c);
    }
}

/* n frames went home to a block of the booked zone, or came from there. While CPUs gather, frames come from fuller blocks than they
 * go home to, so that blocks drift apart into full and empty ones. The sum of 1 + 2 + ... + free frames over all blocks says how
 * far, and changes by this. It is the zone's, since one CPU may free what another one takes. */
static void note_spread(struct q_cache *c, size_t block, uint32_t n, bool home) {
    uint32_t n_free = q_count_free(&q_see(&c->booked)->counts[block]);
    uint32_t n_most = n_free + (home ? 0 : n); /* it has so many, or had */
    q_word growth = n_most * n - n * (n - 1) / 2;
    c->spread += home ? growth : 0 - growth;
}

/* The sum, but for what other CPUs did not tell yet. */
static q_word spread_of(struct q_cache *c, const struct q_zone *z) {
    book_spread(c);
    return atomic_load_explicit(&z->balance.spread, memory_order_relaxed); /* an estimate */
}

/* The loan's frames go home. */
static void loan_goes_home(struct quire *q, struct q_cache *c, struct q_loan *loan) {
    struct q_zone *z = q_loan_zone(loan);
    if (z != NULL) {
        size_t block = q_loan_block(loan);
        unsigned n = q_go_home(q, loan);
        settle(c, z, -(intptr_t)n);
        note_spread(c, block, n, true);
    }
}

/* How many looks in vain end gathering for a while. */
static uint32_t most_in_vain(const struct q_zone *z) {
    size_t n = z->n_blocks;
    return Q_LOOKS_OF_BLOCK * (n < Q_FEW_BLOCKS ? Q_FEW_BLOCKS : n > Q_MANY_BLOCKS ? Q_MANY_BLOCKS : (uint32_t)n);
}

/* Whether gathering pays, where blocks are short. It does not if a frame of each block stays where it is: then blocks empty
 * but for these frames, and none becomes whole. */
static bool gathering_pays(struct q_cache *c, const struct q_zone *z, intptr_t n_whole) {
    if (c->n_rest > 0) {
        c->n_rest--;
        return false;
    }
    if (c->n_vain == 0) {
        c->first_spread = spread_of(c, z);
    }
    bool gained = n_whole > c->n_last_whole && c->gathered == (uintptr_t)z;
    bool is_over = ++c->n_vain >= most_in_vain(z);
    if (gained) {
        c->n_pause = 0;
    } else if (is_over && (intptr_t)(spread_of(c, z) - c->first_spread) <= 0) {
        c->n_pause = c->n_pause == 0 ? 1 : c->n_pause < Q_LONGEST_REST ? 2 * c->n_pause : c->n_pause;
        c->n_rest = c->n_pause * most_in_vain(z);
    }
    c->n_vain = gained || is_over ? 0 : c->n_vain;
    c->gathered = (uintptr_t)z;
    c->n_last_whole = n_whole;
    return c->n_rest == 0;
}

/* Decides anew whether this CPU gathers: what it does with the frames of its zone that are freed from now on. Of memory that
 * is not to be kept all go home. */
static void look_whether_to_gather(struct q_cache *c) {
    struct q_zone *z = q_see(&c->zone);
    if (z == NULL) {
        return;
    }
    /* relaxed: estimates */
    intptr_t n_free = atomic_load_explicit(&z->balance.n_free, memory_order_relaxed);
    intptr_t n_whole = atomic_load_explicit(&z->balance.n_whole, memory_order_relaxed);
    intptr_t possible = (n_free - (intptr_t)z->n_edge) / (intptr_t)Q_BLOCK;
    bool short_of_blocks = n_whole + possible / Q_GATHER_SHARE + (intptr_t)(c->n_peers + 1) / 2 < possible;
    q_show(&c->gathering, !q_cache_keeps(c, z) || (short_of_blocks && gathering_pays(c, z, n_whole)));
    look_at(c, z,
            q_loan_zone(&c->in) == z ? q_see(&c->in.base) : q_see(&c->first)); /* frees are quick, or not any more */
}

/* ---- taking ---------------------------------------------------------------------------------------------- */

/* Fills `in`, which is empty: from the blocks, of all memory or of the nearest only, or from `out` if the blocks have nothing
 * fuller. */
static bool refill(struct quire *q, struct q_cache *c, bool near_only) {
    Q_ASSERT(c->n_warm == 0 && q_loan_count(&c->in) == 0, c->n_warm);
    unsigned n_out = q_loan_count(&c->out);
    struct q_wish wish = {.loan = &c->in,
                          .node = c->node,
                          .rank = c->rank,
                          .n_peers = c->n_peers,
                          .sparing = true,
                          .near_only = near_only};
    wish.own = q_cache_gathers(c) ? NULL : &c->out; /* while gathering, what is in `out` is on its way home */
    if (!q_find(q, &wish)) {                        /* then from blocks that are nearly full, too */
        wish.own = NULL;
        wish.sparing = false;
        if (!q_find(q, &wish)) {
            return false;
        }
    }
    struct q_zone *z = q_loan_zone(&c->in);
    Q_ASSERT(z != NULL && q_loan_count(&c->in) > 0, c->n_warm);
    bool from_out = n_out > 0 && q_loan_zone(&c->out) == NULL; /* these count as taken already */
    unsigned n = q_loan_count(&c->in);
    settle(c, z, from_out ? 0 : (intptr_t)n);
    note_spread(c, q_loan_block(&c->in), from_out ? 0 : n, false);
    q_show(&c->zone, z);
    look_whether_to_gather(c);
    q_show(&c->n_refills, q_see(&c->n_refills) + 1);
    q_zone_soil(z, q_loan_block(&c->in));
    return true;
}

q_word q_cache_take_word(struct q_cache *c, q_frame *base) {
    size_t w = q_see(&c->word);
    Q_ASSERT(w < Q_LINE_WORDS, w);
    for (uint32_t n_seen = 0; q_see(&c->in.mask[w]) == 0; w = (w + 1) % Q_LINE_WORDS) {
        if (++n_seen == Q_LINE_WORDS) {
            return 0;
        }
    }
    q_word bits = q_see(&c->in.mask[w]);
    *base = q_see(&c->in.base) + (q_frame)w * Q_WORD_BITS;
    Q_ASSERT(*base % Q_WORD_BITS == 0 && bits != 0, *base);
    q_show(&c->word, w);
    q_show(&c->in.mask[w], 0);
    return bits;
}

uint32_t q_cache_warm_up(struct q_cache *c) {
    q_frame base = 0;
    q_word bits = q_cache_take_word(c, &base);
    uint32_t n = q_popcount(bits);
    if (n == Q_WORD_BITS) { /* mostly; and the compiler makes something short of this */
        for (uint32_t i = 0; i < Q_WORD_BITS; i++) {
            q_show(&c->warm[Q_WORD_BITS - 1 - i], base + i);
        }
    } else {
        for (uint32_t i = n; i > 0; bits &= bits - 1) {
            q_show(&c->warm[--i], base + q_lowest(bits));
        }
    }
    return n;
}

/* A warm frame; from `in` if there is none. */
static q_frame pop(struct q_cache *c) {
    Q_ASSERT(c->n_warm <= Q_WARM, c->n_warm);
    if (c->n_warm == 0) {
        c->n_warm = q_cache_warm_up(c);
    }
    return c->n_warm > 0 ? q_see(&c->warm[--c->n_warm]) : Q_NO_FRAME;
}

/* Makes `out`, which is empty, a loan of a run from a stack; false: there is none. */
static bool open_run(struct quire *q, struct q_cache *c) {
    for (unsigned order = 1; order <= Q_RUN_ORDERS; order++) {
        q_frame f = q_cache_unstack(c, order);
        if (f != Q_NO_FRAME) {
            struct q_zone *z = q_zone_of(q, f);
            q_loan_open(&c->out, z, q_zone_block_of(z, f));
            return q_loan_put(&c->out, f % Q_BLOCK, (size_t)1 << order);
        }
    }
    return false;
}

/* Makes `in`, which is empty, a loan with what is in `out`, or with a run. */
static void refill_from_own(struct quire *q, struct q_cache *c) {
    Q_ASSERT(c->n_warm == 0 && q_loan_count(&c->in) == 0, c->n_warm);
    if (q_loan_zone(&c->out) == NULL && !open_run(q, c)) {
        return; /* the cache is empty */
    }
    q_loan_move(&c->in, &c->out);
    look_at(c, q_loan_zone(&c->in), q_see(&c->in.base));
    q_zone_soil(q_loan_zone(&c->in), q_loan_block(&c->in));
}

q_frame q_cache_pop_own(struct quire *q, struct q_cache *c) {
    q_frame f = pop(c);
    for (unsigned tries = 0; f == Q_NO_FRAME && tries < 2; tries++) { /* `out` may be open and empty */
        refill_from_own(q, c);
        f = pop(c);
    }
    return f;
}

/* A frame: from warm or `in`, from a block of the nearest memory, from whatever else the cache has, or from farther away. */
static q_frame take_frame(struct quire *q, struct q_cache *c) {
    q_frame f = pop(c);
    if (f == Q_NO_FRAME && refill(q, c, true)) {
        f = pop(c);
    }
    f = f == Q_NO_FRAME ? q_cache_pop_own(q, c) : f;
    if (f == Q_NO_FRAME && refill(q, c, false)) {
        f = pop(c);
    }
    return f;
}

/* A run out of a loan, the lowest; or Q_NO_FRAME. */
static q_frame run_of_loan(struct q_loan *loan, unsigned order) {
    Q_ASSERT(order > 0 && order < QUIRE_BLOCK_ORDER, order);
    size_t i = q_loan_find_run(loan, order);
    if (i == Q_NO_RUN) {
        return Q_NO_FRAME;
    }
    Q_ASSERT((i & (((size_t)1 << order) - 1)) == 0, i);
    q_loan_take(loan, i, (size_t)1 << order);
    q_zone_soil(q_loan_zone(loan), q_loan_block(loan)); /* `out` may be a block that was freed as one */
    return q_see(&loan->base) + i;
}

/* Finds small runs, several at a time, and takes one of them; their stack is empty. */
static q_frame fetch_runs(struct quire *q, struct q_cache *c, unsigned order) {
    q_frame run[Q_RUNS / 2];
    struct q_wish wish = {
        .order = order, .most = Q_RUNS / 2, .node = c->node, .sparing = true, .near_only = true, .run = run};
    Q_ASSERT(order > 0 && order <= Q_RUN_ORDERS && q_see(&c->n_runs[order - 1]) == 0, order);
    if (!q_find(q, &wish)) {
        return Q_NO_FRAME;
    }
    Q_ASSERT(wish.n > 0 && wish.n <= Q_RUNS, wish.n);
    for (unsigned i = 1; i < wish.n; i++) { /* the lowest is handed out, and then the next */
        q_show(&c->runs[order - 1][wish.n - 1 - i], run[i]);
    }
    q_show(&c->n_runs[order - 1], wish.n - 1);
    settle(c, q_zone_of(q, run[0]), (intptr_t)wish.n << order);
    look_whether_to_gather(c);
    return run[0];
}

/* Whether what is in `out` may be handed out again. */
static bool keeps_out(const struct q_cache *c) {
    const struct q_zone *z = q_loan_zone(&c->out);
    return z != NULL && q_cache_keeps(c, z);
}

/* A run of order 1..QUIRE_BLOCK_ORDER - 1. */
static Q_APART q_frame take_run(struct quire *q, struct q_cache *c, unsigned order) {
    Q_ASSERT(order > 0 && order < QUIRE_BLOCK_ORDER, order);
    q_frame f = order <= Q_RUN_ORDERS ? q_cache_unstack(c, order) : Q_NO_FRAME;
    f = f == Q_NO_FRAME ? run_of_loan(&c->in, order) : f;
    f = f == Q_NO_FRAME && !q_cache_gathers(c) && keeps_out(c) ? run_of_loan(&c->out, order) : f;
    return f == Q_NO_FRAME && order <= Q_RUN_ORDERS ? fetch_runs(q, c, order) : f;
}

q_frame q_cache_take(struct quire *q, struct q_cache *c, unsigned order) {
    Q_ASSERT(order <= QUIRE_BLOCK_ORDER, order);
    return order == 0 ? take_frame(q, c) : order == QUIRE_BLOCK_ORDER ? q_cache_take_block(c) : take_run(q, c, order);
}

/* ---- giving ---------------------------------------------------------------------------------------------- */

/* Makes `out` the loan of this frame's block, which it is not. */
static Q_APART void open_out(struct quire *q, struct q_cache *c, q_frame f) {
    Q_ASSERT(!q_cache_covers(c, f), f);
    loan_goes_home(q, c, &c->out);
    look_whether_to_gather(c);
    struct q_zone *z = q_zone_of(q, f);
    Q_ASSERT(z != NULL, f);
    q_loan_open(&c->out, z, q_zone_block_of(z, f));
}

/* The loan of this frame's block: `in` or `out`, or else `out` becomes that. */
static inline struct q_loan *loan_for(struct quire *q, struct q_cache *c, q_frame f) {
    if (!q_cache_covers(c, f)) {
        open_out(q, c, f);
    }
    return q_cache_loan_of(c, f);
}

/* Free frames of one word of a block, which came as runs of 2^order, into the loan of that block. */
static inline void word_to_loan(struct quire *q, struct q_cache *c, q_frame base, q_word bits, unsigned order) {
    Q_ASSERT(base % Q_WORD_BITS == 0 && bits != 0, base);
    q_word twice = q_loan_put_bits(loan_for(q, c, base), base, bits);
    if (Q_SELDOM(twice != 0)) {
        q_report_runs_twice(q, base, twice, order);
    }
}

/* The same, but straight home if neither loan is of that block. */
static void word_away(struct quire *q, struct q_cache *c, q_frame base, q_word bits, unsigned order) {
    if (q_cache_covers(c, base)) {
        word_to_loan(q, c, base, bits, order);
        return;
    }
    q_word_goes_home(q, base, bits, order);
    settle(c, q_zone_of(q, base), -(intptr_t)q_popcount(bits));
}

/* Of frames [i, end) of warm, which lie in one word, some are there twice: reports these. */
static Q_COLD void report_warm_twice(struct quire *q, const struct q_cache *c, uint32_t i, uint32_t end) {
    for (q_word seen = 0; i < end; i++) {
        q_frame f = q_see(&c->warm[i]);
        if ((seen & q_bit(f)) != 0) {
            q_report_twice(q, f);
        }
        seen |= q_bit(f);
    }
}

/* The oldest `n` warm frames leave, a word at a time as far as those of one lie side by side. */
static void warm_away(struct quire *q, struct q_cache *c, uint32_t n) {
    Q_ASSERT(n <= Q_WARM, n);
    for (uint32_t i = 0, first = 0; i < n; first = i) {
        q_frame base = word_base(q_see(&c->warm[i]));
        q_word bits = 0;
        for (q_frame f; i < n && (f = q_see(&c->warm[i]) - base) < Q_WORD_BITS; i++) {
            bits |= q_bit(f);
        }
        if (Q_SELDOM(q_popcount(bits) != i - first)) { /* cheaper than to look at each frame */
            report_warm_twice(q, c, first, i);
        }
        word_to_loan(q, c, base, bits, 0);
    }
}

/* Warm frames are about to leave. Beyond the end of the stack there are none. */
static void look_at_warm(struct quire *q, struct q_cache *c) {
    if (!Q_CHECK(q, "quire_free", c->n_warm <= Q_WARM, c->n_warm)) {
        c->n_warm = Q_WARM;
    }
}

/* The older half of warm, which is full, leaves. */
static Q_APART void spill(struct quire *q, struct q_cache *c) {
    look_at_warm(q, c);
    Q_ASSERT(c->n_warm == Q_WARM, c->n_warm);
    warm_away(q, c, Q_WARM / 2);
    c->n_warm -= Q_WARM / 2;
    for (uint32_t i = 0; i < Q_WARM / 2; i++) {
        q_show(&c->warm[i], q_see(&c->warm[i + Q_WARM / 2]));
    }
}

/* The oldest run of this order leaves, and with it all others of the same word. */
static void spill_runs(struct quire *q, struct q_cache *c, unsigned order) {
    q_shown *runs = c->runs[order - 1];
    q_frame base = word_base(q_see(&runs[0]));
    q_word run = q_low_bits((size_t)1 << order), bits = 0, twice = 0;
    q_word n = q_see(&c->n_runs[order - 1]), n_left = 0;
    Q_ASSERT(n > 0 && n <= Q_RUNS, n);
    for (q_word i = 0; i < n; i++) {
        q_frame f = q_see(&runs[i]);
        bool goes = f - base < Q_WORD_BITS;
        q_word frames = goes ? run << (f - base) : 0;
        twice |= bits & frames;
        bits |= frames;
        q_show(&runs[n_left], f);
        n_left += !goes;
    }
    Q_ASSERT(n_left < n && bits != 0, n_left); /* the oldest one goes, at least */
    q_show(&c->n_runs[order - 1], n_left);
    if (Q_SELDOM(twice != 0)) {
        q_report_runs_twice(q, base, twice, order);
    }
    word_away(q, c, base, bits, order);
}

void q_cache_push(struct quire *q, struct q_cache *c, q_frame f) {
    if (q_cache_gathers(c) || !looks_at(q, c, f)) { /* past warm: home, as soon as a frame of another block comes */
        word_to_loan(q, c, word_base(f), q_bit(f), 0);
        return;
    }
    if (c->n_warm >= Q_WARM) {
        spill(q, c);
    }
    Q_ASSERT(c->n_warm < Q_WARM, c->n_warm);
    q_show(&c->warm[c->n_warm++], f);
}

/* A small run: onto its stack, or away. */
static void push_run(struct quire *q, struct q_cache *c, q_frame f, unsigned order) {
    Q_ASSERT(order > 0 && order <= Q_RUN_ORDERS, order);
    const struct q_zone *z = q_zone_of(q, f);
    if (q_see(&c->n_runs[order - 1]) == Q_RUNS && !q_cache_gathers(c)) {
        spill_runs(q, c, order);
    }
    if (!q_cache_keeps(c, z) || !q_cache_stack(c, f, order)) {
        word_away(q, c, word_base(f), q_low_bits((size_t)1 << order) << (f - word_base(f)), order);
    }
}

bool q_cache_put(struct quire *q, struct q_cache *c, q_frame f, unsigned order) {
    Q_ASSERT(order <= QUIRE_BLOCK_ORDER && (f & (((q_frame)1 << order) - 1)) == 0, f);
    if (order == 0) {
        q_cache_push(q, c, f);
        return true;
    }
    if (order <= Q_RUN_ORDERS) {
        push_run(q, c, f, order);
        return true;
    }
    struct q_loan *loan = loan_for(q, c, f); /* larger runs have no stack */
    return order == QUIRE_BLOCK_ORDER ? q_loan_put_all(loan) : q_loan_put(loan, f % Q_BLOCK, (size_t)1 << order);
}

void q_cache_drain(struct quire *q, struct q_cache *c) {
    look_at_warm(q, c);
    warm_away(q, c, c->n_warm);
    c->n_warm = 0;
    for (unsigned order = 1; order <= Q_RUN_ORDERS; order++) {
        while (q_see(&c->n_runs[order - 1]) > 0) {
            spill_runs(q, c, order);
        }
    }
    loan_goes_home(q, c, &c->out);
    loan_goes_home(q, c, &c->in);
    Q_ASSERT(c->n_warm == 0 && q_cache_count_runs(c) == 0, c->n_warm);
    Q_ASSERT(q_loan_zone(&c->in) == NULL && q_loan_zone(&c->out) == NULL, 0);
}
