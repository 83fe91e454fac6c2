/* test.h: what the test programs share.
 *
 * A test prints one line for each group of checks, and at its end "NAME: ok". The first check that does not hold
 * prints "NAME: FAILED: what: expected ..., found ..." and ends the process with status 1; a child that ends so makes
 * its parent's check of the child's status fail in turn. */
#ifndef TEST_H
#define TEST_H

#include "user.h"

enum { KILLED = 256 + DEATH_KILLED, FAULT = 256 + DEATH_FAULT, NOMEM = 256 + DEATH_NOMEM }; /* statuses of wait */

void test_start(const char *name);
int test_end(void);           /* says ok; returns 0 for main */
void group(const char *what); /* a group of checks held */

void expect(const char *what, int64_t expected, int64_t found);
void expect_between(const char *what, int64_t lowest, int64_t highest, int64_t found);
void expect_that(const char *what, bool holds);

/* ---- children ------------------------------------------------------------------------------------------- */

int fork_or_fail(void);
void pipe_or_fail(int fd[2]);
void expect_child(const char *what, int pid, int status); /* the next child that ends is `pid`, with `status` */

/* A word through a pipe: how parent and child take turns without looking at a clock. */
void send(int fd, uint64_t word);
bool receive(int fd, uint64_t *word); /* false at the end */
void expect_turn(int fd);             /* receive, and something must come */

/* ---- memory --------------------------------------------------------------------------------------------- */

const struct meminfo *memory_now(void); /* a fresh report, good until the next call */

/* The most of a few looks, as interrupt handlers may hold a frame for a moment. */
uint64_t free_frames(void);

/* Waits until n_free frames are free, a few seconds at the most: what orphans held comes back when they are reaped.
 * Returns what is free then. */
uint64_t settle(uint64_t n_free);
void expect_free(const char *what, uint64_t n_free);

void touch(char *base, uint64_t n_pages); /* writes to each page */

/* Grows and touches until at most n_left frames are free; returns the pages taken. */
uint64_t touch_all_but(uint64_t n_left);

/* ---- chance --------------------------------------------------------------------------------------------- */

struct random {
    uint64_t state;
};
uint64_t random_below(struct random *random, uint64_t n); /* 0..n-1 */

#endif
