/* kcsan.c: what -fsanitize=thread makes a compiler call, as far as the lock lab's kernel has it: plain accesses and a
 * few operations on 32-bit words, but neither 64-bit atomics nor compare-and-exchange. It only counts the accesses. */
#include "types.h"

static uint n_accesses;

#define ACCESS(name)                                                                                                   \
    void name(uint64 address);                                                                                         \
    void name(uint64 address) {                                                                                        \
        (void)address;                                                                                                 \
        n_accesses++;                                                                                                  \
    }
ACCESS(__tsan_read1)
ACCESS(__tsan_read2)
ACCESS(__tsan_read4)
ACCESS(__tsan_read8)
ACCESS(__tsan_write1)
ACCESS(__tsan_write2)
ACCESS(__tsan_write4)
ACCESS(__tsan_write8)
ACCESS(__tsan_func_entry)

void __tsan_init(void);
void __tsan_func_exit(void);
void __tsan_read_range(uint64 address, uint64 n_bytes);
void __tsan_write_range(uint64 address, uint64 n_bytes);
void __tsan_atomic_thread_fence(int order);
uint __tsan_atomic32_exchange(uint *at, uint value, int order);

void __tsan_init(void) {}
void __tsan_func_exit(void) {}

void __tsan_read_range(uint64 address, uint64 n_bytes) {
    n_accesses += address != 0 && n_bytes != 0;
}

void __tsan_write_range(uint64 address, uint64 n_bytes) {
    n_accesses += address != 0 && n_bytes != 0;
}

void __tsan_atomic_thread_fence(int order) {
    (void)order;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

uint __tsan_atomic32_exchange(uint *at, uint value, int order) {
    (void)order;
    return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);
}
