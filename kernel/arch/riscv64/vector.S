/* vector.S: from the interrupted code to trap_handle and back, and from one kernel thread of control to another.
 *
 * In the kernel tp always points to this hart's struct cpu, and sscratch is 0. In user mode sscratch holds that
 * pointer. So one exchange of the two on entry says where the trap comes from. A struct registers is REGISTER_WORDS
 * words:
 *
 *     0 pc    1..31 x1..x31    32 sstatus    33 scause    34 stval    35 padding: sp stays a multiple of 16
 *
 * The kernel's tp is not restored: interrupted kernel code may go on on another hart. */
#include <layout.h>

#define REGISTER_BYTES (REGISTER_WORDS * 8)

.macro each_but_sp_and_tp op
    \op     x1, 1*8(sp)
    \op     x3, 3*8(sp)
    .irp n, 5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op     x\n, \n*8(sp)
    .endr
.endm

    .text
    .balign 4
    .globl trap_entry
trap_entry:
    csrrw   tp, sscratch, tp
    bnez    tp, from_user

from_kernel:
    csrrw   tp, sscratch, tp
    addi    sp, sp, -REGISTER_BYTES
    sd      t0, CPU_SCRATCH(tp)
    srli    t0, sp, STACK_BIT
    andi    t0, t0, 1
    beqz    t0, stack_overflow
    ld      t0, CPU_SCRATCH(tp)
    each_but_sp_and_tp sd
    addi    t0, sp, REGISTER_BYTES
    sd      t0, 2*8(sp)
    j       1f

from_user:
    sd      sp, CPU_SCRATCH(tp)
    ld      sp, CPU_STACK(tp)
    addi    sp, sp, -REGISTER_BYTES
    each_but_sp_and_tp sd
    ld      t0, CPU_SCRATCH(tp)
    sd      t0, 2*8(sp)
    csrrw   t0, sscratch, zero
    sd      t0, 4*8(sp)

1:  csrr    t0, sepc
    csrr    t1, sstatus
    csrr    t2, scause
    csrr    t3, stval
    sd      t0, 0*8(sp)
    sd      t1, 32*8(sp)
    sd      t2, 33*8(sp)
    sd      t3, 34*8(sp)
    mv      a0, sp
    call    trap_handle

/* With interrupts off and sp at the struct registers. */
trap_return:
    ld      t0, 0*8(sp)
    ld      t1, 32*8(sp)
    csrw    sepc, t0
    csrw    sstatus, t1
    andi    t1, t1, 0x100           /* sstatus.SPP: back to the kernel? */
    bnez    t1, 1f
    addi    t0, sp, REGISTER_BYTES
    sd      t0, CPU_STACK(tp)
    csrw    sscratch, tp
    ld      tp, 4*8(sp)
1:  each_but_sp_and_tp ld
    ld      sp, 2*8(sp)
    sret

    .globl arch_enter_user
arch_enter_user:
    mv      sp, a0
    j       trap_return

/* The kernel ran into the guard below its stack. Nothing can be saved there: report from a stack kept for that. */
stack_overflow:
    addi    a0, sp, REGISTER_BYTES
    csrr    a1, sepc
    lla     sp, overflow_stack_top
    call    trap_overflow

/* void arch_switch(struct context *from, const struct context *to): the words are ra, sp, s0..s11. */
.macro each_of_context op, base
    \op     ra, 0*8(\base)
    \op     sp, 1*8(\base)
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11
    \op     s\n, (\n+2)*8(\base)
    .endr
.endm

    .globl arch_switch
arch_switch:
    each_of_context sd, a0
    each_of_context ld, a1
    ret

/* Where a context made by arch_context_init begins: s0(s1). */
    .globl context_begin
context_begin:
    mv      a0, s1
    jalr    s0
    ebreak                          /* entry functions do not return */

    .bss
    .balign 16
    .zero   STACK_BYTES
overflow_stack_top:
