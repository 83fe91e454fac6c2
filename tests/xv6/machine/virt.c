/* virt.c: QEMU's "virt" board, RISC-V, with several harts. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "spinlock.h"
#include "riscv.h"
/* clang-format on */
#include "bare.h"

#define SERIAL   ((volatile uchar *)0x10000000)
#define FINISHER ((volatile uint *)0x100000) /* ends the machine (QEMU hw/misc/sifive_test.c) */
#define FINISHED 0x5555
#define RAM_MIB  (*(volatile uint *)0x80700000) /* run.sh puts it there */

#define STACK_BYTES 4096

void kinit(void);
void *kalloc(void);
void kfree(void *pa);
void initlock(struct spinlock *lock, char *name);
_Noreturn void panic(char *message);

extern char end[];
extern char stacks[NCPU][STACK_BYTES];
_Alignas(16) char stacks[NCPU][STACK_BYTES];

void main(void);
_Noreturn void trapped(uint64 cause, uint64 address);

void put_char(char c) {
    *SERIAL = (uchar)c;
}

void finish(void) {
    *FINISHER = FINISHED;
    for (;;) {}
}

void panic(char *message) {
    bail_out(message, r_tp());
}

void trapped(uint64 cause, uint64 address) {
    bail_out(cause == 5 ? "load access fault at" : cause == 7 ? "store access fault at" : "trap at", address);
}

void initlock(struct spinlock *lock, char *name) {
    *lock = (struct spinlock){.name = name};
}

void *take(void) {
    return kalloc();
}

void give(void *page) {
    kfree(page);
}

/* ---- all harts --------------------------------------------------------------------------------------------- */

enum { HARTS = 4 }; /* run.sh says so, too */
enum { ROUNDS = 3000, OWN = 40, SLOTS = 16 };
static uint64 *passed_on[SLOTS];
static uint n_ready, n_done, n_wrong;
static bool may_start;

/* Writes its mark into its pages and passes them on to other harts to free. */
static void work(void) {
    static uint64 *pages[NCPU][OWN];
    uint64 **own = pages[r_tp()], mark = r_tp();
    for (uint i = 0; i < ROUNDS; i++) {
        uint64 **slot = &own[(i * 7) % OWN];
        if (*slot != 0) {
            __atomic_fetch_add(&n_wrong, **slot != mark, __ATOMIC_RELAXED);
            uint64 *other = __atomic_exchange_n(&passed_on[(i + mark) % SLOTS], *slot, __ATOMIC_ACQ_REL);
            if (other != 0) {
                kfree(other);
            }
        }
        *slot = kalloc();
        **slot = mark;
    }
    for (uint i = 0; i < OWN; i++) {
        kfree(own[i]);
    }
}

static void work_with_the_others(void) {
    __atomic_store_n(&may_start, true, __ATOMIC_RELEASE);
    work();
    while (__atomic_load_n(&n_done, __ATOMIC_ACQUIRE) < HARTS - 1) {}
    for (uint i = 0; i < SLOTS; i++) {
        if (passed_on[i] != 0) {
            kfree(passed_on[i]);
        }
    }
}

static _Noreturn void secondary(void) {
    __atomic_fetch_add(&n_ready, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&may_start, __ATOMIC_ACQUIRE)) {}
    work();
    __atomic_fetch_add(&n_done, 1, __ATOMIC_RELEASE);
    for (;;) {
        __asm__ volatile("wfi");
    }
}

void main(void) {
    if (r_tp() != 0) {
        secondary();
    }
    while (__atomic_load_n(&n_ready, __ATOMIC_ACQUIRE) < HARTS - 1) {}
    plan(N_MEMORY_TESTS + 3);
    uint64 ram_end = KERNBASE + ((uint64)RAM_MIB << 20);
    uint64 n_pages_at_most = ((ram_end < PHYSTOP ? ram_end : PHYSTOP) - (uint64)end) / PAGE;
    uint64 stack = stack_used(kinit, stacks[0]);
    test(stack < 2048, "bytes of stack in kinit", stack);
    uint64 all = test_memory(n_pages_at_most, stacks[0]);
    work_with_the_others();
    test(n_wrong == 0, "pages that two harts had", n_wrong);
    uint64 left = take_all();
    test(left == all, "pages when all harts have finished", left);
    finish();
}
