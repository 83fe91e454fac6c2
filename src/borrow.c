/* borrow.c: taking frames out of blocks that all CPUs share, and giving them back. All else is made of these two.
 *
 *   borrow      exchange each word of the block's line with 0: the bits that come are the caller's
 *   give back   or the bits in again; one that was set already is a frame that came back twice
 *
 *        the line of a block, one bit for each free frame                     its count
 *        | 1 1 1 0 | 0 0 0 0 | 0 0 1 1 | ...                                       5
 *   take   exchange each word with 0      then    count - 5, by one addition       0
 *   give   or the bits in                 then    count + 5                        5
 *
 * A block of which all frames come home at once sets no bits: its count becomes Q_AS_ONE, by one compare-exchange, and
 * another one takes it away.
 *
 * Two words, the bits and the count, cannot change together. So a CPU that reads both may see a count that is too high,
 * while another one takes, or too low, while another one gives. An inexact count only decides which blocks are tried
 * first: a frame belongs to the CPU whose exchange took its bit, or took Q_AS_ONE out of the count (B3).
 *
 * B1  A CPU that changes a block's count so that its class changes hints the new class, also if it took frames: two
 *     CPUs' changes may pass each other, and the last one sees the final count.                interleaving tests
 * B2  A CPU that takes bits takes them before it lowers the count, the lowest word first; a CPU that gives raises the
 *     count last. So fewer bits than the count says mean that somebody is taking them. q_borrow then leaves the
 *     block alone: of a block that two CPUs divide between them, neither would ever give all of it back.
 * B3  Only the CPU that holds all 512 frames sets Q_AS_ONE, and only if the count is 0. Then nobody is in the middle of
 *     a step here: a taker lowers the count before it passes frames on, and a giver's frames are missing in the count.
 *                                                                                              interleaving tests
 * B4  Frames are taken all or none: words in ascending order, so that of two CPUs that want overlapping frames
 *     one gets them.
 *
 * B5  The CPU whose bits complete a run in a word hints that; a searcher that finds no run takes the hint away, and looks
 *     again. If the word had such a run before, the hint is set, or another CPU is about to set it.
 *                                                                                              interleaving tests
 *
 * Memory order: a line's words and the count are changed seq_cst. Acquire and release make the records and contents of
 * a frame travel with its bit, and those of a block with Q_AS_ONE; seq_cst is for the hints (index.c).
 *
 * Cost: at most one exchange for each word of the line, 8 on a 64-bit machine, whatever the number of frames, and one
 * add to the count; for a block as one, one exchange in all. Nothing waits. */
#include "borrow.h"

#include "compiler.h"

/* ---- the count ------------------------------------------------------------------------------------------- */

/* The count has changed: hints the class if it is a new one (B1). */
static void count_changed(struct q_zone *z, size_t block, int32_t old, int32_t now) {
    if (q_class_of(now) != q_class_of(old)) {
        q_zone_hint(z, block, now);
        intptr_t whole = (q_class_of(now) == Q_ALL) - (q_class_of(old) == Q_ALL);
        if (whole != 0) {
            atomic_fetch_add_explicit(&z->balance.n_whole, whole, memory_order_relaxed); /* an estimate */
        }
    }
}

/* `n` more (fewer, if negative) frames are free in the line. Returns the count before. */
static int32_t count_add(struct q_zone *z, size_t block, int32_t n) {
    Q_ASSERT(n >= -(int32_t)Q_BLOCK && n <= (int32_t)Q_BLOCK, n);
    int32_t old = atomic_fetch_add(&z->counts[block], n);
    count_changed(z, block, old, old + n);
    return old;
}

/* Takes a block that is there as one; false: it is not. */
static bool take_as_one(struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    q_count *count = &z->counts[block];
    int32_t old = atomic_load(count);
    /* Fails if another CPU took it, or frames came home twice: it is looked for elsewhere then. */
    if (!q_is_as_one(old) || !atomic_compare_exchange_strong(count, &old, old - Q_AS_ONE)) {
        return false;
    }
    count_changed(z, block, old, old - Q_AS_ONE);
    return true;
}

/* The opposite; false: what came home before is not counted yet, and the frames must go home by their bits (B3). */
static bool give_as_one(struct q_zone *z, size_t block) {
    int32_t none = 0;
    if (!atomic_compare_exchange_strong(&z->counts[block], &none, Q_AS_ONE)) {
        return false;
    }
    count_changed(z, block, 0, Q_AS_ONE);
    return true;
}

