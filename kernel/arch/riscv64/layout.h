/* layout.h: where the kernel's addresses lie on riscv64, for C and for assembly.
 *
 * Sv39 (RISC-V Privileged Architecture, version 20211203, section 4.4): 512 GiB of virtual addresses, the
 * upper 256 GiB for the kernel.
 *
 *     0x0000000000010000  programs                        a table for each process
 *     0x0000003fffffffff  end of the lower half
 *     0xffffffc000000000  direct map: physical memory     255 GiB, by leaves of 1 GiB; writable, not executable
 *     0xffffffc080200000    in it the kernel's own image  by pages: text r-x, constants r--, data rw-
 *     0xffffffffc0000000  kernel stacks                   1 GiB of room, each with a guard below it
 *
 * Where memory ends higher, Sv48 (section 4.5): all of the above, where it is, and below it a direct map that is wide
 * enough. The image stays what it is in both.
 *
 *     0xffff800000000000  wide direct map                 127.5 TiB, by leaves of 512 GiB, the lowest of 1 GiB */
#ifndef LAYOUT_H
#define LAYOUT_H

#define DIRECT_BASE  0xffffffc000000000
#define DIRECT_BYTES 0x3fc0000000 /* 255 GiB */
#define WIDE_BASE    0xffff800000000000
#define WIDE_BYTES   0x7f8000000000 /* 127.5 TiB */
#define STACKS_BASE  0xffffffffc0000000

#define RAM_BASE 0x80000000u /* physical */

/* A stack is the upper half of an aligned slot of twice its size. So one bit of a stack pointer tells whether it still
 * points into a stack or has run into the guard; vector.S looks at it. */
#define STACK_ORDER 2
#define STACK_BYTES 0x4000
#define STACK_BIT   14 /* log2 of STACK_BYTES */

/* Words of a struct registers and of a struct context, and of a struct cpu what assembly knows. */
#define REGISTER_WORDS 36
#define CONTEXT_WORDS  14
#define CPU_STACK      0
#define CPU_SCRATCH    8
#define CPU_IDLE_STACK 16
#define CPU_ID         32
#define CPU_BYTES      192

#define ELF_MACHINE 243 /* of its programs: RISC-V ELF psABI specification, "File Header" */

#endif
