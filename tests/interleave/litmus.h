/* litmus.h: small programs of which it is known what they can come to; see litmus.c. */
#ifndef LITMUS_H
#define LITMUS_H

#include <stdatomic.h>

struct litmus {
    _Atomic int x, y;
    int data;
};

extern struct litmus *litmus;
extern int litmus_seen[4][2]; /* by thread */

/* One function for each thread. */
void buffer_seq_cst_0(void), buffer_seq_cst_1(void);
void buffer_acq_rel_0(void), buffer_acq_rel_1(void);
void buffer_fence_0(void), buffer_fence_1(void);
void message_release_0(void), message_acquire_1(void), message_relaxed_0(void), message_fence_0(void),
    message_fence_1(void);
void data_release_0(void), data_acquire_1(void);
void coherence_0(void), coherence_1(void);
void independent_0(void), independent_1(void), independent_2(void), independent_3(void);
void increment(void);

/* x as the place where an address is found: taken away there, and looked for (lookups.c). */
void address_taken_away(void);
int address_is_there(void);

#endif
