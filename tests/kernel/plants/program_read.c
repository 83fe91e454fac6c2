/* program_read.c: before process_fork: reads a program's memory without asking space.c. */
#include <process.h>

int __wrap_process_fork(const struct frame *frame);

int __wrap_process_fork(const struct frame *frame) {
    (void)frame;
    return *(volatile char *)USER_BASE;
}
