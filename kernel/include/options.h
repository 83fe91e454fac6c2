/* options.h: the kernel's command line, and the program that it names. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <process.h>

/* Words on the command line, separated by blanks:
 *   run=NAME,ARGUMENT,...  the program to run as process 1; init where it is not said
 *   poison | junk | zero   what Quire does to the contents of frames (enum quire_content). poison: fills them when they
 *                          are freed, and checks them when they are handed out. junk: fills them both times. zero:
 *                          zeroes them when they are handed out
 *   recover                goes on with the allocator that an earlier boot left in memory, if there is one (recovery.h)
 *   kit                    first tries the port of Quire with the conformance kit (kit/kit.h). kit=fault: and provokes a
 *                          fault, which ends in a panic
 *   count                  says how many instructions the allocator took to start; needs QEMU's -icount, without which the
 *                          machine counts time instead
 *   irqalloc               each timer tick allocates frames and frees them, in the middle of whatever it interrupts;
 *                          and there are ten times as many
 *   tick=MICROSECONDS      the time between two ticks, 10000 where it is not said, 1000 with irqalloc */
struct options {
    const char *run; /* after the "run=" */
    size_t n_run;    /* up to the blank */
    enum quire_content content;
    bool recover, count, kit, kit_fault;
    unsigned tick_us; /* 0: not said */
    atomic_bool allocate_in_interrupts;
};

extern struct options options;

void options_read(const char *command_line);
int options_arguments(struct arguments *arguments); /* those of process 1: 0 or -E_INVAL */

#endif
