/* find.h: the search for free frames in the blocks that all CPUs share, for a cache, or of one order. See find.c. */
#ifndef Q_FIND_H
#define Q_FIND_H

#include "core.h"
#include "loan.h"

#define Q_MOST_RUNS 8u /* that one search brings */

/* What is looked for, and what came. */
struct q_wish {
    unsigned order, most; /* runs of 2^order frames, aligned, at most so many (of whole words, or a block: one) */
    struct q_loan *loan;  /* not NULL: instead all free frames of one block, into this loan */
    struct q_loan *own;   /* not NULL: what the caller has of one block already; it moves to `loan` if nothing fuller is
                           * found in its zone */
    unsigned node;        /* whose zones come first (nodes.c) */
    unsigned rank, n_peers; /* a search for a loan begins at this CPU's place in each zone, one of so many; or both 0 */
    bool near_only;         /* looks at the nearest memory only */
    /* Leaves nearly full blocks alone, so that they can empty, and looks for runs in one block of each class only. Before
     * the search turns to memory that is farther, or scarce, it looks at all blocks. */
    bool sparing;

    unsigned n;   /* runs that came */
    q_frame *run; /* their first frames: room for `most` */
};

/* Whether it was found: `loan` is filled, or `n` runs came. */
bool q_find(struct quire *q, struct q_wish *wish);

/* The same in one zone. */
bool q_find_in(struct q_wish *wish, struct q_zone *z);

/* One frame of any block, the hints not trusted; Q_NO_FRAME: none. */
q_frame q_find_anywhere(const struct quire *q);

#endif
