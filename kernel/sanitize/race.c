/* race.c: looks for two accesses to the same memory at the same time.
 *
 * With -fsanitize=thread clang calls a function before each load and store that is not atomic (__tsan_read8, ...). Of
 * a few of them that function makes a watch: it writes down what is about to be touched, lets others go on for a
 * moment, and takes the watch away. An access that comes in that moment finds the watch, and if one of the two
 * writes, both are reported. So is a value that changed although no access was seen, by an atomic one, say. Others are
 * the other CPUs, an interrupt, and the processes that run here meanwhile if this one may be interrupted.
 *
 * Two accesses that a lock or an atomic orders can not meet like this, so this file needs to know nothing of locks.
 * Two that can meet are found by chance, and the sooner, the more often they could. */
#include <process.h>

#define N_WATCHES     64u
#define N_PLACES      8192u  /* more than accesses in the code; two that share a place are watched less */
#define PAUSE         20000u /* accesses */
#define MOMENT_ROUNDS 2000u

/* A watch is one word, so that it is made, found and taken away in one step; 0 is none:
 *
 *     63: FOUND       62..9: address / 8      8..1: which of the 8 bytes      0: WRITE
 *
 * When it is found, the finder's pc takes the place of the address and the bytes. */
#define FOUND     ((uint64_t)1 << 63)
#define SIGN_BITS ((uint64_t)3 << 62) /* of the kernel's addresses: all of them begin with ones */
#define BYTES     ((uint64_t)0xFF << 1)
#define WRITE     ((uint64_t)1)

static _Atomic uint64_t watches[N_WATCHES];
static atomic_uint n_accesses;
static atomic_uint watched_at[N_PLACES]; /* n_accesses then, by pc */

static uint64_t watch_of(uintptr_t address, size_t n_bytes, bool writes) {
    uint64_t bytes = (((uint64_t)1 << n_bytes) - 1) << (address % 8);
    return (address / 8 << 9 & ~FOUND) | (bytes << 1 & BYTES) | writes;
}

static bool meet(uint64_t a, uint64_t b) {
    return a >> 9 == b >> 9 && (a & b & BYTES) != 0 && ((a | b) & WRITE) != 0;
}

static uint64_t value_at(uintptr_t address, size_t n_bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        value |= (uint64_t)((const volatile uint8_t *)address)[i] << 8 * i;
    }
    return value;
}

static const char *kind(uint64_t watch) {
    return (watch & WRITE) != 0 ? "store" : "load";
}

/* Other CPUs have as long as the loop takes, and what runs here when we may be interrupted has its turn. */
static void let_others_go_on(void) {
    bool may_be_interrupted = arch_interrupts_off(), is_process = arch_cpu()->current != NULL;
    arch_interrupts_restore(may_be_interrupted);
    if (may_be_interrupted && is_process) {
        yield();
    }
    for (unsigned i = 0; i < MOMENT_ROUNDS; i++) {
        __asm__ volatile("" ::: "memory");
    }
}

static void wait_for_others(_Atomic uint64_t *place, uint64_t mine, uintptr_t address, size_t n_bytes, uintptr_t pc) {
    uint64_t none = 0, before = value_at(address, n_bytes);
    if (!atomic_compare_exchange_strong(place, &none, mine)) {
        return;
    }
    let_others_go_on();
    uint64_t now = atomic_exchange(place, 0);
    if (now != mine) {
        panic("data race: %s of %lu bytes: address 0x%lx, pc 0x%lx\n  and a %s, pc 0x%lx", kind(mine), n_bytes, address,
              pc, kind(now), (now | SIGN_BITS) & ~WRITE);
    } else if (value_at(address, n_bytes) != before) {
        panic("data race: %s of %lu bytes: address 0x%lx, pc 0x%lx\n  changed meanwhile from 0x%lx", kind(mine),
              n_bytes, address, pc, before);
    }
}

/* A place in the code is watched again after PAUSE accesses of all CPUs. So what is seldom done is watched each time, and
 * what is done all the time hardly costs. The count may miss some: it is no more than a slow clock. */
static bool due(uintptr_t pc) {
    unsigned now = atomic_load_explicit(&n_accesses, memory_order_relaxed) + 1;
    atomic_store_explicit(&n_accesses, now, memory_order_relaxed);
    atomic_uint *last = &watched_at[pc / 2 % N_PLACES];
    if (now - atomic_load_explicit(last, memory_order_relaxed) < PAUSE) {
        return false;
    }
    atomic_store_explicit(last, now, memory_order_relaxed);
    return true;
}

static void look(uintptr_t address, size_t n_bytes, bool writes, uintptr_t pc) {
    uint64_t mine = watch_of(address, n_bytes, writes);
    _Atomic uint64_t *place = &watches[address / 8 % N_WATCHES];
    uint64_t found = atomic_load_explicit(place, memory_order_relaxed);
    if (found == 0) {
        if (due(pc)) {
            wait_for_others(place, mine, address, n_bytes, pc);
        }
    } else if ((found & FOUND) == 0 && meet(found, mine)) {
        atomic_compare_exchange_strong(place, &found, FOUND | pc | writes);
    }
}

/* ---- called by the compiler ----------------------------------------------------------------------------------- */

#define CALLER ((uintptr_t)__builtin_return_address(0))

#define ACCESS(name, n, writes)                                                                                        \
    void __tsan_##name##n(uintptr_t address);                                                                          \
    void __tsan_##name##n(uintptr_t address) {                                                                         \
        look(address, n, writes, CALLER);                                                                              \
    }
#define ACCESSES_OF(n)                                                                                                 \
    ACCESS(read, n, false)                                                                                             \
    ACCESS(write, n, true)                                                                                             \
    ACCESS(unaligned_read, n, false)                                                                                   \
    ACCESS(unaligned_write, n, true)
ACCESSES_OF(1)
ACCESSES_OF(2)
ACCESSES_OF(4)
ACCESSES_OF(8)

/* Of a device's register: not to be read once more. */
#define NO_LOOK(name)                                                                                                  \
    void __tsan_volatile_##name(uintptr_t address);                                                                    \
    void __tsan_volatile_##name(uintptr_t address) {                                                                   \
        (void)address;                                                                                                 \
    }
NO_LOOK(read4)
NO_LOOK(write4)

void __tsan_init(void);
void __tsan_init(void) {}
