/* watched.h: code whose accesses were counted by hand; compiled with the compiler's calls for each. */
#ifndef TESTS_SCALE_WATCHED_H
#define TESTS_SCALE_WATCHED_H

#include <stdatomic.h>
#include <stdint.h>

struct watched_line {
    _Alignas(64) uint64_t word[8];
};

struct watched {
    _Alignas(64) _Atomic uint32_t counter;
    _Atomic uint64_t flag;
    struct watched_line filled;
    struct watched_line copied;
};

/* Returns what the counter was last. */
uint32_t watched_accesses(struct watched *w);

#define WATCHED_ACCESSES   9u
#define WATCHED_TOLD_TWICE 2u /* a compiler may tell of a copy both before it and by calling memcpy */
#define WATCHED_LOCKED     4u
#define WATCHED_LINES      3u

/* The name of an operation that does not do what C11 says, on any size; NULL: all do. */
const char *watched_wrong_operation(void);

#endif
