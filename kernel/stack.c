/* stack.c: kernel stacks with a guard.
 *
 * Each has a place of its own in a window of addresses: the upper half of a slot of twice its size. The lower half is
 * never mapped, so that a stack that grows too far ends in a report (vector.S) and not in somebody's data. The
 * frames are one allocation of 2^STACK_ORDER. */
#include <process.h>

#define STACK_PAGES (1u << STACK_ORDER)
_Static_assert(STACK_BYTES == STACK_PAGES * PAGE_BYTES, "a stack is one allocation");

/* All page tables of the window are made at boot, as they are shared by all processes. */
bool stacks_init(void) {
    return paging_open_stack_window((MAX_PROCESSES + n_cpus) * (size_t)(2 * STACK_BYTES));
}

static pte_t *stack_entries(unsigned number) {
    return paging_find(paging_kernel_root, stack_top(number) - STACK_BYTES);
}

/* No CPU needs to be told: none uses the stack before it switches to the process, and that forgets everything. */
uintptr_t stack_make(unsigned number) {
    quire_pa base;
    if (quire_alloc_order(frames, STACK_ORDER, OWNER_STACK, &base) != QUIRE_OK) {
        return 0;
    }
    for (unsigned i = 0; i < STACK_PAGES; i++) {
        stack_entries(number)[i] = pte_make(base + i * PAGE_BYTES, ACCESS_READ | ACCESS_WRITE);
    }
    return stack_top(number);
}

/* Here the CPUs that used it have to forget it, before the frames are somebody else's. */
void stack_free(unsigned number, const struct cpu_set *used_on) {
    pte_t *entries = stack_entries(number);
    quire_pa base = pte_frame(entries[0]);
    for (unsigned i = 0; i < STACK_PAGES; i++) {
        entries[i] = 0;
    }
    for (unsigned i = 0; i < n_cpus; i++) {
        if ((used_on->word[i / 64] >> i % 64 & 1) != 0) {
            paging_forget_range_on(&cpus[i], stack_top(number) - STACK_BYTES, STACK_BYTES);
        }
    }
    quire_free_order(frames, base, STACK_ORDER);
}
