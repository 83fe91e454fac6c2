/* watched.c: see watched.h. */
#include "tests/scale/watched.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The comments count: accesses, and locked ones. */
uint32_t watched_accesses(struct watched *w) {
    uint32_t expected = 1;                                       /* on the stack, though its address is taken: none */
    atomic_store_explicit(&w->counter, 1, memory_order_release); /* 1 */
    atomic_compare_exchange_strong(&w->counter, &expected, 2);   /* 1, locked */
    atomic_fetch_add_explicit(&w->counter, 1, memory_order_relaxed);     /* 1, locked */
    atomic_store(&w->flag, 5);                                           /* 1, locked */
    atomic_fetch_or_explicit(&w->flag, 2, memory_order_relaxed);         /* 1, locked */
    memset(&w->filled, 1, sizeof w->filled);                             /* 1 */
    w->copied = w->filled;                                               /* 2 */
    return atomic_load_explicit(&w->counter, memory_order_relaxed) * 1u; /* 1 */
}

/* From 12 with the operand 10, each operation in turn on a variable of its own. */
#define TRY(type)                                                                                                      \
    static const char *wrong_##type(void) {                                                                            \
        static _Atomic type v;                                                                                         \
        type old = 12;                                                                                                 \
        atomic_store(&v, 12);                                                                                          \
        if (atomic_fetch_add(&v, 10) != 12 || atomic_load(&v) != 22) {                                                 \
            return "fetch_add " #type;                                                                                 \
        }                                                                                                              \
        if (atomic_fetch_sub(&v, 10) != 22 || atomic_load(&v) != 12) {                                                 \
            return "fetch_sub " #type;                                                                                 \
        }                                                                                                              \
        if (atomic_fetch_xor(&v, 10) != 12 || atomic_load(&v) != 6) {                                                  \
            return "fetch_xor " #type;                                                                                 \
        }                                                                                                              \
        if (atomic_fetch_or(&v, 10) != 6 || atomic_load(&v) != 14) {                                                   \
            return "fetch_or " #type;                                                                                  \
        }                                                                                                              \
        if (atomic_fetch_and(&v, 10) != 14 || atomic_load(&v) != 10) {                                                 \
            return "fetch_and " #type;                                                                                 \
        }                                                                                                              \
        if (atomic_compare_exchange_strong(&v, &old, 1) || old != 10 || atomic_load(&v) != 10) {                       \
            return "compare_exchange that fails " #type;                                                               \
        }                                                                                                              \
        if (!atomic_compare_exchange_weak(&v, &old, 1) || atomic_exchange(&v, 3) != 1 || atomic_load(&v) != 3) {       \
            return "compare_exchange, exchange " #type;                                                                \
        }                                                                                                              \
        return NULL;                                                                                                   \
    }

TRY(uint8_t)
TRY(uint16_t)
TRY(uint32_t)
TRY(uint64_t)

const char *watched_wrong_operation(void) {
    const char *(*const each[])(void) = {wrong_uint8_t, wrong_uint16_t, wrong_uint32_t, wrong_uint64_t};
    const char *wrong = NULL;
    for (size_t i = 0; wrong == NULL && i < sizeof each / sizeof each[0]; i++) {
        wrong = each[i]();
    }
    return wrong;
}
