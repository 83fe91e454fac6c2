/* home.h: frames go home to their block, and what comes home twice is reported. */
#ifndef Q_HOME_H
#define Q_HOME_H

#include "core.h"
#include "loan.h"

/* A frame came home, or into a loan, that was there already: a double free by two CPUs at once. It stays there once. */
void q_report_twice(struct quire *q, q_frame f);

/* The same for frames of one word that came as runs of 2^order: once for each run. */
void q_report_runs_twice(struct quire *q, q_frame base, q_word twice, unsigned order);

/* Gives the frames of a loan back and clears it; returns how many came home. */
unsigned q_go_home(struct quire *q, struct q_loan *loan);

/* n frames of a zone, over any number of blocks. */
void q_run_goes_home(struct quire *q, struct q_zone *z, q_frame f, size_t n);

/* Some frames of one word, `base` that of bit 0, that came as runs of 2^order. */
void q_word_goes_home(struct quire *q, q_frame base, q_word frames, unsigned order);

#endif