/* ---- borrow ---------------------------------------------------------------------------------------------- */

/* Takes the words of which bits were seen, until one of them shows that another CPU is taking them, too. */
static unsigned take_seen(struct q_zone *z, size_t block, struct q_loan *loan, bool alone) {
    unsigned n = 0;
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        q_word seen = q_see(&loan->mask[w]);
        q_word got = alone && seen != 0 ? atomic_exchange(&z->lines[block].word[w], 0) : 0;
        q_show(&loan->mask[w], got);
        n += q_popcount(got);
        Q_ASSERT(n <= Q_BLOCK, n);
        alone = alone && (seen & ~got) == 0;
    }
    return n;
}

unsigned q_borrow(struct q_zone *z, size_t block, struct q_loan *loan) {
    Q_ASSERT(q_zone_ready(z, block), block);
    if (take_as_one(z, block)) {
        q_loan_open_all(loan, z, block);
        return Q_BLOCK;
    }
    q_loan_open(loan, z, block);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) { /* relaxed: a glance */
        q_show(&loan->mask[w], atomic_load_explicit(&z->lines[block].word[w], memory_order_relaxed));
    }
    /* relaxed: whether to go on is a matter of policy only (B2). Of two that begin at once, one finds the first word
     * gone. */
    int32_t count = atomic_load_explicit(&z->counts[block], memory_order_relaxed);
    unsigned n = take_seen(z, block, loan, (int32_t)q_loan_count(loan) >= count);
    if (n == 0) {
        q_loan_clear(loan);
        return 0;
    }
    Q_ASSERT(n == q_loan_count(loan), n);
    (void)count_add(z, block, -(int32_t)n);
    return n;
}

bool q_borrow_fresh(struct q_zone *z, struct q_loan *loan) {
    size_t block = q_zone_claim(z);
    if (block == Q_NO_BLOCK) {
        q_loan_clear(loan);
        return false;
    }
    q_loan_open_all(loan, z, block);
    return true;
}

/* ---- exactly these frames -------------------------------------------------------------------------------- */

/* Takes these bits of a word, or none. */
static bool take_bits(_Atomic q_word *word, q_word bits) {
    q_word old = atomic_load(word);
    Q_ASSERT(bits != 0, bits);
    for (unsigned tries = 0; (old & bits) == bits && tries < Q_WORD_BITS; tries++) { /* as in take_in_word */
        if (atomic_compare_exchange_strong(word, &old, old & ~bits)) {
            return true;
        }
    }
    return false;
}

/* Sets bits of one word, and hints the runs that it has by that (B5); returns those that were set already. */
static q_word set_bits(struct q_zone *z, size_t block, size_t w, q_word frames) {
    Q_ASSERT(block < z->n_blocks && w < Q_LINE_WORDS && frames != 0, frames);
    q_word old = atomic_fetch_or(&z->lines[block].word[w], frames);
    q_zone_hint_runs(z, block, old, old | frames);
    return old & frames;
}

/* Gives back what was taken of the first `n_words` of a mask. The count still includes these frames; of one that came home
 * meanwhile, too, it includes one too many. */
static void put_back(struct q_zone *z, size_t block, const q_word *mask, size_t n_words) {
    uint32_t n_twice = 0;
    for (size_t w = 0; w < n_words; w++) {
        n_twice += mask[w] != 0 ? q_popcount(set_bits(z, block, w, mask[w])) : 0;
    }
    if (n_twice > 0) {
        (void)count_add(z, block, -(int32_t)n_twice);
    }
}

bool q_borrow_exactly(struct q_zone *z, size_t block, const q_word *mask) {
    uint32_t n = 0;
    Q_ASSERT(block < z->n_blocks, block);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) { /* ascending (B4) */
        if (mask[w] != 0 && !take_bits(&z->lines[block].word[w], mask[w])) {
            put_back(z, block, mask, w);
            return false;
        }
        n += q_popcount(mask[w]);
    }
    Q_ASSERT(n > 0, n); /* a mask names a frame */
    (void)count_add(z, block, -(int32_t)n);
    return true;
}

/* Takes frames [i, i + n) of a block by their bits, or none. */
static bool take_range(struct q_zone *z, size_t block, size_t i, size_t n) {
    q_word mask[Q_LINE_WORDS];
    Q_ASSERT(n > 0 && i + n <= Q_BLOCK, i);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        mask[w] = q_range_in_word(w, i, i + n);
    }
    return q_borrow_exactly(z, block, mask);
}

