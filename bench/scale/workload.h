/* workload.h: what the simulated CPUs do with an allocator. Like the workloads of `make bench`, but for any number of CPUs and
 * in shares of memory for each. */
#ifndef SCALE_WORKLOAD_H
#define SCALE_WORKLOAD_H

#include "machine.h"
#include "peer.h"

enum workload_trait {
    WORKLOAD_PAIRS = 1u << 0,  /* of CPUs: an even number of them */
    WORKLOAD_ORDERS = 1u << 1, /* needs alloc_order and free_order */
    WORKLOAD_BLOCKS = 1u << 2, /* of 2 MiB: memory for 16 of them for each CPU, at least */
};

struct user;

struct workload {
    const char *name; /* <= 16 characters */
    const char *what;
    unsigned traits; /* of enum workload_trait */
    double bar;      /* Quire's: so many transfers for each operation at most; 0: not judged */
    double near_bar; /* the same of transfers between nodes, and then no frame may be another node's; 0: not judged */

    /* One step of this user's preparations, each as a whole in turn with those of the others; false: it is ready. */
    bool (*prepare)(struct user *u);
    /* One round of what is measured, for ever repeated. */
    void (*round)(struct user *u);
};

extern const struct workload workloads[];
extern const unsigned n_workloads;

/* Measures one contestant under one workload on a fresh machine. Ends the program if it runs out of frames where it
 * must not. */
struct measured workload_measure(const struct workload *w, const struct peer *peer, const struct memory *memory,
                                 const struct machine_config *config);

#endif
