/* range.h: free frames that lie side by side: any number of them, over any number of blocks, within limits. See range.c. */
#ifndef Q_RANGE_H
#define Q_RANGE_H

#include "core.h"

#define Q_ALL_LOOKS SIZE_MAX

/* What is looked for. */
struct q_fit {
    q_frame n;            /* so many frames */
    q_frame align;        /* the first one's number is a multiple of this power of two */
    q_frame boundary;     /* all lie between two multiples of this power of two, which is n or more; 0: anywhere */
    struct q_span within; /* all lie in here */
    unsigned node;        /* whose zones come first (nodes.c) */
    bool node_only;       /* and no others */
    size_t n_looks;       /* at most so many more blocks are looked at; Q_ALL_LOOKS: as many as it takes */
};

/* 2^order frames, aligned to their size, of memory that is near to the node if there are some. */
struct q_fit q_fit_of_order(unsigned order, unsigned node);

/* Takes frames that fit, all or none; the first one, or Q_NO_FRAME: there are none, or it would take more looks. */
q_frame q_find_fit(struct quire *q, struct q_fit *fit);

/* Takes as many frames from `f` on as are free, at most n, which lie in the zone's managed span; returns how many. */
size_t q_take_from(struct quire *q, struct q_zone *z, q_frame f, size_t n);

/* The most frames that lie free side by side and fit but for their number, `fit->n` being 1; *f is the first one. */
size_t q_largest_fit(const struct quire *q, const struct q_fit *fit, q_frame *f);

/* Free frames as aligned runs of 2^order frames, as few as possible. */
void q_count_runs(const struct quire *q, uint64_t n_runs[QUIRE_MAX_ORDER + 1]);

/* Whether memory has a place that fits at all, free or not. */
bool q_ever_fits(const struct quire *q, const struct q_fit *fit);

#endif