/* Takes a block of which no bit is set, though all of its frames are free. */
static bool take_unmarked(struct q_zone *z, size_t block) {
    /* never used: whoever initialises it has all of it; or it came home as one */
    return q_zone_ready(z, block) ? take_as_one(z, block) : q_zone_claim_block(z, block);
}

bool q_borrow_block(struct q_zone *z, size_t block) {
    /* else it came home in pieces: all of its bits are set */
    return take_unmarked(z, block) || (q_zone_ready(z, block) && q_class_of(atomic_load(&z->counts[block])) == Q_ALL &&
                                       take_range(z, block, 0, Q_BLOCK));
}

/* Sends all of a block home that is the caller's, but for frames [i, i + n). */
static void keep_only(struct q_zone *z, size_t block, size_t i, size_t n) {
    struct q_loan rest;
    q_frame twice;
    q_loan_open_all(&rest, z, block);
    q_loan_take(&rest, i, n);
    q_zone_soil(z, block);
    (void)q_give_back(&rest, &twice);
    Q_ASSERT(twice == Q_NO_FRAME, twice); /* the whole block was the caller's */
}

bool q_borrow_part(struct q_zone *z, size_t block, size_t i, size_t n) {
    Q_ASSERT(block < z->n_blocks && n > 0 && i + n <= Q_BLOCK, i);
    if (n == Q_BLOCK) {
        return q_borrow_block(z, block);
    }
    if (take_unmarked(z, block)) {
        keep_only(z, block, i, n);
        return true;
    }
    if (!q_zone_ready(z, block) || !take_range(z, block, i, n)) {
        return false;
    }
    q_zone_soil(z, block);
    return true;
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

/* Takes the lowest aligned runs of 2^order frames out of a word, at most `most`; returns how many. */
static unsigned take_in_word(struct q_zone *z, size_t block, size_t w, unsigned order, unsigned most, q_frame *runs) {
    _Atomic q_word *bits = &z->lines[block].word[w];
    q_frame base = q_zone_frame(z, block) + w * Q_WORD_BITS;
    q_word old = atomic_load(bits), run = q_low_bits((size_t)1 << order);
    Q_ASSERT(most > 0 && (size_t)1 << order <= Q_WORD_BITS, order);
    /* Each failure means that another CPU took or freed frames here. A CPU that fails as often as the word has bits goes on
     * elsewhere, so that each call has an end; a proof that there is none takes that for what it is (take.c, P1). */
    for (unsigned tries = 0; old != 0 && tries < Q_WORD_BITS; tries++) {
        q_word frames = 0, starts = q_aligned_runs(old, order);
        unsigned n = 0;
        for (; starts != 0 && n < most; starts &= starts - 1) {
            runs[n++] = base + q_lowest(starts);
            frames |= run << q_lowest(starts);
        }
        if (n == 0) {
            return 0;
        }
        Q_ASSERT(q_popcount(frames) == n << order && (frames & ~old) == 0, frames);
        if (atomic_compare_exchange_strong(bits, &old, old & ~frames)) {
            return n;
        }
    }
    return 0;
}

/* The same out of all words of a block. */
static unsigned take_narrow(struct q_zone *z, size_t block, unsigned order, unsigned most, q_frame *runs) {
    unsigned n = 0;
    for (size_t w = 0; w < Q_LINE_WORDS && n < most; w++) {
        n += take_in_word(z, block, w, order, most - n, runs + n);
    }
    if (n > 0) {
        (void)count_add(z, block, -(int32_t)(n << order));
    }
    return n;
}

/* The same for one run of whole words. */
static Q_APART unsigned take_wide(struct q_zone *z, size_t block, unsigned order, q_frame *run) {
    q_word words[Q_LINE_WORDS];
    Q_ASSERT((size_t)1 << order >= Q_WORD_BITS && order < QUIRE_BLOCK_ORDER, order);
    for (unsigned tries = 0; tries < Q_BLOCK; tries++) { /* each failure means that another CPU took frames here */
        for (size_t w = 0; w < Q_LINE_WORDS; w++) {
            words[w] = atomic_load(&z->lines[block].word[w]);
        }
        size_t i = q_find_run(words, order);
        if (i == Q_NO_RUN) {
            return 0;
        }
        if (take_range(z, block, i, (size_t)1 << order)) {
            *run = q_zone_frame(z, block) + i;
            return 1;
        }
    }
    return 0;
}

/* The same out of a block that is all the caller's; the rest of that goes home. */
static unsigned take_of_own(struct q_zone *z, size_t block, unsigned order, unsigned most, q_frame *runs) {
    size_t n_there = Q_BLOCK >> order;
    unsigned n = most < n_there ? most : (unsigned)n_there;
    Q_ASSERT(n > 0, order);
    for (size_t i = 0; i < n; i++) {
        runs[i] = q_zone_frame(z, block) + (i << order);
    }
    keep_only(z, block, 0, (size_t)n << order);
    return n;
}

unsigned q_borrow_fresh_run(struct q_zone *z, unsigned order, q_frame *run) {
    Q_ASSERT(order < QUIRE_BLOCK_ORDER, order);
    size_t block = q_zone_claim(z);
    return block != Q_NO_BLOCK ? take_of_own(z, block, order, 1, run) : 0;
}

unsigned q_borrow_runs(struct q_zone *z, size_t block, unsigned order, unsigned most, q_frame *runs) {
    Q_ASSERT(order < QUIRE_BLOCK_ORDER && block < z->n_blocks && most > 0, block);
    if (take_as_one(z, block)) {
        return take_of_own(z, block, order, most, runs);
    }
    unsigned n =
        (size_t)1 << order < Q_WORD_BITS ? take_narrow(z, block, order, most, runs) : take_wide(z, block, order, runs);
    if (n > 0) {
        q_zone_soil(z, block);
    }
    return n;
}

/* ---- give back ------------------------------------------------------------------------------------------- */

/* Takes bits out of one word again, of frames that are home as parts of the whole block. */
static Q_COLD void undo_bits(struct q_zone *z, size_t block, size_t w, q_word frames) {
    q_word gone = atomic_fetch_and(&z->lines[block].word[w], ~frames) & frames;
    (void)count_add(z, block, -(int32_t)q_popcount(gone));
}

q_word q_give_back_word(struct q_zone *z, size_t block, size_t w, q_word frames) {
    Q_ASSERT(frames != 0 && w < Q_LINE_WORDS, w);
    q_word again = set_bits(z, block, w, frames);
    if (Q_SELDOM(q_is_as_one(count_add(z, block, (int32_t)q_popcount(frames & ~again))))) {
        undo_bits(z, block, w, frames);
        again = frames;
    }
    return again;
}

/* The first frame of some bits of word `w`. */
static q_frame frame_of(const struct q_loan *loan, size_t w, q_word bits) {
    Q_ASSERT(bits != 0 && w < Q_LINE_WORDS, w);
    return q_see(&loan->base) + w * Q_WORD_BITS + q_lowest(bits);
}

/* undo_bits for all frames of a loan; returns the first one. */
static Q_COLD q_frame undo(const struct q_loan *loan) {
    q_frame first = Q_NO_FRAME;
    for (size_t w = Q_LINE_WORDS; w-- > 0;) {
        q_word frames = q_see(&loan->mask[w]);
        if (frames != 0) {
            undo_bits(q_loan_zone(loan), q_loan_block(loan), w, frames);
            first = frame_of(loan, w, frames);
        }
    }
    return first;
}

/* Sets the bits of all frames of a loan; returns how many were not set, *twice the first that was. */
static unsigned set_all_bits(const struct q_loan *loan, q_frame *twice) {
    struct q_zone *z = q_loan_zone(loan);
    size_t block = q_loan_block(loan);
    unsigned n = 0;
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        q_word frames = q_see(&loan->mask[w]);
        if (frames == 0) {
            continue;
        }
        q_word again = set_bits(z, block, w, frames);
        if (Q_SELDOM(again != 0)) {
            *twice = *twice == Q_NO_FRAME ? frame_of(loan, w, again) : *twice;
        }
        n += q_popcount(frames & ~again);
    }
    return n;
}

unsigned q_give_back(struct q_loan *loan, q_frame *twice) {
    struct q_zone *z = q_loan_zone(loan);
    *twice = Q_NO_FRAME;
    if (z == NULL) {
        return 0;
    }
    Q_ASSERT(q_zone_ready(z, q_loan_block(loan)), q_see(&loan->base));
    unsigned n = Q_BLOCK;
    if (!q_loan_is_all(loan) || !give_as_one(z, q_loan_block(loan))) {
        n = set_all_bits(loan, twice);
        if (n > 0 && Q_SELDOM(q_is_as_one(count_add(z, q_loan_block(loan), (int32_t)n)))) {
            *twice = undo(loan);
            n = 0;
        }
    }
    Q_ASSERT(n <= q_loan_count(loan), n);
    q_loan_clear(loan);
    return n;
}
