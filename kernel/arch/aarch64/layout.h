/* layout.h: where the kernel's addresses lie on aarch64, for C and for assembly.
 *
 * Pages of 4 KiB and 48 bits of address, two times (Arm Architecture Reference Manual, DDI 0487, chapter D8): TTBR0 has the
 * table for the lowest 256 TiB, TTBR1 that for the highest.
 *
 *     0x0000000000010000  programs                          a table for each process, in TTBR0
 *     0x0000ffffffffffff  end of what TTBR0 translates
 *     0xffff000000000000  direct map: memory                128 TiB, only what the firmware calls memory, by the largest
 *                                                           blocks that fit; writable, not executable
 *     0xffff000040080000    in it the kernel's own image    by pages: text r-x, constants r--, data rw-
 *     0xffff800000000000  devices                           their registers, at this plus their physical address
 *     0xffffffffc0000000  kernel stacks                     1 GiB of room, each with a guard below it */
#ifndef LAYOUT_H
#define LAYOUT_H

#define DIRECT_BASE  0xffff000000000000
#define DIRECT_BYTES 0x800000000000 /* 128 TiB */
#define DEVICES_BASE 0xffff800000000000
#define STACKS_BASE  0xffffffffc0000000

#define RAM_BASE 0x40000000u /* physical */

/* A stack is the upper half of an aligned slot of twice its size. So one bit of a stack pointer tells whether it still
 * points into a stack or has run into the guard; vector.S looks at it. */
#define STACK_ORDER 2
#define STACK_BYTES 0x4000
#define STACK_BIT   14 /* log2 of STACK_BYTES */

/* Words of a struct registers and of a struct context, and of a struct cpu what assembly knows. */
#define REGISTER_WORDS 36
#define CONTEXT_WORDS  14
#define CPU_IDLE_STACK 16

#define ELF_MACHINE 183 /* of its programs: ELF for the Arm 64-bit Architecture, "ELF Header" */

#endif
