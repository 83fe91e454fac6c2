/* hang.c: before process_exit: the hart that runs the first program to end goes nowhere from there, with interrupts off. */
#include <arch.h>

_Noreturn void __wrap_process_exit(int status);

_Noreturn void __wrap_process_exit(int status) {
    arch_interrupts_off();
    for (;;) {
        __asm__ volatile("" ::"r"(status));
    }
}
