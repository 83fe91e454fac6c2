/* litmus_programs.c: compiled as the core is, so that the explorer sees each access. */
#include "litmus.h"

#define STORE(at, value, order) atomic_store_explicit(&litmus->at, value, memory_order_##order)
#define LOAD(at, order)         atomic_load_explicit(&litmus->at, memory_order_##order)

/* Store buffering: each thread stores to one place, then loads from the other. */
#define BUFFER(name, store_order, load_order, fence)                                                                   \
    void name##_0(void) {                                                                                              \
        STORE(x, 1, store_order);                                                                                      \
        fence;                                                                                                         \
        litmus_seen[0][0] = LOAD(y, load_order);                                                                       \
    }                                                                                                                  \
    void name##_1(void) {                                                                                              \
        STORE(y, 1, store_order);                                                                                      \
        fence;                                                                                                         \
        litmus_seen[1][0] = LOAD(x, load_order);                                                                       \
    }

BUFFER(buffer_seq_cst, seq_cst, seq_cst, (void)0)
BUFFER(buffer_acq_rel, release, acquire, (void)0)
BUFFER(buffer_fence, relaxed, relaxed, atomic_thread_fence(memory_order_seq_cst))

/* Message passing: x is the message, y says that it is there. */
void message_release_0(void) {
    STORE(x, 1, relaxed);
    STORE(y, 1, release);
}

void message_relaxed_0(void) {
    STORE(x, 1, relaxed);
    STORE(y, 1, relaxed);
}

void message_fence_0(void) {
    STORE(x, 1, relaxed);
    atomic_thread_fence(memory_order_release);
    STORE(y, 1, relaxed);
}

void message_acquire_1(void) {
    litmus_seen[1][0] = LOAD(y, acquire);
    litmus_seen[1][1] = LOAD(x, relaxed);
}

void message_fence_1(void) {
    litmus_seen[1][0] = LOAD(y, relaxed);
    atomic_thread_fence(memory_order_acquire);
    litmus_seen[1][1] = LOAD(x, relaxed);
}

/* The same with a plain message. */
void data_release_0(void) {
    litmus->data = 1;
    STORE(y, 1, release);
}

void data_acquire_1(void) {
    if (LOAD(y, acquire) != 0) {
        litmus_seen[1][0] = litmus->data;
    }
}

/* Coherence: one place, two stores; nobody sees them the other way round. */
void coherence_0(void) {
    STORE(x, 1, relaxed);
    STORE(x, 2, relaxed);
}

void coherence_1(void) {
    litmus_seen[1][0] = LOAD(x, relaxed);
    litmus_seen[1][1] = LOAD(x, relaxed);
}

/* Independent reads of independent writes: do two readers agree which store came first? */
void independent_0(void) {
    STORE(x, 1, seq_cst);
}

void independent_1(void) {
    STORE(y, 1, seq_cst);
}

void independent_2(void) {
    litmus_seen[2][0] = LOAD(x, seq_cst);
    litmus_seen[2][1] = LOAD(y, seq_cst);
}

void independent_3(void) {
    litmus_seen[3][0] = LOAD(y, seq_cst);
    litmus_seen[3][1] = LOAD(x, seq_cst);
}

void increment(void) {
    atomic_fetch_add_explicit(&litmus->x, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&litmus->x, 1, memory_order_relaxed);
}

void address_taken_away(void) {
    STORE(x, 0, seq_cst);
}

int address_is_there(void) {
    return LOAD(x, seq_cst);
}
