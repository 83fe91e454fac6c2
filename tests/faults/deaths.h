/* deaths.h: one small program for each misuse, with the report that must end it beside it.
 *
 *     DEATH(twice_on_the_same_cpu,
 *           "quire_free: " DOUBLE_FREE " (it, order 0, record 0x21800000: refs 0, tag 33)") {
 *         it = one(33);
 *         quire_free(q, it);
 *         WRONG(quire_free(q, it));
 *     }
 *
 * It finds an allocator in `q` (machine.h) and runs in a process of its own. The line is compared to the last character;
 * one that calls WRONG must besides have changed no byte of the metadata. Where the contract promises a status, or that
 * all works on, there is no report, and the program says itself what came of it. */
#ifndef FAULTS_DEATHS_H
#define FAULTS_DEATHS_H

#include "machine.h"

struct death {
    const char *group, *name, *line;
    void (*misuse)(void);
    struct death *next;
};

/* Each file defines GROUP first. */
#define DEATH(name, line)                                                                                              \
    static void name(void);                                                                                            \
    static struct death death_##name = {GROUP, #name, line, name, NULL};                                               \
    __attribute__((constructor)) static void add_##name(void) {                                                        \
        death_add(&death_##name);                                                                                      \
    }                                                                                                                  \
    static void name(void)

void death_add(struct death *death);

/* What reports of each kind begin with, behind the name of the call. */
#define DOUBLE_FREE     "double free: the frame is free already; the tag names its last owner"
#define NEVER_ALLOCATED "free of a frame never allocated: the frame was never handed out"
#define UNMANAGED       "address not managed: no memory given to the allocator covers this address"
#define IS_RESERVED     "address reserved: a hole in memory, or the allocator's own data"
#define MISALIGNED      "misaligned address: the address is no multiple of the size of what is freed"
#define SHARED          "free of a shared frame: somebody else holds a reference; use quire_put"
#define WRONG_ORDER     "wrong order: the frames are not one allocation, nor an aligned part of one"
#define GET_FREE        "reference to a free frame: nobody holds the frame, so nobody can share it"
#define PUT_FREE        "put of a free frame: the reference count would fall below zero"
#define WRITTEN         "free frame was written: the poison is damaged: somebody used the frame after freeing it"
#define BIT_TWICE       "frame came back twice: its free bit is set already: a concurrent double free"
#define HANDED_TWICE    "frame about to be handed out twice: its record says that somebody holds it"
#define UNMAPPED        "frame not mapped: the port gives no address for a frame whose contents are needed"

#endif
