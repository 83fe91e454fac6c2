/* loan.c: frames of one block in private hands: the two primitives that all else is written with.
 *
 * A loan is a block and one bit for each of its frames that the holder may use. Frames enter it by q_borrow() and
 * leave it by q_give_back(), by being handed out, or by being kept for good. The block's own bits never overlap it.
 *
 * L1  A frame is in at most one of: its block's line (or count, L5), one loan, one stack.   quire_validate, q_give_back
 * L2  A loan without a block has no bit set.                                                quire_validate
 * L3  Whoever changes a block's count so that its class changes hints the new class, also when it took frames:
 *     two CPUs' changes may pass each other, and the last one sees the final count.           interleaving tests
 * L4  Who takes bits takes them before the count, the lowest word first; who gives, adds to the count last. So fewer bits
 *     than the count says mean that somebody is taking them. q_borrow then leaves the block to him: of a block that
 *     two CPUs divide between them, neither would ever give all of it back.
 * L5  A block that comes home as one is not in the line but in its count (Q_AS_ONE), which is taken away by who takes
 *     the block. Only who holds all 512 frames sets it, where it was 0: then nobody is in the middle of a step here, for
 *     who takes frames has none to pass on before he counted them, and a giver's are missing in the count.
 *                                                                                             interleaving tests
 *
 * Memory order: the line's words and the count are changed seq_cst. Acquire and release make the records and contents
 * of a frame travel with its bit, and those of a block with Q_AS_ONE; seq_cst is for the hints (index.c).
 *
 * Cost: at most one exchange for each word of the line, 8 on a 64-bit machine, whatever the number of frames, and one
 * add to the count; for a block as one, one exchange in all. Nothing waits. */
#include "loan.h"

void q_loan_clear(struct q_loan *loan) {
    loan->zone = NULL;
    loan->block = 0;
    loan->base = Q_NO_FRAME;
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        loan->mask[w] = 0;
    }
}

void q_loan_open(struct q_loan *loan, struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    q_loan_clear(loan);
    loan->zone = z;
    loan->block = block;
    loan->base = q_zone_frame(z, block);
}

unsigned q_loan_count(const struct q_loan *loan) {
    unsigned n = 0;
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        n += q_popcount(loan->mask[w]);
    }
    return n;
}

/* The bits of an aligned run in each of the words that it touches: part of one, or all of several. */
static inline q_word run_bits(size_t i, size_t n) {
    return q_low_bits(n < Q_WORD_BITS ? n : Q_WORD_BITS) << i % Q_WORD_BITS;
}

/* The first word behind it. */
static inline size_t word_behind(size_t i, size_t n) {
    return (i + n + Q_WORD_BITS - 1) / Q_WORD_BITS;
}

void q_loan_add_run(struct q_loan *loan, size_t i, size_t n) {
    Q_ASSERT(loan->zone != NULL && (i & (n - 1)) == 0 && i + n <= Q_BLOCK, i);
    q_word bits = run_bits(i, n);
    for (size_t w = i / Q_WORD_BITS, end = word_behind(i, n); w < end; w++) {
        loan->mask[w] |= bits;
    }
}

bool q_loan_put_run(struct q_loan *loan, size_t i, size_t n) {
    q_word bits = run_bits(i, n), there = 0;
    for (size_t w = i / Q_WORD_BITS, end = word_behind(i, n); w < end; w++) {
        there |= loan->mask[w] & bits;
    }
    if (there != 0) {
        return false;
    }
    q_loan_add_run(loan, i, n);
    return true;
}

void q_loan_take_run(struct q_loan *loan, size_t i, size_t n) {
    Q_ASSERT(loan->zone != NULL && (i & (n - 1)) == 0 && i + n <= Q_BLOCK, i);
    q_word bits = run_bits(i, n);
    for (size_t w = i / Q_WORD_BITS, end = word_behind(i, n); w < end; w++) {
        loan->mask[w] &= ~bits;
    }
}

bool q_loan_put_block(struct q_loan *loan) {
    q_word any = 0;
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        any |= loan->mask[w];
    }
    if (any != 0) {
        return false;
    }
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        loan->mask[w] = Q_ALL_BITS;
    }
    return true;
}

/* Whether it is all of its block. */
static bool is_all(const struct q_loan *loan) {
    q_word all = Q_ALL_BITS;
    if (loan->mask[0] != all) { /* mostly */
        return false;
    }
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        all &= loan->mask[w];
    }
    return all == Q_ALL_BITS;
}

bool q_loan_take_block(struct q_loan *loan) {
    if (!is_all(loan)) {
        return false;
    }
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        loan->mask[w] = 0;
    }
    return true;
}

