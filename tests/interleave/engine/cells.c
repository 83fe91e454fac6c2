/* cells.c: what is known about each 4 bytes of simulated memory.
 *
 * Data races. Each thread has a clock, which goes on when it releases something; who acquires that learns the clock
 * (memory.c). A cell keeps for each thread the time of its last read and write, plain and atomic. Two accesses of which one
 * is a write and at least one is plain are a race unless the later thread has learned the time of the earlier access.
 * That does not depend on which of them happened to come first in this schedule, so plain accesses need not be
 * switched at: an order that can be otherwise is a race in every order. An atomic access of 8 bytes is noted in the first of
 * its two cells; plain ones that overlap it reach that one, too. Clocks go on from schedule to schedule, so that times
 * of earlier ones are known to everybody, and need not be cleared.
 *
 * Sharing. Only cells that two threads access atomically, one of them writing, are worth a switch of threads. Which ones these
 * are is learned while exploring, and the search starts again when one more is found; so at its end, no schedule
 * that was explored has a shared cell at which threads were not switched.
 *
 * Taking back. What a cell was, and what stood there, is kept at the first change after a mark. So the set-up runs only
 * once, a schedule is gone on with from where it differs (snapshot.c), and a crash is tried in the middle of one. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CELL_BYTES 4

struct watch watch;

struct kept {
    struct cell cell;
    uint32_t before; /* what stood there */
    uint32_t number; /* of the cell */
};

#define MAX_KEPT (4u << 20)
static struct kept kept[MAX_KEPT];
static size_t n_kept;
static uint32_t n_marks;  /* made so far */
static uint32_t mark;     /* the one in force */
static size_t first_kept; /* of those that were kept since then */
static uint64_t hash_at_mark;

/* Zeros, which take no memory until they are touched. */
static void *map_zeros(size_t n_bytes) {
    void *at = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        perror("interleave: mmap");
        exit(2);
    }
    return at;
}

static void unmap(void *at, size_t n_bytes) {
    if (at != NULL) {
        munmap(at, n_bytes);
    }
}

static size_t bytes_of_cells(void) {
    return watch.n_bytes / CELL_BYTES * sizeof *watch.cells;
}

void cells_watch(void *at, size_t n_bytes) {
    unmap(watch.cells, bytes_of_cells());
    unmap(watch.locations, watch.n_bytes / CELL_BYTES * sizeof *watch.locations);
    watch.base = (uintptr_t)at;
    watch.n_bytes = n_bytes;
    watch.cells = map_zeros(bytes_of_cells());
    watch.locations = map_zeros(n_bytes / CELL_BYTES * sizeof *watch.locations);
    n_marks = mark = 0;
    n_kept = first_kept = 0;
    hash_at_mark = 0;
}

void cells_forget_times(void) {
    madvise(watch.cells, bytes_of_cells(), MADV_DONTNEED); /* zeros again */
}

/* ---- taking back ----------------------------------------------------------------------------------------- */

struct mark cells_mark(void) {
    struct mark before = {mark, n_kept, first_kept, hash_at_mark};
    hash_at_mark = cells_hash();
    first_kept = n_kept;
    mark = ++n_marks;
    return before;
}

void cells_restore(struct mark before) {
    while (n_kept > before.n_kept) {
        const struct kept *k = &kept[--n_kept];
        memcpy((void *)(watch.base + k->number * (uintptr_t)CELL_BYTES), &k->before, CELL_BYTES);
        watch.cells[k->number] = k->cell;
    }
    mark = before.number;
    first_kept = before.first_kept;
    hash_at_mark = before.hash;
}

static void keep(struct cell *cell) {
    if (n_kept == MAX_KEPT) {
        fail("the explorer has no room for what is overwritten");
        return;
    }
    struct kept *k = &kept[n_kept++];
    k->cell = *cell;
    k->number = (uint32_t)(cell - watch.cells);
    memcpy(&k->before, (const void *)(watch.base + k->number * (uintptr_t)CELL_BYTES), CELL_BYTES);
    cell->mark = mark;
}

/* The cell is about to change. */
static void about_to_change(struct cell *cell) {
    if (cell->mark != mark) {
        keep(cell);
    }
}

