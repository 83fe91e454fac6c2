/* entry.S: the first instructions of each CPU.
 *
 * The boot loader enters one of them at the first byte of the image, with the physical address of the device tree in x0 and
 * paging, caches and interrupts off (Linux, Documentation/arm64/booting.rst, which also has the header below). Each of
 * the others is started by the firmware at secondary_start, in the same state, with its struct cpu in x0 (psci.c).
 *
 * Both may come in EL2, the hypervisor's level, and are sent down to EL1 then. The kernel is linked for its place in the
 * direct map but starts at its physical address: boot_root maps the GiB with the kernel. It is in TTBR1, and also in
 * TTBR0, so that the instruction after the one that turns paging on is still there.
 *
 * Registers and their fields: Arm Architecture Reference Manual, DDI 0487, chapter D17. */
#include <layout.h>

#define MAIR   0x04ff             /* attribute 0: memory, cached; 1: devices, nGnRE */
#define TCR    0xb5103510         /* two times 48 bits; pages of 4 KiB; tables are cached and shared */
#define SCTLR  0x30d0181d         /* M, C, I; sp aligned; bits that are 1 where the processor knows no other value */
#define SCTLR_OFF  0x30d00800     /* the same without M, C, I and checks of sp */
#define SCTLR_SPAN 0x800000       /* an exception leaves PAN as it is */
#define TEXT   0x40000000000701   /* a block of memory: shared, accessed; the kernel's to read, write and execute */
#define DEVICE 0x60000000000405   /* a block of devices: accessed, not executable */
#define TABLE  3
#define EL2    (2 << 2)
#define EL1H_MASKED 0x3c5         /* spsr_el2: to EL1, with a stack pointer of its own and all interrupts off */

    .section .text.entry, "ax"
    .globl _start
_start:
    b       boot
    .word   0
    .quad   LOAD_OFFSET           /* from a multiple of 2 MiB to the image: kernel.ld */
    .quad   image_bytes
    .quad   2                     /* flags: little-endian, pages of 4 KiB, near the start of RAM */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

boot:
    mov     x20, x0
    adrp    x21, boot_root
    bl      paging_on
    adrp    x0, bss_start
    add     x0, x0, :lo12:bss_start
    adrp    x1, bss_end
    add     x1, x1, :lo12:bss_end
1:  str     xzr, [x0], #8
    cmp     x0, x1
    b.lo    1b
    adrp    x0, cpus
    add     x0, x0, :lo12:cpus
    msr     tpidr_el1, x0
    adrp    x0, boot_stack_top
    add     x0, x0, :lo12:boot_stack_top
    mov     sp, x0
    mov     x0, x20
    bl      aarch64_boot

    .globl secondary_start
