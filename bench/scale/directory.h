/* directory.h: who has a copy of which cache line. See directory.c for the theory. */
#ifndef SCALE_DIRECTORY_H
#define SCALE_DIRECTORY_H

#include "access.h"

#define LINE_BYTES 64u
#define MAX_CPUS   1024u
#define MAX_NODES  8u

struct counts {
    uint64_t n_accesses;
    uint64_t n_lines;     /* touched: a line counts once for each operation */
    uint64_t n_transfers; /* from CPU to CPU */
    uint64_t n_crossings; /* of those: from node to node */
    uint64_t n_locked;
};

struct directory;

/* No line is anybody's yet. CPUs [0, n_cpus) are dealt out to the nodes evenly, in order. */
struct directory *directory_make(unsigned n_cpus, unsigned n_nodes);
void directory_drop(struct directory *d);

/* One access, part of the operation with this number (any number that no other operation has, but 0). Adds to *counts.
 * Returns how many lines had to come from another CPU. */
unsigned directory_access(struct directory *d, unsigned cpu, uint64_t operation, const struct access *access,
                          struct counts *counts);

#endif
