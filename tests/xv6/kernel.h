/* kernel.h: the kernel around the allocator under test, in an ordinary process.
 *
 * RAM lies at the addresses where the real kernel sees it. CPUs are numbers that threads take on. Locks, interrupts
 * and CPU numbers keep the kernel's rules and end the program when one is broken. A test program is a list of
 * scenarios, each run in a process of its own; it is linked once with a file of compat/xv6 and once with
 * an allocator in the manner of the seed (seedlike/), on which the scenarios of the seed's defects must fail. */
#ifndef XV6_TEST_KERNEL_H
#define XV6_TEST_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096u

/* ---- scenarios ------------------------------------------------------------------------------------------- */

struct scenario {
    const char *name;
    void (*run)(void);
    const char *seed; /* what the seed's failure says; NULL: the seed does this right */
};
#define BY_CHANCE "?"                            /* the seed sometimes fails and sometimes does not */
extern const struct scenario common_scenarios[]; /* common.c; up to one without a name */
extern const struct scenario scenarios[];        /* those of one kernel */

/* Ends the scenario as failed, and says so, unless `ok`. */
void expect(bool ok, const char *what);

/* Expects that call(arg) ends the program and that what is printed until then is `words`, or begins with them where
 * they end with "...". A panic prints "panic: " and its message. The call runs in a copy of the process; nothing
 * happens to this one. */
void expect_stop(void (*call)(void *), void *arg, const char *words);

/* Runs `call` in a copy of the process, whose failure is this one's. */
void in_copy(void (*call)(void));
void *page_for_copies(void); /* a page of zeros that the copies share with this process */

/* ---- CPUs ------------------------------------------------------------------------------------------------ */

void on_cpu(unsigned cpu); /* this thread is that CPU from now on */
unsigned this_cpu(void);
void set_interrupts(bool on); /* of this CPU; at first they are on */
bool interrupts_are_on(void);
extern bool cpus_known;  /* locks and CPU numbers may be used */
extern bool panic_shows; /* the console works */

/* body(i) on each of n CPUs at once. */
void run_cpus(unsigned n, void (*body)(unsigned cpu));

/* Runs call() one instruction at a time, and each(address of the instruction) after each of them, until that is
 * false; then call() runs on undisturbed. */
void step(void (*call)(void), bool (*each)(const uint8_t *executed));

/* After each instruction of call() makes a copy of the process, in which intruder() runs as another CPU would in
 * between, then the rest of call(), then after(). Where the intruder would have to wait for a lock, it is ended.
 * after() runs in this process, too, where no intruder came. */
void intrude(void (*call)(void), void (*intruder)(void), void (*after)(void));

/* Bytes of stack that call() needs. */
size_t stack_used(void (*call)(void));

/* ---- locks ----------------------------------------------------------------------------------------------- */

#define MAX_LOCKS 64
struct lock_use {
    const void *lock;
    unsigned cpus; /* bit i: CPU i took it */
    unsigned long n_taken;
};
extern struct lock_use lock_use[MAX_LOCKS]; /* since forget_locks(), but for run_cpus() */
unsigned n_locks_used(void);
unsigned long n_locks_taken(void);
void forget_locks(void);

extern unsigned n_fills;          /* times that a page was filled or copied */
extern unsigned n_fills_in_locks; /* of those: while a lock was held or interrupts were off */

/* ---- RAM ------------------------------------------------------------------------------------------------- */

/* RAM at KERNBASE. An access behind n_bytes ends the program. */
void map_ram(size_t n_bytes);
void limit_ram(size_t n_bytes);

/* Pages that were ever touched; small_pages must be set before the RAM is mapped. Otherwise the host's pages are large
 * where possible, which makes copies of the process cheap. */
size_t resident_pages(void);
extern bool small_pages;

/* Bytes of RAM that the machine says it has: all that the kernel could use, where not set. */
extern uint64_t machine_ram;

/* ---- the machine: kernel_riscv.c, kernel_pc.c -------------------------------------------------------------- */

void boot(void); /* up to the point where all memory is the allocator's and all CPUs run */

/* Answers an instruction that only a kernel may execute; false: it is none. *eip, *eax, edx as in the registers. */
bool machine_port(uintptr_t *eip, uintptr_t *eax, uintptr_t edx);

#endif
