/* loan.h: frames of one block in private hands. See loan.c for the theory. */
#ifndef Q_LOAN_H
#define Q_LOAN_H

#include "shown.h"
#include "zone.h"

struct q_loan {
    _Atomic(struct q_zone *) zone; /* NULL: no block, and no bit is set */
    q_shown base;                  /* the block's first frame; Q_NO_FRAME without a block */
    q_shown mask[Q_LINE_WORDS];    /* a bit for each frame that the holder may use */
};

static inline struct q_zone *q_loan_zone(const struct q_loan *loan) {
    return q_see(&loan->zone);
}

/* The number of the block in its zone. */
static inline size_t q_loan_block(const struct q_loan *loan) {
    Q_ASSERT(q_loan_zone(loan) != NULL, q_see(&loan->base));
    return q_zone_block_of(q_loan_zone(loan), q_see(&loan->base));
}

/* Whether a frame is of the loan's block, and whether it is in the loan. */
static inline bool q_loan_covers(const struct q_loan *loan, q_frame f) {
    return f - q_see(&loan->base) < Q_BLOCK;
}
static inline bool q_loan_has(const struct q_loan *loan, q_frame f) {
    q_frame i = f - q_see(&loan->base);
    return i < Q_BLOCK && (q_see(&loan->mask[i / Q_WORD_BITS]) & q_bit(i)) != 0;
}

/* Makes it a loan of no frame; of no frame yet, but of this block; of all frames of this block. */
void q_loan_clear(struct q_loan *loan);
void q_loan_open(struct q_loan *loan, struct q_zone *z, size_t block);
void q_loan_open_all(struct q_loan *loan, struct q_zone *z, size_t block);

/* What is in `from` moves to `to`; `from` is cleared. */
void q_loan_move(struct q_loan *to, struct q_loan *from);

unsigned q_loan_count(const struct q_loan *loan);

/* Puts frames of one word of the loan's block into it, `base` that of bit 0; returns those that are there already. */
static inline q_word q_loan_put_bits(struct q_loan *loan, q_frame base, q_word bits) {
    Q_ASSERT(q_loan_covers(loan, base) && base % Q_WORD_BITS == 0, base);
    q_shown *word = &loan->mask[(base - q_see(&loan->base)) / Q_WORD_BITS];
    q_word old = q_see(word);
    q_show(word, old | bits);
    return old & bits;
}

/* Frames [i, i + n) of the loan's block. put: false, and nothing changed, if some of them are in the loan. */
bool q_loan_put(struct q_loan *loan, size_t i, size_t n);
void q_loan_take(struct q_loan *loan, size_t i, size_t n);

/* All frames of the block. put: false, and nothing changed, if some of them are in the loan; take: if some are not. */
bool q_loan_put_all(struct q_loan *loan);
bool q_loan_take_all(struct q_loan *loan);
bool q_loan_is_all(const struct q_loan *loan);

/* The lowest aligned run of 2^order frames in the loan, or Q_NO_RUN. order < QUIRE_BLOCK_ORDER. */
#define Q_NO_RUN SIZE_MAX
size_t q_loan_find_run(const struct q_loan *loan, unsigned order);

/* The same in the words of a line that was read. */
size_t q_find_run(const q_word *words, unsigned order);

#endif
