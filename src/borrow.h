/* borrow.h: taking frames out of blocks that all CPUs share, and giving them back. See borrow.c for the theory. */
#ifndef Q_BORROW_H
#define Q_BORROW_H

#include "loan.h"

/* Takes all free frames of a block. 0, and a cleared loan: none came, or another CPU is taking them. */
unsigned q_borrow(struct q_zone *z, size_t block, struct q_loan *loan);

/* Takes the frames of `mask`, or none. */
bool q_borrow_exactly(struct q_zone *z, size_t block, const q_word *mask);

/* Takes all frames of a block that is free as a whole, initialised or fresh; false, and nothing changed: it is not. */
bool q_borrow_block(struct q_zone *z, size_t block);

/* Takes frames [i, i + n) of a block, initialised or fresh, and soils it if these are not all; false: they are not all free,
 * and none is the caller's. */
bool q_borrow_part(struct q_zone *z, size_t block, size_t i, size_t n);

/* Takes all frames of any fresh block; false: there is none. */
bool q_borrow_fresh(struct q_zone *z, struct q_loan *loan);

/* Takes aligned runs of 2^order frames out of a block, the lowest ones, at most `most` (1 if a run has whole words), and
 * soils the block. Returns how many, their first frames in runs[]; 0: nothing changed. order < QUIRE_BLOCK_ORDER. */
unsigned q_borrow_runs(struct q_zone *z, size_t block, unsigned order, unsigned most, q_frame *runs);

/* The same out of a fresh block, one run: its neighbours do not wait in a cache while others could be whole. */
unsigned q_borrow_fresh_run(struct q_zone *z, unsigned order, q_frame *run);

/* Gives some frames of word `w` back to their block; returns those that were there already: they came back twice. */
q_word q_give_back_word(struct q_zone *z, size_t block, size_t w, q_word frames);

/* Gives the frames of a loan back to their block and clears the loan. Returns how many came home; *twice is the first
 * one that was there already, or Q_NO_FRAME. */
unsigned q_give_back(struct q_loan *loan, q_frame *twice);

#endif
