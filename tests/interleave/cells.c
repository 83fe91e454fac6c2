/* cells.c: what is known about each 4 bytes of simulated memory.
 *
 * Data races. Each thread has a clock, which goes on when it releases something; who acquires that learns the clock
 * (memory.c). A cell keeps for each thread the time of its last read and write, plain and atomic. Two accesses of which one
 * is a write and at least one is plain are a race unless the later thread has learned the time of the earlier access.
 * That does not depend on which of them happened to come first in this schedule, so plain accesses need not be
 * switched at: an order that can be otherwise is a race in every order.
 *
 * Sharing. Only cells that two threads access atomically, one of them writing, are worth a switch of threads. Which ones these
 * are is learned while exploring, and the search starts again when one more is found; so at its end, no schedule
 * that was explored has a shared cell at which threads were not switched.
 *
 * Taking back. What a cell held when the schedule began is kept at the first write, so that the set-up runs only once. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CELL_BYTES 4

static uintptr_t base;
static size_t n_cells;
static struct cell *cells; /* never touched ones take no memory */
static uint32_t schedule;

static size_t *dirty; /* cells with `saved` set */
static size_t n_dirty, dirty_room;

void cells_watch(void *at, size_t n_bytes) {
    if (cells != NULL) {
        munmap(cells, n_cells * sizeof *cells);
    }
    base = (uintptr_t)at;
    n_cells = n_bytes / CELL_BYTES;
    cells =
        mmap(NULL, n_cells * sizeof *cells, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (cells == MAP_FAILED) {
        perror("interleave: mmap");
        exit(2);
    }
    schedule = 0;
    n_dirty = 0;
}

bool cells_watched(uintptr_t at) {
    return (at - base) / CELL_BYTES < n_cells;
}

struct cell *cell_at(uintptr_t at) {
    struct cell *cell = &cells[(at - base) / CELL_BYTES];
    if (cell->schedule != schedule) {
        memset(cell, 0, offsetof(struct cell, shared));
        cell->schedule = schedule;
    }
    return cell;
}

void cells_begin_schedule(void) {
    schedule++;
}

/* ---- taking back ----------------------------------------------------------------------------------------- */

static void remember_dirty(size_t i) {
    if (n_dirty == dirty_room) {
        dirty_room = dirty_room == 0 ? 4096 : 2 * dirty_room;
        dirty = realloc(dirty, dirty_room * sizeof *dirty);
        if (dirty == NULL) {
            perror("interleave");
            exit(2);
        }
    }
    dirty[n_dirty++] = i;
}

void cells_save(uintptr_t at, size_t n_bytes) {
    for (uintptr_t a = at & ~(uintptr_t)(CELL_BYTES - 1); a < at + n_bytes; a += CELL_BYTES) {
        struct cell *cell = cell_at(a);
        if (!cell->saved) {
            cell->saved = true;
            memcpy(&cell->before, (const void *)a, CELL_BYTES);
            remember_dirty((a - base) / CELL_BYTES);
        }
    }
}

void cells_restore(void) {
    while (n_dirty > 0) {
        size_t i = dirty[--n_dirty];
        memcpy((void *)(base + i * CELL_BYTES), &cells[i].before, CELL_BYTES);
    }
}

/* ---- races ----------------------------------------------------------------------------------------------- */

/* Whether one of these accesses is not known, to whom these are the clocks, to be over. The own ones always are. */
static bool unknown(const uint16_t last[MAX_THREADS], const uint16_t clocks[MAX_THREADS]) {
    unsigned n = 0;
    for (unsigned t = 0; t < MAX_THREADS; t++) {
        n += last[t] > clocks[t];
    }
    return n > 0;
}

void cells_plain(uintptr_t at, size_t n_bytes, bool write) {
    const uint16_t *clocks = memory_clocks();
    for (uintptr_t a = at & ~(uintptr_t)(CELL_BYTES - 1); a < at + n_bytes; a += CELL_BYTES) {
        struct cell *cell = cell_at(a);
        if (unknown(cell->plain_write, clocks) || unknown(cell->atomic_write, clocks) ||
            (write && (unknown(cell->plain_read, clocks) || unknown(cell->atomic_read, clocks)))) {
            trace_note("plain %s: data race", write ? "write" : "read");
            fail("data race: a plain %s", write ? "write" : "read");
        }
        (write ? cell->plain_write : cell->plain_read)[current] = clocks[current];
    }
}

static void note_sharing(struct cell *cell, bool write) {
    cell->users |= (uint8_t)(1u << current);
    cell->writers |= (uint8_t)(write ? 1u << current : 0);
    bool two = (cell->users & (cell->users - 1)) != 0;
    if (two && cell->writers != 0 && !cell->shared) {
        cell->shared = true;
        scheduler_learned();
    }
}

void cells_atomic(const struct access *access) {
    const uint16_t *clocks = memory_clocks();
    bool write = access->kind != ACCESS_LOAD;
    note_sharing(cell_at(access->at), write);
    for (unsigned i = 0; i < access->n_bytes; i += CELL_BYTES) {
        struct cell *cell = cell_at(access->at + i);
        if (unknown(cell->plain_write, clocks) || (write && unknown(cell->plain_read, clocks))) {
            trace_note("atomic %s: data race with a plain access", write ? "write" : "read");
            fail("data race: an atomic %s and a plain access", write ? "write" : "read");
        }
        (write ? cell->atomic_write : cell->atomic_read)[current] = clocks[current];
    }
}
