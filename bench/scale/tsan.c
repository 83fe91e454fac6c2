/* tsan.c: the calls that -fsanitize=thread makes of each access, as the compiler's documentation and its
 * sanitizer/tsan_interface_atomic.h declare them: each is told to accessed(), and then done. Linked instead of the
 * sanitizer's runtime. All runs in one thread, so no order is stronger than another here. */
#include "access.h"

#include <stdatomic.h>
#include <string.h>

/* Called by the compiler, so nothing declares them. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

/* Below this address, and above the present frame, is the caller's stack. Stacks are no smaller (machine.c), or so
 * much is nobody's behind them. */
#define STACK_REACH (64u << 10)

static inline bool on_stack(const volatile void *at) {
    return (uintptr_t)at - (uintptr_t)__builtin_frame_address(0) < STACK_REACH;
}

static inline void tell(struct access access) {
    if (!on_stack((const void *)access.at)) {
        accessed(&access);
    }
}

#define PC __builtin_return_address(0)

/* ---- plain accesses ------------------------------------------------------------------------------------- */

static inline void plain(const void *at, size_t n_bytes, bool writes, const void *pc) {
    if (n_bytes > 0) {
        tell((struct access){.at = (uintptr_t)at, .n_bytes = n_bytes, .pc = pc, .writes = writes});
    }
}

#define PLAIN(n)                                                                                                       \
    void __tsan_read##n(void *at) {                                                                                    \
        plain(at, n, false, PC);                                                                                       \
    }                                                                                                                  \
    void __tsan_write##n(void *at) {                                                                                   \
        plain(at, n, true, PC);                                                                                        \
    }                                                                                                                  \
    void __tsan_unaligned_read##n(void *at) {                                                                          \
        plain(at, n, false, PC);                                                                                       \
    }                                                                                                                  \
    void __tsan_unaligned_write##n(void *at) {                                                                         \
        plain(at, n, true, PC);                                                                                        \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *at, unsigned long n_bytes) {
    plain(at, n_bytes, false, PC);
}

void __tsan_write_range(void *at, unsigned long n_bytes) {
    plain(at, n_bytes, true, PC);
}

/* The object files' memset, memcpy and memmove, renamed in them. */
void *watched_memset(void *at, int byte, size_t n_bytes) {
    plain(at, n_bytes, true, PC);
    return memset(at, byte, n_bytes);
}

void *watched_memcpy(void *to, const void *from, size_t n_bytes) {
    plain(from, n_bytes, false, PC);
    plain(to, n_bytes, true, PC);
    return memcpy(to, from, n_bytes);
}

void *watched_memmove(void *to, const void *from, size_t n_bytes) {
    plain(from, n_bytes, false, PC);
    plain(to, n_bytes, true, PC);
    return memmove(to, from, n_bytes);
}

/* ---- atomic accesses ------------------------------------------------------------------------------------ */

static inline void load(const volatile void *at, size_t n_bytes, const void *pc) {
    tell((struct access){.at = (uintptr_t)at, .n_bytes = n_bytes, .pc = pc, .atomic = true});
}

static inline void store(volatile void *at, size_t n_bytes, int order, const void *pc) {
    bool locked = order == (int)memory_order_seq_cst;
    tell((struct access){(uintptr_t)at, n_bytes, pc, .atomic = true, .writes = true, .locked = locked});
}

static inline void rmw(volatile void *at, size_t n_bytes, const void *pc) {
    tell((struct access){(uintptr_t)at, n_bytes, pc, .atomic = true, .writes = true, .locked = true});
}

#define RMW(bits, name, ...)                                                                                           \
    uint##bits##_t __tsan_atomic##bits##_##name(volatile uint##bits##_t *at, uint##bits##_t operand, int order) {      \
        (void)order;                                                                                                   \
        rmw(at, bits / 8, PC);                                                                                         \
        uint##bits##_t old = *at;                                                                                      \
        *at = (uint##bits##_t)(__VA_ARGS__);                                                                           \
        return old;                                                                                                    \
    }

/* A failed compare-exchange wants the line to itself all the same. */
#define COMPARE_EXCHANGE(bits, name)                                                                                   \
    int __tsan_atomic##bits##_compare_exchange_##name(volatile uint##bits##_t *at, uint##bits##_t *expected,           \
                                                      uint##bits##_t value, int order, int order_if_not) {             \
        (void)order, (void)order_if_not;                                                                               \
        rmw(at, bits / 8, PC);                                                                                         \
        uint##bits##_t old = *at, wanted = *expected;                                                                  \
        *at = old == wanted ? value : old;                                                                             \
        *expected = old;                                                                                               \
        return old == wanted;                                                                                          \
    }

#define ATOMIC(bits)                                                                                                   \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *at, int order) {                          \
        (void)order;                                                                                                   \
        load(at, bits / 8, PC);                                                                                        \
        return *at;                                                                                                    \
    }                                                                                                                  \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *at, uint##bits##_t value, int order) {                   \
        store(at, bits / 8, order, PC);                                                                                \
        *at = value;                                                                                                   \
    }                                                                                                                  \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(volatile uint##bits##_t *at, uint##bits##_t expected,    \
                                                              uint##bits##_t value, int order, int order_if_not) {     \
        (void)order, (void)order_if_not;                                                                               \
        rmw(at, bits / 8, PC);                                                                                         \
        uint##bits##_t old = *at;                                                                                      \
        *at = old == expected ? value : old;                                                                           \
        return old;                                                                                                    \
    }                                                                                                                  \
    COMPARE_EXCHANGE(bits, strong)                                                                                     \
    COMPARE_EXCHANGE(bits, weak)                                                                                       \
    RMW(bits, exchange, operand)                                                                                       \
    RMW(bits, fetch_add, old + operand)                                                                                \
    RMW(bits, fetch_sub, old - operand)                                                                                \
    RMW(bits, fetch_and, old &operand)                                                                                 \
    RMW(bits, fetch_or, old | operand)                                                                                 \
    RMW(bits, fetch_xor, old ^ operand)                                                                                \
    RMW(bits, fetch_nand, ~(old & operand))

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

void __tsan_atomic_thread_fence(int order) {
    (void)order;
}

void __tsan_atomic_signal_fence(int order) {
    (void)order;
}

void __tsan_init(void) {}
void __tsan_func_entry(void *pc) {
    (void)pc;
}
void __tsan_func_exit(void) {}