void cells_save(uintptr_t at, size_t n_bytes) {
    struct cell *end = cell_at(at + n_bytes - 1) + 1;
    for (struct cell *cell = cell_at(at); cell < end; cell++) {
        about_to_change(cell);
    }
}

/* A sum over cells, to which each adds what its number and contents make, so that the order does not matter. */
uint64_t cells_hash(void) {
    uint64_t hash = hash_at_mark;
    for (const struct kept *k = &kept[first_kept]; k < &kept[n_kept]; k++) {
        uint32_t now;
        memcpy(&now, (const void *)(watch.base + k->number * (uintptr_t)CELL_BYTES), CELL_BYTES);
        if (now != k->before) {
            uint64_t number = (uint64_t)k->number << 32;
            hash += seen_mix(number | now) - seen_mix(number | k->before);
        }
    }
    return hash;
}

/* ---- races ----------------------------------------------------------------------------------------------- */

/* Whether one of these accesses is not known, to whom these are the clocks, to be over. The own ones always are. */
static bool unknown(const uint16_t last[MAX_THREADS], const uint16_t clocks[MAX_THREADS]) {
    unsigned n = 0;
    for (unsigned t = 0; t < MAX_THREADS; t++) {
        n |= last[t] > clocks[t];
    }
    return n > 0;
}

static bool unknown_plain_write(const struct cell *cell, const uint16_t *clocks) {
    return cell->plain_write > clocks[cell->plain_writer];
}

static void plain_read(struct cell *cell, const uint16_t *clocks) {
    if (unknown_plain_write(cell, clocks) || unknown(cell->atomic_write, clocks)) {
        trace_note("plain read: data race");
        fail("data race: a plain read");
    }
    about_to_change(cell);
    cell->plain_read[current] = clocks[current];
}

/* Whether the current thread wrote it, and has released nothing since: then nobody else accessed it meanwhile. */
static bool just_written(const struct cell *cell, const uint16_t *clocks) {
    return cell->plain_write == clocks[current] && cell->plain_writer == current;
}

static void plain_write(struct cell *cell, const uint16_t *clocks) {
    if (unknown_plain_write(cell, clocks) || unknown(cell->atomic_write, clocks) || unknown(cell->plain_read, clocks) ||
        unknown(cell->atomic_read, clocks)) {
        trace_note("plain write: data race");
        fail("data race: a plain write");
    }
    about_to_change(cell);
    cell->plain_write = clocks[current];
    cell->plain_writer = (uint8_t)current;
}

void cells_plain(uintptr_t at, size_t n_bytes, bool write) {
    const uint16_t *clocks = memory_clocks();
    struct cell *end = cell_at(at + n_bytes - 1) + 1;
    for (struct cell *cell = cell_at(at); cell < end; cell++) {
        if (just_written(cell, clocks) || (!write && cell->plain_read[current] == clocks[current])) {
            continue; /* it was looked at just now */
        }
        (write ? plain_write : plain_read)(cell, clocks);
    }
}

/* The threads that made one of these accesses in this schedule, one bit each. */
static unsigned who(const uint16_t last[MAX_THREADS]) {
    unsigned threads = 0;
    for (unsigned t = 0; t < MAX_THREADS; t++) {
        threads |= (unsigned)(last[t] > memory_began()) << t;
    }
    return threads;
}

bool cells_shared(uintptr_t at) {
    unsigned readers = who(cell_at(at)->atomic_read), writers = who(cell_at(at)->atomic_write);
    return writers != 0 && ((readers | writers) & ((readers | writers) - 1)) != 0;
}

void cells_atomic(uintptr_t at, bool write) {
    const uint16_t *clocks = memory_clocks();
    struct cell *cell = cell_at(at);
    if (unknown_plain_write(cell, clocks) || (write && unknown(cell->plain_read, clocks))) {
        trace_note("atomic %s: data race with a plain access", write ? "write" : "read");
        fail("data race: an atomic %s and a plain access", write ? "write" : "read");
    }
    about_to_change(cell);
    uint16_t *last = &(write ? cell->atomic_write : cell->atomic_read)[current];
    bool first = *last <= memory_began();
    *last = clocks[current];
    if (first && cells_location(at) == 0 && cells_shared(at)) {
        memory_share(at);
    }
}