/* The lowest aligned run of 2^order bits, or Q_NO_RUN. */
static size_t find_run(const q_word *words, unsigned order) {
    size_t n = (size_t)1 << order;
    if (n <= Q_WORD_BITS) {
        for (size_t w = 0; w < Q_LINE_WORDS; w++) {
            q_word runs = words[w] == 0 ? 0 : q_aligned_runs(words[w], order);
            if (runs != 0) {
                return w * Q_WORD_BITS + q_lowest(runs);
            }
        }
        return Q_NO_RUN;
    }
    for (size_t i = 0; i < Q_BLOCK; i += n) {
        q_word all = Q_ALL_BITS;
        for (size_t w = i / Q_WORD_BITS; w < (i + n) / Q_WORD_BITS; w++) {
            all &= words[w];
        }
        if (all == Q_ALL_BITS) {
            return i;
        }
    }
    return Q_NO_RUN;
}

size_t q_loan_find_run(const struct q_loan *loan, unsigned order) {
    Q_ASSERT(order < QUIRE_BLOCK_ORDER, order);
    return find_run(loan->mask, order);
}

/* The count has changed: hints the class where it is a new one. */
static void count_changed(struct q_zone *z, size_t block, int32_t old, int32_t now) {
    if (q_class_of(now) != q_class_of(old)) {
        q_zone_hint(z, block, now);
        intptr_t whole = (q_class_of(now) == Q_ALL) - (q_class_of(old) == Q_ALL);
        if (whole != 0) {
            atomic_fetch_add_explicit(&z->balance->n_whole, whole, memory_order_relaxed);
        }
    }
}

/* `n` more (fewer, where negative) frames are free in the line. Returns the count before. */
static int32_t count_add(struct q_zone *z, size_t block, int32_t n) {
    int32_t old = atomic_fetch_add(&z->blocks[block].count, n);
    count_changed(z, block, old, old + n);
    return old;
}

/* Takes a block that is there as one; false: it is not. */
static bool take_as_one(struct q_zone *z, size_t block) {
    _Atomic int32_t *count = &z->blocks[block].count;
    int32_t old = atomic_load(count);
    /* Fails where another CPU took it, or frames came home twice: it is looked for elsewhere then. */
    if (!q_is_as_one(old) || !atomic_compare_exchange_strong(count, &old, old - Q_AS_ONE)) {
        return false;
    }
    count_changed(z, block, old, old - Q_AS_ONE);
    return true;
}

/* The opposite; false: what came home before is not counted yet, and the frames must go home by their bits. */
static bool give_as_one(struct q_zone *z, size_t block) {
    int32_t none = 0;
    if (!atomic_compare_exchange_strong(&z->blocks[block].count, &none, Q_AS_ONE)) {
        return false;
    }
    count_changed(z, block, 0, Q_AS_ONE);
    return true;
}

unsigned q_borrow(struct q_zone *z, size_t block, struct q_loan *loan) {
    Q_ASSERT(q_zone_ready(z, block), block);
    q_loan_open(loan, z, block);
    if (take_as_one(z, block)) {
        q_loan_add_run(loan, 0, Q_BLOCK);
        return Q_BLOCK;
    }
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        loan->mask[w] = atomic_load_explicit(&z->lines[block].word[w], memory_order_relaxed); /* a glance */
    }
    /* relaxed: whether to go on is a matter of policy only (L4). Who comes here at the same time finds the first word gone. */
    bool alone = (int32_t)q_loan_count(loan) >= atomic_load_explicit(&z->blocks[block].count, memory_order_relaxed);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        q_word seen = loan->mask[w];
        loan->mask[w] = alone && seen != 0 ? atomic_exchange(&z->lines[block].word[w], 0) : 0;
        alone = alone && (seen & ~loan->mask[w]) == 0;
    }
    unsigned n = q_loan_count(loan);
    if (n == 0) {
        q_loan_clear(loan);
        return 0;
    }
    (void)count_add(z, block, -(int32_t)n);
    return n;
}

bool q_borrow_block(struct q_zone *z, size_t block) {
    struct q_loan loan;
    q_frame twice;
    if (take_as_one(z, block)) {
        return true;
    }
    if (q_class_of(atomic_load(&z->blocks[block].count)) != Q_ALL) {
        return false;
    }
    bool all = q_borrow(z, block, &loan) == Q_BLOCK;
    if (!all) {
        (void)q_give_back(&loan, &twice);
    }
    return all;
}

bool q_borrow_fresh(struct q_zone *z, struct q_loan *loan) {
    size_t block = q_zone_claim(z);
    if (block == Q_NO_BLOCK) {
        q_loan_clear(loan);
        return false;
    }
    q_loan_open(loan, z, block);
    q_loan_add_run(loan, 0, Q_BLOCK);
    return true;
}

/* Takes the words of a run of whole words; false, and all is home again, where one of them was not full. */
static bool take_words(struct q_zone *z, size_t block, size_t first, size_t n_words) {
    struct q_loan part;
    q_loan_open(&part, z, block);
    bool full = true;
    for (size_t w = first; w < first + n_words && full; w++) {
        part.mask[w] = atomic_exchange(&z->lines[block].word[w], 0);
        full = part.mask[w] == Q_ALL_BITS;
    }
    unsigned n = q_loan_count(&part);
    if (n > 0) {
        (void)count_add(z, block, -(int32_t)n);
    }
    if (!full) {
        q_frame twice;
        (void)q_give_back(&part, &twice);
    }
    return full;
}

