/* vector.S: from the interrupted code to trap_handle and back, and from one kernel thread of control to another.
 *
 * In the kernel tpidr_el1 points to this CPU's struct cpu. Programs have a stack pointer of their own, sp_el0; the
 * kernel's is the top of the process's kernel stack whenever its program runs. A struct registers is REGISTER_WORDS words:
 *
 *     0..30 x0..x30    31 sp_el0    32 elr_el1 (the pc)    33 spsr_el1    34 esr_el1    35 far_el1
 *
 * The vectors: Arm Architecture Reference Manual, DDI 0487, section D1.3.1. */
#include <layout.h>

#define REGISTER_BYTES (REGISTER_WORDS * 8)

/* Why it is entered: enum reason of trap.c. */
#define EXCEPTION 0
#define INTERRUPT 1
#define UNEXPECTED 2

/* No register is free to look at sp with: sp and x0 change places, and back. */
.macro from_kernel reason
    .balign 0x80
    sub     sp, sp, #REGISTER_BYTES
    add     sp, sp, x0
    sub     x0, sp, x0
    tbz     x0, #STACK_BIT, stack_overflow
    sub     x0, sp, x0
    sub     sp, sp, x0
    stp     x0, x1, [sp]
    mov     x1, #\reason
    b       handle
.endm

.macro from_program reason
    .balign 0x80
    sub     sp, sp, #REGISTER_BYTES
    stp     x0, x1, [sp]
    mov     x1, #\reason
    b       handle
.endm

    .text
    .balign 0x800
    .globl trap_vectors
trap_vectors:
    .rept 4                         /* from the kernel, if it used sp_el0 */
    from_kernel UNEXPECTED
    .endr
    from_kernel EXCEPTION           /* from the kernel */
    from_kernel INTERRUPT
    from_kernel UNEXPECTED          /* fast interrupts: there are none */
    from_kernel UNEXPECTED          /* errors of the system, on their own time */
    from_program EXCEPTION
    from_program INTERRUPT
    from_program UNEXPECTED
    from_program UNEXPECTED
    .rept 4                         /* from a program of 32 bits: there are none */
    from_program UNEXPECTED
    .endr
    .balign 0x80

.macro pairs op
    .irp    n, 2,4,6,8,10,12,14,16,18,20,22,24,26,28
    pair    \op, \n
    .endr
.endm
.macro pair op, n
    .altmacro
    pair_of \op, %(\n), %(\n + 1)
    .noaltmacro
.endm
.macro pair_of op, n, m
    \op     x\n, x\m, [sp, #\n * 8]
.endm

handle:
    pairs   stp
    mrs     x2, sp_el0
    mrs     x3, elr_el1
    mrs     x4, spsr_el1
    mrs     x5, esr_el1
    mrs     x6, far_el1
    stp     x30, x2, [sp, #30 * 8]
    stp     x3, x4, [sp, #32 * 8]
    stp     x5, x6, [sp, #34 * 8]
    mov     x0, sp
    bl      trap_handle

/* With interrupts off and sp at the struct registers. */
trap_return:
    ldp     x30, x2, [sp, #30 * 8]
    ldp     x3, x4, [sp, #32 * 8]
    msr     sp_el0, x2
    msr     elr_el1, x3
    msr     spsr_el1, x4
    pairs   ldp
    ldp     x0, x1, [sp]
    add     sp, sp, #REGISTER_BYTES
    eret

    .globl arch_enter_user
arch_enter_user:
    mov     sp, x0
    b       trap_return

/* The kernel ran into the guard below its stack. Nothing can be saved there: report from a stack kept for that. */
stack_overflow:
    add     x0, x0, #REGISTER_BYTES
    mrs     x1, elr_el1
    adrp    x2, overflow_stack_top
    add     x2, x2, :lo12:overflow_stack_top
    mov     sp, x2
    bl      trap_overflow

/* void arch_switch(struct context *from, const struct context *to): the words are x19..x30, sp. */
.macro each_of_context op, base
    \op     x19, x20, [\base, #0 * 8]
    \op     x21, x22, [\base, #2 * 8]
    \op     x23, x24, [\base, #4 * 8]
    \op     x25, x26, [\base, #6 * 8]
    \op     x27, x28, [\base, #8 * 8]
    \op     x29, x30, [\base, #10 * 8]
.endm

    .globl arch_switch
arch_switch:
    each_of_context stp, x0
    mov     x2, sp
    str     x2, [x0, #12 * 8]
    each_of_context ldp, x1
    ldr     x2, [x1, #12 * 8]
    mov     sp, x2
    ret

/* Where a context made by arch_context_init begins: x19(x20). */
    .globl context_begin
context_begin:
    mov     x0, x20
    blr     x19
    brk     #0                      /* entry functions do not return */

    .globl semihosting
semihosting:
    hlt     #0xf000
    ret

    .bss
    .balign 16
    .zero   STACK_BYTES
overflow_stack_top:
