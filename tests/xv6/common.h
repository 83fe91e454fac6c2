/* common.h: scenarios that are the same for all three kernels, and a stack of held pages to write scenarios with. */
#ifndef XV6_TEST_COMMON_H
#define XV6_TEST_COMMON_H

#include <stddef.h>

/* Pages that the scenario holds. take() checks each for what a page must be: aligned, in RAM, held by nobody else. */
void *take(void); /* 0: none left */
void *give(void); /* the one taken last; returns it */
void hold(void *page);
size_t n_held(void);
size_t take_all(void); /* returns how many */
void give_all(void);
void expect_pages_exist(size_t most); /* all are held; they are `most`, but for the allocator's own */

/* What kfree says of a page that is free again, and of one that was never handed out. */
extern const char *const double_free_words, *const never_allocated_words;

/* A scenario's part: all memory is taken and given back, on changing CPUs; each time it is the same number of pages. */
void exhaustion(unsigned n_rounds);

#endif
