/* bare.h: a kernel that does nothing but use its kalloc, on the machine that the real kernel runs on.
 *
 * What can not be shown in a process is shown here: where memory ends, how much stack is needed, that the machine's
 * own ways to tell a CPU's number and the size of memory are right. It prints TAP on the serial line and ends the
 * machine. virt.c and pc.c start the machine and call the tests in bare.c. */
#ifndef XV6_TEST_BARE_H
#define XV6_TEST_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096u

/* ---- virt.c or pc.c ----------------------------------------------------------------------------------------- */

void put_char(char c);
_Noreturn void finish(void);
void *take(void);
void give(void *page);

/* ---- bare.c -------------------------------------------------------------------------------------------------- */

void plan(unsigned n_tests);
void test(bool passed, const char *name, uintptr_t figure); /* the figure says more than yes or no */
_Noreturn void bail_out(const char *what, uintptr_t figure);

/* Bytes of stack that call() needs, on a stack that begins at `bottom`. */
uintptr_t stack_used(void (*call)(void), volatile char *bottom);

#define N_MEMORY_TESTS 5u
uintptr_t test_memory(uintptr_t n_pages_at_most, volatile char *stack_bottom); /* returns the number of pages */
uintptr_t take_all(void);                                                      /* returns how many */
bool give_all(void); /* returns whether the pages still hold what was written to them */

#endif
