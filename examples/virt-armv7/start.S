/* start.S: a boot loader enters at the first byte, with the device tree in r2 (Linux, Documentation/arm/booting.rst). Memory is
 * mapped where it is, as 1 GiB of devices and 3 GiB of RAM: without a table it would not be cached, and processors have
 * atomics only for memory that is. The table has long descriptors (Large Physical Address Extension): Cortex-A7, A15, A17. */
    .arch   armv7-a
    .arch_extension virt
    .section .text.start, "ax"
    .globl _start
_start:
    cpsid   if
    ldr     r1, =0x4ff            /* MAIR0: attribute 0: cached memory, 1: devices */
    mcr     p15, 0, r1, c10, c2, 0
    ldr     r1, =0x80003500       /* TTBCR: long descriptors for all 4 GiB, tables cached */
    mcr     p15, 0, r1, c2, c0, 2
    ldr     r1, =table            /* TTBR0 */
    mov     r3, #0
    mcrr    p15, 0, r1, r3, c2
    mcr     p15, 0, r3, c8, c7, 0 /* TLBIALL */
    mcr     p15, 0, r3, c7, c5, 0 /* ICIALLU */
    dsb
    isb
    mrc     p15, 0, r1, c1, c0, 0 /* SCTLR: paging, data and instruction caches */
    ldr     r3, =0x1005
    orr     r1, r1, r3
    mcr     p15, 0, r1, c1, c0, 0
    isb

    ldr     sp, =stack_end
    ldr     r0, =bss_begin
    ldr     r1, =bss_end
    mov     r3, #0
1:  str     r3, [r0], #4
    cmp     r0, r1
    blo     1b
    mov     r0, r2
    bl      start

/* void semihosting(uint32_t call, const void *parameters): to who simulates the machine. */
    .globl semihosting
semihosting:
    svc     #0x123456
    bx      lr

    .data
    .balign 32
table:
    .quad   0x60000000000405
    .quad   0x40000000 + 0x701, 0x80000000 + 0x701, 0xc0000000 + 0x701
