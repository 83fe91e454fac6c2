/* tsan.c: the calls that -fsanitize=thread makes of each access, as the compiler's documentation and its
 * sanitizer/tsan_interface_atomic.h declare them. Only those that the core's code needs: another one is a link error here.
 *
 * Accesses outside of simulated memory (stacks, constants) are nobody else's. Outside of a schedule (set-up, checks) they
 * are what they say. */
#include "scenario.h"

#include <quire/quire.h>
#include <string.h>

/* Called by the compiler, so nothing declares them. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

static bool explored(uintptr_t at) {
    return current != NOBODY && cells_watched(at);
}

/* What only the visitor of a CPU cache changes is as good as plain, unless the scenario reads it from outside. */
static bool as_plain(const struct access *access) {
    return access->order == RELAXED && world_is_private(access->at);
}

/* Before each atomic access to watched memory. */
static void begin(const struct access *access) {
    scheduler_step(access);
    cells_atomic(access->at, access->kind != ACCESS_LOAD);
}

static void plain_write(const void *at, size_t n_bytes);

static uint64_t load(const volatile void *at, unsigned n_bytes, int order, void *pc) {
    struct access access = {ACCESS_LOAD, (enum order)order, (uintptr_t)at, n_bytes, pc};
    if (!explored(access.at)) {
        return peek(access.at, n_bytes);
    }
    if (as_plain(&access)) {
        cells_plain(access.at, n_bytes, false);
        return peek(access.at, n_bytes);
    }
    begin(&access);
    return memory_load(&access);
}

static void store(volatile void *at, unsigned n_bytes, int order, uint64_t value, void *pc) {
    struct access access = {ACCESS_STORE, (enum order)order, (uintptr_t)at, n_bytes, pc};
    if (explored(access.at) && as_plain(&access)) {
        plain_write((const void *)access.at, n_bytes);
        poke(access.at, n_bytes, value);
    } else if (explored(access.at)) {
        begin(&access);
        memory_store(&access, value);
    } else {
        poke(access.at, n_bytes, value);
    }
}

/* `order_if_not` and `expected` are for compare-exchange. */
static uint64_t rmw(volatile void *at, unsigned n_bytes, int order, int order_if_not, enum rmw what, uint64_t operand,
                    uint64_t expected, void *pc) {
    struct access access = {ACCESS_RMW, (enum order)order, (uintptr_t)at, n_bytes, pc};
    if (explored(access.at)) {
        begin(&access);
    }
    if (what == RMW_COMPARE_EXCHANGE && peek(access.at, n_bytes) != expected) {
        access.order = (enum order)order_if_not;
    }
    return memory_rmw(&access, what, operand, expected);
}

#define PC __builtin_return_address(0)

#define ATOMIC_RMW(bits, name, what)                                                                                   \
    uint##bits##_t __tsan_atomic##bits##_##name(volatile uint##bits##_t *at, uint##bits##_t operand, int order) {      \
        return (uint##bits##_t)rmw(at, bits / 8, order, order, what, operand, 0, PC);                                  \
    }

#define ATOMIC(bits)                                                                                                   \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *at, int order) {                          \
        return (uint##bits##_t)load(at, bits / 8, order, PC);                                                          \
    }                                                                                                                  \
    void __tsan_atomic##bits##_store(volatile uint##bits##_t *at, uint##bits##_t value, int order) {                   \
        store(at, bits / 8, order, value, PC);                                                                         \
    }                                                                                                                  \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(volatile uint##bits##_t *at, uint##bits##_t expected,    \
                                                              uint##bits##_t value, int order, int order_if_not) {     \
        return (uint##bits##_t)rmw(at, bits / 8, order, order_if_not, RMW_COMPARE_EXCHANGE, value, expected, PC);      \
    }                                                                                                                  \
    ATOMIC_RMW(bits, fetch_add, RMW_ADD)                                                                               \
    ATOMIC_RMW(bits, fetch_sub, RMW_SUB)                                                                               \
    ATOMIC_RMW(bits, fetch_and, RMW_AND)                                                                               \
    ATOMIC_RMW(bits, fetch_or, RMW_OR)                                                                                 \
    ATOMIC_RMW(bits, exchange, RMW_EXCHANGE)

ATOMIC(32)
ATOMIC(64)

void __tsan_atomic_thread_fence(int order) {
    struct access access = {ACCESS_FENCE, (enum order)order, 0, 0, PC};
    if (current != NOBODY) {
        scheduler_step(&access);
        memory_fence(access.order);
    }
}

/* For interrupts of the thread: those that have ended. */
void __tsan_atomic_signal_fence(int order) {
    (void)order;
    if (current != NOBODY) {
        memory_come_to_cpu(world_cpu());
    }
}

/* ---- plain accesses -------------------------------------------------------------------------------------- */

static void plain_read(const void *at, size_t n_bytes) {
    if (explored((uintptr_t)at)) {
        cells_plain((uintptr_t)at, n_bytes, false);
    }
}

/* Called before the write happens. */
static void plain_write(const void *at, size_t n_bytes) {
    if (!recording || !cells_watched((uintptr_t)at)) {
        return;
    }
    if (current != NOBODY) {
        cells_plain((uintptr_t)at, n_bytes, true);
        memory_plain_write((uintptr_t)at, n_bytes);
    } else {
        crash_before_write();
    }
    cells_save((uintptr_t)at, n_bytes);
}

/* Before much is written at once: a crash may come in between. */
static void step(const void *at, void *pc) {
    if (explored((uintptr_t)at)) {
        scheduler_step(&(struct access){.pc = pc});
    }
}

#define PLAIN(n)                                                                                                       \
    void __tsan_read##n(void *at) {                                                                                    \
        plain_read(at, n);                                                                                             \
    }                                                                                                                  \
    void __tsan_write##n(void *at) {                                                                                   \
        plain_write(at, n);                                                                                            \
    }                                                                                                                  \
    void __tsan_unaligned_read##n(void *at) {                                                                          \
        plain_read(at, n);                                                                                             \
    }                                                                                                                  \
    void __tsan_unaligned_write##n(void *at) {                                                                         \
        plain_write(at, n);                                                                                            \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

/* The core's memset and memcpy, renamed in its object files. Of a whole frame the first word is copied alone: it stands for
 * the contents (world.c), and all else takes long. */
void *explored_memset(void *at, int byte, size_t n) {
    step(at, PC);
    plain_write(at, n);
    return memset(at, byte, n);
}

void *explored_memcpy(void *to, const void *from, size_t n) {
    n = n == QUIRE_PAGE_SIZE ? 8 : n;
    step(to, PC);
    plain_read(from, n);
    plain_write(to, n);
    return memcpy(to, from, n);
}

void __tsan_init(void) {}
