/* lock.c: mutual exclusion for a few instructions.
 *
 * A test-and-set lock: the plain read in the loop keeps the waiting CPUs in their own caches until the holder lets go.
 * It is not fair. A queue of waiters would be, but with more CPUs than the machine below us really has, the head
 * of a queue is often one that does not run, and then nobody does. */
#include <kernel.h>

/* Returns the holder, or NULL: it is ours now. Acquire: what the last holder wrote before its release is seen by what
 * follows. */
static struct cpu *try(struct lock *lock, struct cpu *me) {
    struct cpu *holder = NULL;
    atomic_compare_exchange_strong_explicit(&lock->holder, &holder, me, memory_order_acquire, memory_order_relaxed);
    return holder;
}

bool lock_acquire(struct lock *lock) {
    bool were_on = arch_interrupts_off();
    struct cpu *me = arch_cpu();
    for (const struct cpu *holder; (holder = try(lock, me)) != NULL;) {
        if (holder == me) {
            panic("lock 0x%lx is taken twice by CPU %u", (uintptr_t)lock, me->number);
        }
        while (atomic_load_explicit(&lock->holder, memory_order_relaxed) != NULL) {
            ;
        }
    }
    return were_on;
}

bool lock_acquire_within(struct lock *lock, unsigned n_tries) {
    arch_interrupts_off();
    bool taken = false;
    while (!taken && n_tries-- > 0) {
        taken = try(lock, arch_cpu()) == NULL;
    }
    return taken;
}

void lock_release(struct lock *lock, bool interrupts_were_on) {
    atomic_store_explicit(&lock->holder, NULL, memory_order_release); /* with the acquire in try */
    arch_interrupts_restore(interrupts_were_on);
}
