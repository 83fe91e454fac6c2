/* loan.c: frames of one block in private hands.
 *
 * A loan is a block and one bit for each of its frames that the holder may use. Frames enter it when they are borrowed
 * (borrow.c) or freed, and leave it when they are handed out or given back.
 *
 *   block   | 1 1 1 1 0 0 0 0 1 1 0 0 ... |   free at home
 *   loan    | 0 0 0 0 0 1 1 0 0 0 0 0 ... |   in the holder's hands
 *   the rest is held, or in another loan or stack
 *
 * L1  A frame is in at most one of: its block's line (or count), one loan, one stack.   quire_validate, q_give_back
 * L2  A loan without a block has no bit set.                                            quire_validate
 *
 * While a frame is in a loan, its bit in the block's line is 0 and its record says free, and only the loan's holder may
 * change either. So a loan is opened, filled and searched without a locked instruction. What is left in it goes home by
 * one locked instruction for each word.
 *
 * Nothing here is shared but for being read (shown.h): no step costs more than a plain one. */
#include "loan.h"

void q_loan_clear(struct q_loan *loan) {
    q_show(&loan->zone, (struct q_zone *)NULL);
    q_show(&loan->base, Q_NO_FRAME);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        q_show(&loan->mask[w], 0);
    }
}

void q_loan_open(struct q_loan *loan, struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    q_loan_clear(loan);
    q_show(&loan->zone, z);
    q_show(&loan->base, q_zone_frame(z, block));
}

void q_loan_open_all(struct q_loan *loan, struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    q_show(&loan->zone, z);
    q_show(&loan->base, q_zone_frame(z, block));
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        q_show(&loan->mask[w], Q_ALL_BITS);
    }
    Q_ASSERT(q_loan_is_all(loan) && q_loan_block(loan) == block, block);
}

void q_loan_move(struct q_loan *to, struct q_loan *from) {
    Q_ASSERT(to != from && q_loan_count(to) == 0, q_see(&to->base)); /* nothing is lost */
    q_show(&to->zone, q_loan_zone(from));
    q_show(&to->base, q_see(&from->base));
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        q_show(&to->mask[w], q_see(&from->mask[w]));
    }
    q_loan_clear(from);
}

unsigned q_loan_count(const struct q_loan *loan) {
    unsigned n = 0;
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        n += q_popcount(q_see(&loan->mask[w]));
    }
    Q_ASSERT(n <= Q_BLOCK, n);
    return n;
}

/* The words that frames [i, i + n) have a part in are [i / Q_WORD_BITS, words_end(i, n)). */
static inline size_t words_end(size_t i, size_t n) {
    return (i + n + Q_WORD_BITS - 1) / Q_WORD_BITS;
}

bool q_loan_put(struct q_loan *loan, size_t i, size_t n) {
    Q_ASSERT(q_loan_zone(loan) != NULL && n > 0 && i + n <= Q_BLOCK, i);
    q_word there = 0;
    for (size_t w = i / Q_WORD_BITS, end = words_end(i, n); w < end; w++) {
        there |= q_see(&loan->mask[w]) & q_range_in_word(w, i, i + n);
    }
    if (there != 0) {
        return false;
    }
    for (size_t w = i / Q_WORD_BITS, end = words_end(i, n); w < end; w++) {
        q_show(&loan->mask[w], q_see(&loan->mask[w]) | q_range_in_word(w, i, i + n));
    }
    return true;
}

void q_loan_take(struct q_loan *loan, size_t i, size_t n) {
    Q_ASSERT(q_loan_zone(loan) != NULL && n > 0 && i + n <= Q_BLOCK, i);
    for (size_t w = i / Q_WORD_BITS, end = words_end(i, n); w < end; w++) {
        Q_ASSERT((q_range_in_word(w, i, i + n) & ~q_see(&loan->mask[w])) == 0, i); /* all of them are here */
        q_show(&loan->mask[w], q_see(&loan->mask[w]) & ~q_range_in_word(w, i, i + n));
    }
}

bool q_loan_put_all(struct q_loan *loan) {
    Q_ASSERT(q_loan_zone(loan) != NULL, q_see(&loan->base));
    q_word any = 0;
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        any |= q_see(&loan->mask[w]);
    }
    for (size_t w = 0; any == 0 && w < Q_LINE_WORDS; w++) {
        q_show(&loan->mask[w], Q_ALL_BITS);
    }
    return any == 0;
}

bool q_loan_is_all(const struct q_loan *loan) {
    q_word all = q_see(&loan->mask[0]);
    for (size_t w = 1; all == Q_ALL_BITS && w < Q_LINE_WORDS; w++) { /* mostly, the first one says no */
        all &= q_see(&loan->mask[w]);
    }
    return all == Q_ALL_BITS;
}

bool q_loan_take_all(struct q_loan *loan) {
    bool all = q_loan_is_all(loan);
    for (size_t w = 0; all && w < Q_LINE_WORDS; w++) {
        q_show(&loan->mask[w], 0);
    }
    return all;
}

/* The first of the aligned runs of n words that are full, as a frame's number in the block. */
static size_t find_words(const q_word *words, size_t n) {
    Q_ASSERT(n > 0 && Q_LINE_WORDS % n == 0, n);
    for (size_t first = 0; first < Q_LINE_WORDS; first += n) {
        q_word all = Q_ALL_BITS;
        for (size_t w = first; w < first + n; w++) {
            all &= words[w];
        }
        if (all == Q_ALL_BITS) {
            return first * Q_WORD_BITS;
        }
    }
    return Q_NO_RUN;
}

size_t q_find_run(const q_word *words, unsigned order) {
    Q_ASSERT(order < QUIRE_BLOCK_ORDER, order);
    if ((size_t)1 << order > Q_WORD_BITS) {
        return find_words(words, ((size_t)1 << order) / Q_WORD_BITS);
    }
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        q_word runs = words[w] == 0 ? 0 : q_aligned_runs(words[w], order);
        if (runs != 0) {
            return w * Q_WORD_BITS + q_lowest(runs);
        }
    }
    return Q_NO_RUN;
}

size_t q_loan_find_run(const struct q_loan *loan, unsigned order) {
    q_word words[Q_LINE_WORDS];
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        words[w] = q_see(&loan->mask[w]);
    }
    return q_find_run(words, order);
}
