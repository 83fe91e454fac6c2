/* user.S: into a process and back, and the program that every process runs. */

/* enter_user(struct proc *p): runs the process until it traps, then returns with the table of physical addresses. Of the
 * process's registers only pc, a0 and a1 are kept, of the kernel's those that a function must keep. */
.text
.globl enter_user
enter_user:
    addi    sp, sp, -112
    sd      ra, 0(sp)
    sd      s0, 8(sp)
    sd      s1, 16(sp)
    sd      s2, 24(sp)
    sd      s3, 32(sp)
    sd      s4, 40(sp)
    sd      s5, 48(sp)
    sd      s6, 56(sp)
    sd      s7, 64(sp)
    sd      s8, 72(sp)
    sd      s9, 80(sp)
    sd      s10, 88(sp)
    sd      s11, 96(sp)
    la      t0, kernel_sp
    sd      sp, 0(t0)
    csrw    sscratch, a0
    la      t0, back
    csrw    stvec, t0
    ld      t0, 8(a0)
    csrw    sepc, t0
    li      t0, 0x100           /* SPP: sret goes to user mode */
    csrc    sstatus, t0
    ld      t0, 0(a0)
    csrw    satp, t0
    sfence.vma
    ld      a1, 24(a0)
    ld      a0, 16(a0)
    sret

.balign 4
back:
    csrw    satp, zero
    sfence.vma
    csrrw   a0, sscratch, a0
    sd      a1, 24(a0)
    csrr    t0, sscratch
    sd      t0, 16(a0)
    csrr    t0, sepc
    sd      t0, 8(a0)
    la      t0, kernel_sp
    ld      sp, 0(t0)
    ld      ra, 0(sp)
    ld      s0, 8(sp)
    ld      s1, 16(sp)
    ld      s2, 24(sp)
    ld      s3, 32(sp)
    ld      s4, 40(sp)
    ld      s5, 48(sp)
    ld      s6, 56(sp)
    ld      s7, 64(sp)
    ld      s8, 72(sp)
    ld      s9, 80(sp)
    ld      s10, 88(sp)
    ld      s11, 96(sp)
    addi    sp, sp, 112
    ret

/* Writes a1 to the address in a0 and calls the system with what is there then. */
.globl program, program_end
.balign 8
program:
    sd      a1, 0(a0)
    ld      a0, 0(a0)
    ecall
program_end:

.bss
.balign 8
kernel_sp:
    .skip   8
