/* main.c: processes that write to what they share, on the machine, with the guide's hooks. It prints TAP. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "spinlock.h"
#include "riscv.h"
#include "defs.h"
#include "proc.h"
/* clang-format on */
#include "bare.h"

#define SERIAL   ((volatile uchar *)0x10000000)
#define FINISHER ((volatile uint *)0x100000) /* ends the machine (QEMU hw/misc/sifive_test.c) */
#define FINISHED 0x5555

#define STACK_BYTES 4096
#define TABLES      3u /* pages of page tables of a process here */

/* A process's memory: the program, two pages to write to, and behind them nothing. */
#define DATA (1 * PGSIZE)
#define MORE (2 * PGSIZE)
#define SIZE (3 * PGSIZE)

uint64 free_pages(void); /* the guide adds it */

extern char program[], program_end[];
extern char stacks[NCPU][STACK_BYTES];
_Alignas(16) char stacks[NCPU][STACK_BYTES];

static struct proc *current;

/* ---- what bare.c, the entry code and the other files need ---------------------------------------------------- */

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
    (void)address;
    bail_out("trap, cause", cause);
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

struct proc *myproc(void) {
    return current;
}

/* ---- processes ----------------------------------------------------------------------------------------------- */

static bool map_new(struct proc *p, uint64 va, int perm) {
    void *page = kalloc();
    return page != 0 && mappages(p->pagetable, va, PGSIZE, (uint64)page, perm) == 0;
}

static void *page_of(struct proc *p, uint64 va) {
    return (void *)PTE2PA(*walk(p->pagetable, va, 0));
}

static void make(struct proc *p) {
    *p = (struct proc){.pagetable = uvmcreate(), .sz = SIZE};
    if (!map_new(p, 0, PTE_U | PTE_R | PTE_X) || !map_new(p, DATA, PTE_U | PTE_R | PTE_W) ||
        !map_new(p, MORE, PTE_U | PTE_R | PTE_W)) {
        panic("no memory for the first process");
    }
    memmove(page_of(p, 0), program, (uint64)(program_end - program));
}

static bool fork(struct proc *parent, struct proc *child) {
    *child = (struct proc){.pagetable = uvmcreate(), .sz = parent->sz};
    if (child->pagetable == 0) {
        return false;
    }
    if (uvmcopy(parent->pagetable, child->pagetable, parent->sz) != 0) {
        uvmfree(child->pagetable, 0);
        return false;
    }
    return true;
}

/* What the process sees at `va` after it wrote `value` there; 0 if it was killed. */
static uint64 user_write(struct proc *p, uint64 va, uint64 value) {
    current = p;
    p->satp = MAKE_SATP(p->pagetable);
    p->pc = 0;
    p->a0 = va;
    p->a1 = value;
    p->n_calls = 0;
    while (!p->killed && p->n_calls == 0) {
        enter_user(p);
        usertrap();
    }
    return p->killed ? 0 : p->a0;
}

static uint64 value_at(struct proc *p, uint64 va) {
    return *(uint64 *)page_of(p, va);
}

/* ---- tests --------------------------------------------------------------------------------------------------- */

static struct proc parent, child;

static uint64 pages_used(uint64 free_before) {
    return free_before - free_pages();
}

static void sharing(void) {
    uint64 before = free_pages();
    test(fork(&parent, &child), "fork", 1);
    test(pages_used(before) == TABLES, "pages that a fork takes, page tables only", pages_used(before));
}

static void writing(void) {
    uint64 before = free_pages();
    test(user_write(&child, DATA, 2) == 2 && value_at(&parent, DATA) == 1, "a child's write is its own",
         value_at(&parent, DATA));
    test(pages_used(before) == 1, "pages that it took", pages_used(before));
    test(user_write(&parent, DATA, 3) == 3 && value_at(&child, DATA) == 2, "a parent's write is its own",
         value_at(&child, DATA));
    test(user_write(&child, DATA, 4) == 4 && pages_used(before) == 1, "nobody shares the page any more",
         pages_used(before));
}

static void copying_out(void) {
    uint64 before = free_pages(), words[2] = {5, 6};
    int status = copyout(child.pagetable, MORE - sizeof words[0], (char *)words, sizeof words);
    test(status == 0 && value_at(&child, MORE) == 6 && value_at(&parent, MORE) == 1,
         "the kernel's write is the child's", value_at(&parent, MORE));
    test(pages_used(before) == 1, "pages that it took", pages_used(before));
}

static void forbidden(void) {
    struct proc bad = child;
    test(user_write(&bad, 0, 7) == 0 && bad.killed, "a write to the program ends the process", (uint64)bad.killed);
    bad = child;
    test(user_write(&bad, SIZE, 7) == 0 && bad.killed, "a write to nothing ends the process", (uint64)bad.killed);
    bad = child;
    test(user_write(&bad, (uint64)MAXVA, 7) == 0 && bad.killed, "so does one beyond all addresses", (uint64)bad.killed);
    test(copyout(child.pagetable, 0, "x", 1) == -1, "the kernel does not write to the program either", 0);
}

static void without_memory(void) {
    struct proc second;
    uint64 before = free_pages();
    test(fork(&parent, &second), "a second fork", 1);
    (void)take_all();
    test(free_pages() == 0, "pages left", free_pages());
    test(copyout(second.pagetable, MORE, "x", 1) == -1, "without memory the kernel does not write", 0);
    test(user_write(&second, MORE, 8) == 0 && second.killed, "without memory a write ends the process",
         (uint64)second.killed);
    test(value_at(&parent, MORE) == 1, "and changes nothing", value_at(&parent, MORE));
    uvmfree(second.pagetable, SIZE);
    test(free_pages() == TABLES, "pages that the process leaves", free_pages());
    test(user_write(&parent, MORE, 9) == 9 && free_pages() == TABLES, "the parent, alone again, writes without a copy",
         free_pages());
    test(give_all() && free_pages() == before, "pages in the end", free_pages());
}

/* Leaves memory for some of a child's page tables only. */
static void forks_that_fail(void) {
    uint64 before = free_pages();
    uint n_failed = 0;
    for (uint left = 0; left < TABLES; left++) {
        struct proc none;
        void *pages[TABLES];
        for (uint i = 0; i < left; i++) {
            pages[i] = kalloc();
        }
        (void)take_all();
        for (uint i = 0; i < left; i++) {
            kfree(pages[i]);
        }
        n_failed += !fork(&parent, &none);
        test(free_pages() == left, "pages left by a fork that failed", free_pages());
        give_all();
    }
    test(n_failed == TABLES && free_pages() == before, "forks that failed", n_failed);
}

void main(void) {
    if (r_tp() != 0) {
        for (;;) {
            __asm__ volatile("wfi");
        }
    }
    plan(26);
    kinit();
    uint64 all = free_pages();
    make(&parent);
    test(user_write(&parent, DATA, 1) == 1 && user_write(&parent, MORE, 1) == 1, "a process writes", 1);
    sharing();
    writing();
    copying_out();
    forbidden();
    without_memory();
    forks_that_fail();
    uvmfree(child.pagetable, SIZE);
    uvmfree(parent.pagetable, SIZE);
    test(free_pages() == all, "pages after all processes", free_pages());
    finish();
}
