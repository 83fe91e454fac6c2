/* machine.h: simulated CPUs. See machine.c for the theory. */
#ifndef SCALE_MACHINE_H
#define SCALE_MACHINE_H

#include "directory.h"

struct machine_config {
    unsigned n_cpus;  /* <= MAX_CPUS */
    unsigned n_nodes; /* <= n_cpus */
    uint64_t seed;    /* not 0 */
};

/* A machine whose CPU 0 is the caller. One at a time. */
void machine_make(const struct machine_config *config);
void machine_drop(void);

/* The caller goes on as this CPU. Before machine_run; CPUs then take no turns by themselves. */
void machine_be(unsigned cpu);

/* When machine_run has seen enough: after this many operations, or after so many turns, if those are used up first.
 * n_turns_waiting are enough where CPUs mostly wait for each other, since what they do changes no more: less than
 * one operation is done in WAITING_TURNS. */
#define WAITING_TURNS 16u
struct window {
    uint64_t n_operations;
    uint64_t n_turns;
    uint64_t n_turns_waiting;
};

struct measured {
    uint64_t n_operations;
    uint64_t n_noted; /* machine_note */
    struct counts counts;
};

/* Lets each CPU do `work` for ever (it must not return); stops all where they are once they were warm and then
 * measured. They can not go on afterwards. */
struct measured machine_run(void (*work)(unsigned cpu), struct window warm_up, struct window measure);

/* For `work`: the operation that this CPU was at is done, and the next one begins. */
void machine_operation_done(void);

/* For `work`: something happened that is to be counted. */
void machine_note(void);

/* For `work`: this CPU waits for something that another one does. */
void machine_wait(void);

/* For `blame`: how many transfers each place in the code has caused while measuring, by descending number. */
struct culprit {
    const void *pc;
    uint64_t n_transfers;
    uintptr_t example; /* the latest of the addresses */
};
unsigned machine_culprits(const struct culprit **culprits);

#endif