secondary_start:
    mov     x20, x0
    adrp    x21, kernel_table     /* by then it is complete */
    bl      paging_on
    msr     tpidr_el1, x20
    ldr     x0, [x20, #CPU_IDLE_STACK]
    mov     sp, x0
    bl      aarch64_cpu_start

/* Goes to EL1, turns paging on with x21 in TTBR1, and returns to the caller where it is in the direct map. */
paging_on:
    mrs     x0, CurrentEL
    cmp     x0, #EL2
    b.eq    leave_el2
in_el1:
    msr     daifset, #15
    adrp    x0, trap_vectors
    add     x0, x0, :lo12:trap_vectors
    mov     x1, #DIRECT_BASE
    add     x0, x0, x1
    add     x30, x30, x1
    msr     vbar_el1, x0
    msr     cpacr_el1, xzr        /* no floating point */
    msr     mdscr_el1, xzr        /* no debugging */
    msr     cntkctl_el1, xzr      /* programs have no timer */

    mov     x0, #MAIR
    msr     mair_el1, x0
    ldr     x0, =TCR
    mrs     x1, id_aa64mmfr0_el1
    and     x1, x1, #15           /* PARange: how wide physical addresses are; 5 is 48 bits, all that our tables hold */
    mov     x2, #5
    cmp     x1, x2
    csel    x1, x1, x2, lo
    orr     x0, x0, x1, lsl #32
    msr     tcr_el1, x0
    adrp    x0, boot_root
    msr     ttbr0_el1, x0
    msr     ttbr1_el1, x21

    ldr     x0, =SCTLR
    mrs     x1, id_aa64mmfr1_el1
    tst     x1, #0xf00000         /* PAN: the kernel can not touch pages of programs, but for those it asks about */
    b.eq    1f
    bic     x0, x0, #SCTLR_SPAN
    .arch_extension pan
    msr     pan, #1
1:  isb
    tlbi    vmalle1
    ic      iallu
    dsb     nsh
    isb
    msr     sctlr_el1, x0
    isb
    ret

/* void use_kernel_table(void): TTBR1 from boot_root to kernel_table. Both map the kernel, but not by blocks of the same size,
 * so nothing of the one may be remembered when the other is used (D8.14, break before make): this runs where TTBR0 maps it. */
    .globl use_kernel_table
use_kernel_table:
    adr     x0, 1f
    mov     x1, #DIRECT_BASE
    sub     x0, x0, x1
    br      x0
1:  adrp    x0, no_program
    adrp    x1, kernel_table
    msr     ttbr1_el1, x0
    isb
    tlbi    vmalle1
    dsb     nsh
    isb
    msr     ttbr1_el1, x1
    isb
    ret

leave_el2:
    mov     x0, #(1 << 31)        /* RW: EL1 is 64 bits wide, and nothing of it comes up here */
    msr     hcr_el2, x0
    mov     x0, #3                /* the counter and the timers are EL1's, too */
    msr     cnthctl_el2, x0
    msr     cntvoff_el2, xzr
    mrs     x0, midr_el1
    mrs     x1, mpidr_el1
    msr     vpidr_el2, x0
    msr     vmpidr_el2, x1
    mov     x0, #0x33ff           /* bits that are 1; floating point comes up to EL1 */
    msr     cptr_el2, x0
    msr     hstr_el2, xzr
    msr     vttbr_el2, xzr

    mov     x1, #0
    mrs     x0, id_aa64dfr0_el1
    tst     x0, #0xf00            /* PMUVer: all event counters are EL1's */
    b.eq    1f
    mrs     x1, pmcr_el0
    ubfx    x1, x1, #11, #5
1:  msr     mdcr_el2, x1

    mrs     x0, id_aa64pfr0_el1
    tst     x0, #0xf000000        /* GIC: so are the registers of interrupts, ICC_SRE_EL2 and ICH_HCR_EL2 */
    b.eq    2f
    mrs     x0, s3_4_c12_c9_5
    mov     x1, #9
    orr     x0, x0, x1
    msr     s3_4_c12_c9_5, x0
    isb
    msr     s3_4_c12_c11_0, xzr

2:  ldr     x0, =SCTLR_OFF
    msr     sctlr_el1, x0
    mov     x0, #EL1H_MASKED
    msr     spsr_el2, x0
    adr     x0, in_el1
    msr     elr_el2, x0
    eret
    .ltorg

    .section .data
    .balign 4096
boot_root:
    .quad   boot_gib - DIRECT_BASE + TABLE
    .zero   8 * 255
    .quad   boot_devices - DIRECT_BASE + TABLE
    .zero   8 * 255
boot_gib:
    .quad   0
    .quad   (1 << 30) + TEXT      /* kernel.ld puts us there */
    .zero   8 * 510
boot_devices:
    .quad   DEVICE
    .zero   8 * 511

/* The boot CPU's stack, a slot like any other (layout.h): the lower half is the guard. */
    .section .bss.stack, "aw", @nobits
    .balign 2 * STACK_BYTES
    .globl boot_guard, boot_stack_top
boot_guard:
    .zero   2 * STACK_BYTES
boot_stack_top:
