/* seat.h: what a CPU needs in memory to take traps: GS points to it, in the kernel. */
#ifndef SEAT_H
#define SEAT_H

#include <arch.h>

struct seat {
    _Alignas(64) struct cpu *cpu;
    unsigned number;   /* its */
    atomic_bool taken; /* the CPU runs, and can be sent interrupts */
    uint64_t scratch;  /* vector.S: one register, for some instructions */
    /* The task state, which only says where stacks are (manual, volume 3A, section 8.7): word 1 and 2 the one for traps from
     * user mode, 9 and 10 the one for double faults. */
    uint32_t task_state[26];
    uint64_t segments[7];
};

/* Makes the seat of a CPU; any CPU can do that for it. */
struct seat *seat_make(struct cpu *cpu);

/* Gives the CPU that runs this its seat, segments, gates, and the entry for system calls. GS points to the seat then; of another
 * CPU than the one that boots, entry.S has seen to that. */
void seat_take(const struct seat *seat);

/* Below 32 are the processor's. A system call is none, and gets the first number that is not used. */
enum { VECTOR_DOUBLE_FAULT = 8, VECTOR_TIMER = 32, VECTOR_POKE, VECTOR_FORGET, VECTOR_SPURIOUS, VECTOR_SYSCALL = 256 };

_Static_assert(VECTOR_SPURIOUS + 1 == N_STUBS, "vector.S has an entry for each");

#endif
