/* spinlock.c: the locks that the old kalloc.c takes, in the kernels of this folder. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "spinlock.h"
#ifdef __riscv
#include "riscv.h"
#endif
#include "defs.h"
/* clang-format on */

void acquire(struct spinlock *lock) {
    while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE) != 0) {}
}

void release(struct spinlock *lock) {
    __atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
}

#ifdef __riscv
/* There are no interrupts here. */
void push_off(void) {}
void pop_off(void) {}

int cpuid(void) {
    return (int)r_tp();
}
#endif
