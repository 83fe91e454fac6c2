/* virt_entry.S: each hart comes here in machine mode and goes on to main() in supervisor mode, without paging or
 * interrupts, its number in tp, as in xv6. A trap in either mode ends the machine (The RISC-V Instruction Set
 * Manual, volume II). */
.section .text.entry
.globl entry
entry:
    csrr    tp, mhartid
    la      sp, stacks
    addi    t0, tp, 1
    slli    t0, t0, 12          /* 4096 bytes each */
    add     sp, sp, t0
    la      t0, trap
    csrw    mtvec, t0
    csrw    satp, zero
    li      t0, -1
    srli    t0, t0, 10          /* supervisor mode may use all addresses: one region, */
    csrw    pmpaddr0, t0        /* naturally aligned, */
    li      t0, 0x1f            /* readable, writable, executable */
    csrw    pmpcfg0, t0
    li      t0, 0xb100          /* page faults and calls from user mode go to supervisor mode, all else stays here */
    csrw    medeleg, t0
    li      t0, 3 << 11
    csrc    mstatus, t0
    li      t0, 1 << 11         /* mret goes to supervisor mode */
    csrs    mstatus, t0
    la      t0, main
    csrw    mepc, t0
    mret

.balign 4
trap:
    csrr    a0, mcause
    csrr    a1, mtval
    j       trapped