/* Takes the lowest aligned runs of 2^order frames out of a word, at `most` so many; returns how many. */
static unsigned take_in_word(struct q_zone *z, size_t block, size_t w, unsigned order, unsigned most, q_frame *runs) {
    _Atomic q_word *bits = &z->lines[block].word[w];
    q_frame base = q_zone_frame(z, block) + w * Q_WORD_BITS;
    q_word old = atomic_load(bits), run = q_low_bits((size_t)1 << order);
    /* Each failure means that another CPU took or freed frames here. Who fails as often as the word has bits goes on
     * elsewhere, so that each call has an end; a proof that there is none takes that for what it is (single.c, P1). */
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

/* The same for runs of whole words. */
static unsigned take_wide(struct q_zone *z, size_t block, unsigned order, q_frame *run) {
    q_word seen[Q_LINE_WORDS];
    for (unsigned tries = 0; tries < Q_BLOCK; tries++) { /* each failure means that another CPU took frames here */
        for (size_t w = 0; w < Q_LINE_WORDS; w++) {
            seen[w] = atomic_load(&z->lines[block].word[w]);
        }
        size_t i = find_run(seen, order);
        if (i == Q_NO_RUN) {
            return 0;
        }
        if (take_words(z, block, i / Q_WORD_BITS, ((size_t)1 << order) / Q_WORD_BITS)) {
            *run = q_zone_frame(z, block) + i;
            return 1;
        }
    }
    return 0;
}

/* The same out of a block that is all the caller's; the rest of that goes home. */
static unsigned take_of_own(struct q_zone *z, size_t block, unsigned order, unsigned most, q_frame *runs) {
    struct q_loan rest;
    q_frame twice;
    unsigned n = 0;
    q_loan_open(&rest, z, block);
    q_loan_add_run(&rest, 0, Q_BLOCK);
    for (size_t i = 0, size = (size_t)1 << order; n < most && i < Q_BLOCK; i += size) {
        runs[n++] = rest.base + i;
        q_loan_take_run(&rest, i, size);
    }
    q_zone_soil(z, block);
    (void)q_give_back(&rest, &twice);
    return n;
}

unsigned q_borrow_fresh_run(struct q_zone *z, unsigned order, q_frame *run) {
    size_t block = q_zone_claim(z);
    return block != Q_NO_BLOCK ? take_of_own(z, block, order, 1, run) : 0;
}

unsigned q_borrow_runs(struct q_zone *z, size_t block, unsigned order, unsigned most, q_frame *runs) {
    Q_ASSERT(order < QUIRE_BLOCK_ORDER && block < z->n_blocks, block);
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

/* Sets bits of one word; returns those that were set already. */
static q_word set_bits(struct q_zone *z, size_t block, size_t w, q_word frames) {
    return atomic_fetch_or(&z->lines[block].word[w], frames) & frames;
}

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

/* The same for all frames of a loan; returns the first one. */
static Q_COLD q_frame undo(const struct q_loan *loan) {
    q_frame first = Q_NO_FRAME;
    for (size_t w = Q_LINE_WORDS; w-- > 0;) {
        if (loan->mask[w] != 0) {
            undo_bits(loan->zone, loan->block, w, loan->mask[w]);
            first = loan->base + w * Q_WORD_BITS + q_lowest(loan->mask[w]);
        }
    }
    return first;
}

/* Sets the bits of all frames of a loan; returns how many were not set, *twice the first that was. */
static unsigned set_all_bits(const struct q_loan *loan, q_frame *twice) {
    unsigned n = 0;
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        q_word frames = loan->mask[w];
        if (frames == 0) {
            continue;
        }
        q_word again = set_bits(loan->zone, loan->block, w, frames);
        if (Q_SELDOM(again != 0)) {
            *twice = *twice == Q_NO_FRAME ? loan->base + w * Q_WORD_BITS + q_lowest(again) : *twice;
            frames &= ~again;
        }
        n += q_popcount(frames);
    }
    return n;
}

unsigned q_give_back(struct q_loan *loan, q_frame *twice) {
    *twice = Q_NO_FRAME;
    if (loan->zone == NULL) {
        return 0;
    }
    unsigned n = Q_BLOCK;
    if (!is_all(loan) || !give_as_one(loan->zone, loan->block)) {
        n = set_all_bits(loan, twice);
        if (n > 0 && Q_SELDOM(q_is_as_one(count_add(loan->zone, loan->block, (int32_t)n)))) {
            *twice = undo(loan);
            n = 0;
        }
    }
    q_loan_clear(loan);
    return n;
}
