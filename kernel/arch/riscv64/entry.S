/* entry.S: the first instructions of each hart.
 *
 * The firmware enters here with the hart's id in a0, in S-mode with paging and interrupts off: one hart at first, which
 * boots and has the physical address of the device tree in a1; later each of the others, when we ask for it (SBI
 * specification, chapter 9, "Hart State Management").
 *
 * That chapter lets us name another entry and an argument for the others. But OpenSBI (version 1.1, for one) marks a hart
 * as starting before it notes where. A hart that looks in between goes to the entry of the first one. So there is one
 * entry for all, and each of the others finds its struct cpu by its id.
 *
 * The kernel is linked for its place in the direct map but starts at its physical address. boot_table maps all of the
 * direct map, and the GiB with the kernel also where it is physically, so that the instruction after the one that
 * turns paging on is still there. */
#include <layout.h>

#define KERNEL_GIB 2              /* kernel.ld puts us at 0x80200000 */
#define LEAF       0xcf           /* dirty, accessed, execute, write, read, valid: Privileged Architecture, 4.3.1 */
#define SATP_SV39  (8 << 60)
#define SIE_BITS   0x22           /* sie: timer and software interrupts */
#define SSTATUS_OFF 0x46002       /* sstatus: no interrupts, no floating point, no access to pages of programs */

    .section .text.entry, "ax"
    .globl _start
_start:
    lla     t0, is_booting
    li      t1, 1
    amoswap.w t1, t1, (t0)
    bnez    t1, other_hart

    lla     t0, bss_start
    lla     t1, bss_end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b
    call    paging_on
    lla     tp, cpus
    lla     sp, boot_stack_top
    call    hart_setup
    call    riscv_boot

other_hart:
    fence   r, r                    /* what was prepared for it before it was asked for is seen from here on */
    call    paging_on
    lla     tp, cpus
1:  ld      t0, CPU_ID(tp)          /* is found, as only those in cpus are asked for */
    beq     t0, a0, 2f
    addi    tp, tp, CPU_BYTES
    j       1b
2:  ld      t0, paging_kernel_satp
    call    use_table
    ld      sp, CPU_IDLE_STACK(tp)
    call    hart_setup
    call    cpu_main

/* Turns paging on and returns to the caller where it is in the direct map. */
paging_on:
    li      t1, DIRECT_BASE
    add     ra, ra, t1
    lla     t0, boot_table
    srli    t0, t0, 12
    li      t1, SATP_SV39
    or      t0, t0, t1
use_table:
    sfence.vma
    csrw    satp, t0
    sfence.vma
    ret

hart_setup:
    lla     t0, trap_entry
    csrw    stvec, t0
    csrw    sscratch, zero
    li      t0, SSTATUS_OFF
    csrc    sstatus, t0
    li      t0, SIE_BITS
    csrw    sie, t0
    ret

    .section .data
    .balign 4
is_booting:
    .word   0

    .balign 4096
boot_table:
    .zero   8 * KERNEL_GIB
    .dword  (KERNEL_GIB << 28) | LEAF
    .zero   8 * (256 - KERNEL_GIB - 1)
    .set    gib, 0
    .rept   DIRECT_BYTES >> 30
    .dword  (gib << 28) | LEAF
    .set    gib, gib + 1
    .endr
    .dword  0

/* The boot hart's stack, a slot like any other (layout.h): the lower half is the guard. */
    .section .bss.stack, "aw", @nobits
    .balign 2 * STACK_BYTES
    .globl boot_guard, boot_stack_top
boot_guard:
    .zero   2 * STACK_BYTES
boot_stack_top:
