/* program_read.c: before process_fork: reads a program's memory without asking space.c. */
#include <process.h>

int __wrap_process_fork(const struct registers *regs);

int __wrap_process_fork(const struct registers *regs) {
    (void)regs;
    return *(volatile char *)USER_BASE;
}
