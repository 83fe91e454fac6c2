/* works.h: what each program here does with an allocator over 32 MiB, after including Quire's headers in its own way. */
#ifndef WORKS_H
#define WORKS_H

#include <stdint.h>
#include <stdio.h>

#define RAM_BASE 0x80000000u
#define RAM_END  0x82000000u

/* All frames are there, can be taken once, and come back. Prints what was found; returns the program's status. */
static inline int works(struct quire *q) {
    uint64_t n = 0, n_frames = quire_n_free(q), bytes = n_frames * QUIRE_PAGE_SIZE;
    quire_pa first = quire_alloc(q, 1);
    while (quire_alloc(q, 1) != QUIRE_NONE) {
        n++;
    }
    struct quire_fault fault;
    int good = n + 1 == n_frames && bytes > 31u << 20 && bytes < 32u << 20 && quire_free(q, first) == QUIRE_OK &&
               quire_n_free(q) == 1 && quire_validate(q, &fault) == QUIRE_OK;
    printf("quire %s: %s, pages of %u bytes\n", quire_version(), good ? "works" : "does not work",
           (unsigned)QUIRE_PAGE_SIZE);
    return good ? 0 : 1;
}

#endif
