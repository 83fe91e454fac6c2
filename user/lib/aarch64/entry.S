/* entry.S: the places where a program meets the machine: where it starts, how it calls the kernel, and what it must not
 * do. */

        .section .text.start, "ax"
        .globl  _start
_start:                         /* x0 argc, x1 argv, sp aligned: all as main wants them */
        bl      main
        bl      exit

/* long system_call(long number, long a, long b, long c) */
        .text
        .globl  system_call
system_call:
        mov     x8, x0
        mov     x0, x1
        mov     x1, x2
        mov     x2, x3
        svc     #0
        ret

/* void privileged_instruction(void): reads sctlr_el1, which only the kernel may. */
        .globl  privileged_instruction
privileged_instruction:
        mrs     x0, sctlr_el1
        ret

/* uint64_t instructions_retired(void) */
        .globl  instructions_retired
instructions_retired:
        mrs     x0, pmccntr_el0
        ret
