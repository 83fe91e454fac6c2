/* start.S: the first instructions of each hart in M-mode, and the way from a trap to firmware.c and back.
 *
 * QEMU enters all harts at once at the start of RAM, with the hart's id in a0, the device tree in a1, and in a2 a struct
 * fw_dynamic_info (OpenSBI, docs/firmware/fw_dynamic.md), whose third word says where the kernel was loaded. */
#define NEXT_ADDRESS 16
#define STACK_SHIFT  10
#define MAX_HARTS    512

#define MEDELEG_ALL 0xb1ff        /* exceptions of programs and of the kernel are the kernel's */
#define MIDELEG_ALL 0x222         /* so are supervisor interrupts */
#define MIE_SOFTWARE 0x8
#define MCOUNTEREN_ALL 7          /* cycle, time, instret */
#define PMP_NAPOT_RWX 0x1f
#define MSTATUS_MPP 0x1800
#define MSTATUS_MPP_S 0x800

    .section .text.entry, "ax"
    .globl _start
_start:
    lla     sp, stacks
    addi    t0, a0, 1
    slli    t0, t0, STACK_SHIFT
    add     sp, sp, t0
    csrw    mscratch, sp
    lla     t0, trap_entry
    csrw    mtvec, t0
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, PMP_NAPOT_RWX
    csrw    pmpcfg0, t0
    li      t0, MEDELEG_ALL
    csrw    medeleg, t0
    li      t0, MIDELEG_ALL
    csrw    mideleg, t0
    li      t0, MCOUNTEREN_ALL
    csrw    mcounteren, t0
    li      t0, MIE_SOFTWARE
    csrw    mie, t0
    mv      s0, a0
    mv      s1, a1
    ld      a2, NEXT_ADDRESS(a2)
    call    firmware_main           /* returns where to go in S-mode */

    csrw    mepc, a0
    li      t0, MSTATUS_MPP
    csrc    mstatus, t0
    li      t0, MSTATUS_MPP_S
    csrs    mstatus, t0
    mv      a0, s0
    mv      a1, s1
    mret

/* Registers that C may change; a0..a7 come first, as they are what a call is about. */
.macro each_register op
    .irp n, 0,1,2,3,4,5,6,7
    \op     a\n, \n*8(sp)
    .endr
    .irp n, 0,1,2,3,4,5,6
    \op     t\n, (8+\n)*8(sp)
    .endr
    \op     ra, 15*8(sp)
.endm

    .balign 4
trap_entry:
    csrrw   sp, mscratch, sp
    addi    sp, sp, -16*8
    each_register sd
    mv      a0, sp
    call    firmware_trap
    each_register ld
    addi    sp, sp, 16*8
    csrrw   sp, mscratch, sp
    mret

    .section .stacks, "aw", @nobits
    .balign 16
stacks:
    .zero   MAX_HARTS << STACK_SHIFT
