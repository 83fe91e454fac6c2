/* loan.h: frames of one block in private hands. See loan.c for the theory. */
#ifndef Q_LOAN_H
#define Q_LOAN_H

#include "zone.h"

struct q_loan {
    struct q_zone *zone; /* NULL: no block, and no bit is set */
    size_t block;
    q_frame base; /* the block's first frame; Q_NO_FRAME without a block, so that no frame seems to lie in it */
    q_word mask[Q_LINE_WORDS];
};

/* Makes a loan of no frame. */
void q_loan_clear(struct q_loan *loan);

/* Makes a loan of no frame yet, but of this block. */
void q_loan_open(struct q_loan *loan, struct q_zone *z, size_t block);

/* Whether a frame is in the loan. */
static inline bool q_loan_has(const struct q_loan *loan, q_frame f) {
    q_frame i = f - loan->base;
    return i < Q_BLOCK && (loan->mask[i / Q_WORD_BITS] & q_bit(i)) != 0;
}

/* Puts frames of one word of the loan's block into it, `base` that of bit 0; returns those that are there already. */
static inline q_word q_loan_put_bits(struct q_loan *loan, q_frame base, q_word bits) {
    q_word *word = &loan->mask[(base - loan->base) / Q_WORD_BITS];
    q_word twice = *word & bits;
    *word |= bits;
    return twice;
}

unsigned q_loan_count(const struct q_loan *loan);

/* Frames [i, i + n) of the loan's block; n is a power of two and i a multiple of it. */
void q_loan_add_run(struct q_loan *loan, size_t i, size_t n);
void q_loan_take_run(struct q_loan *loan, size_t i, size_t n);

/* The same as q_loan_add_run; false, and nothing changed, where some of them are there. */
bool q_loan_put_run(struct q_loan *loan, size_t i, size_t n);

/* All frames of the loan's block. put: false, and nothing changed, where some of them are there; take: where some are
 * not. */
bool q_loan_put_block(struct q_loan *loan);
bool q_loan_take_block(struct q_loan *loan);

/* The lowest aligned run of 2^order frames in the loan, or Q_NO_RUN. order < QUIRE_BLOCK_ORDER. */
#define Q_NO_RUN SIZE_MAX
size_t q_loan_find_run(const struct q_loan *loan, unsigned order);

/* Takes all free frames of a block. 0, and a cleared loan, where none came, or where somebody else is taking them; where he
 * came in between, some of them. */
unsigned q_borrow(struct q_zone *z, size_t block, struct q_loan *loan);

/* The same where all frames of the block are free; false, and nothing changed, where they are not. */
bool q_borrow_block(struct q_zone *z, size_t block);

/* Takes all frames of a fresh block; false: there is none. */
bool q_borrow_fresh(struct q_zone *z, struct q_loan *loan);

/* Takes aligned runs of 2^order frames out of a block, the lowest ones, at `most` so many (1 of those of whole words), and
 * soils it; returns how many, their first frames in runs[]; 0 and nothing changed where there is none. */
unsigned q_borrow_runs(struct q_zone *z, size_t block, unsigned order, unsigned most, q_frame *runs);

/* The same out of a fresh block, one run, so that its neighbours do not wait in a cache while others could be whole. */
unsigned q_borrow_fresh_run(struct q_zone *z, unsigned order, q_frame *run);

/* Gives some frames of word `w` back to their block; returns those that were there already: they came back twice. */
q_word q_give_back_word(struct q_zone *z, size_t block, size_t w, q_word frames);

/* Gives the frames back to their block and clears the loan; returns how many came home. *twice is the first one that was
 * there already, or Q_NO_FRAME. */
unsigned q_give_back(struct q_loan *loan, q_frame *twice);

#endif
