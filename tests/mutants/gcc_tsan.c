/* gcc_tsan.c: what the explorer lacks over a core that gcc compiled and that counts what is run (coverage.mk): the calls that
 * gcc makes of accesses where clang makes others (tests/interleave/engine/tsan.c), declared as in gcc's gcc/sanitizer.def. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called by the compiler, so nothing declares them. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

extern void __tsan_read1(void *at);
extern void __tsan_write1(void *at);

void __tsan_read_range(void *at, size_t n) {
    for (size_t i = 0; i < n; i++) {
        __tsan_read1((char *)at + i);
    }
}

void __tsan_write_range(void *at, size_t n) {
    for (size_t i = 0; i < n; i++) {
        __tsan_write1((char *)at + i);
    }
}

#define COMPARE_EXCHANGE(bits, name)                                                                                   \
    bool __tsan_atomic##bits##_compare_exchange_##name(volatile uint##bits##_t *at, uint##bits##_t *expected,          \
                                                       uint##bits##_t value, int order, int order_if_not) {            \
        uint##bits##_t old = __tsan_atomic##bits##_compare_exchange_val(at, *expected, value, order, order_if_not);    \
        bool done = old == *expected;                                                                                  \
        *expected = old;                                                                                               \
        return done;                                                                                                   \
    }

#define COMPARE_EXCHANGES(bits)                                                                                        \
    extern uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(                                                  \
        volatile uint##bits##_t *at, uint##bits##_t expected, uint##bits##_t value, int order, int order_if_not);      \
    COMPARE_EXCHANGE(bits, strong)                                                                                     \
    COMPARE_EXCHANGE(bits, weak)

COMPARE_EXCHANGES(32)
COMPARE_EXCHANGES(64)

/* Each schedule begins at the beginning: calls that return more often than they were made would confuse the counters. */
void *__wrap_snapshot_take(void) {
    return NULL;
}
