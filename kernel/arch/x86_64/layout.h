/* layout.h: where the kernel's addresses lie on x86-64, for C and for assembly.
 *
 * Four levels of tables, 48 bits of address (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3A, section
 * 4.5; "the manual" in these files). The upper half is the kernel's:
 *
 *     0x0000000000010000  programs                        a table for each process
 *     0x0000003fffffffff  end of what they use
 *     0xffff800000000000  wide direct map: all memory     32 TiB, by leaves of 1 GiB; writable, not executable. Where
 *                                                       the processor has none: 63 GiB, by leaves of 2 MiB
 *     0xffffffff80000000  direct map: the first GiB       what code can reach that is compiled for the last 2 GiB
 *     0xffffffff80200000    in it the kernel's own image  by pages: text r-x, constants r--, data rw-; so in the wide map
 *     0xffffffffc0000000  kernel stacks                   1 GiB of room, each with a guard below it */
#ifndef LAYOUT_H
#define LAYOUT_H

#define DIRECT_BASE  0xffffffff80000000
#define DIRECT_BYTES 0x40000000 /* 1 GiB */
#define WIDE_BASE    0xffff800000000000
#define WIDE_TABLES  64 /* of 512 GiB */
#define STACKS_BASE  0xffffffffc0000000

#define RAM_BASE 0u /* physical */

/* A stack is the upper half of an aligned slot of twice its size. So one bit of an address tells whether it lies in a stack
 * or in the guard below; trap.c looks at it. */
#define STACK_ORDER 2
#define STACK_BYTES 0x4000
#define STACK_BIT   14 /* log2 of STACK_BYTES */

/* Words of a struct registers and of a struct context, and of a struct cpu what assembly knows. */
#define REGISTER_WORDS 22
#define CONTEXT_WORDS  8
#define CPU_IDLE_STACK 16

/* Of a struct seat (seat.h), to which GS points. */
#define SEAT_CPU     0
#define SEAT_NUMBER  8
#define SEAT_SCRATCH 16
#define SEAT_STACK   28
#define SEAT_IST1    60

#define N_STUBS 36 /* exceptions and interrupts: see seat.h */

/* Segments, in the order that syscall wants (manual, volume 2B, "SYSCALL"). Those of programs with privilege 3. */
#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10
#define USER_DATA   0x1b
#define USER_CODE   0x23
#define TASK_STATE  0x28

/* How the start tells which loader it was; the others have a number of their own. */
#define PVH_MAGIC  0x336ec578
#define UEFI_MAGIC 0x49464555 /* "UEFI": ours */

#define ELF_MACHINE 62 /* of its programs: System V ABI, AMD64 supplement, "ELF Header" */

#endif
