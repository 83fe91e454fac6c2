/* start.S: an Image, as boot loaders of Arm machines take it (Linux, Documentation/arm64/booting.rst). They enter it with the
 * device tree in x0. Memory is mapped where it is, as 1 GiB of devices and 3 GiB of RAM: without a table it would not be
 * cached, and processors have atomics only for memory that is. */
    .section .text.start, "ax"
    .globl _start
_start:
    b       1f
    .word   0
    .quad   0, image_bytes, 2     /* at a multiple of 2 MiB, near the start of RAM; pages of 4 KiB */
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0

1:  mov     x1, #0x4ff            /* attribute 0: cached memory, 1: devices */
    msr     mair_el1, x1
    ldr     x1, =0x803519         /* 39 bits of address, tables cached, nothing in the upper half */
    msr     tcr_el1, x1
    adrp    x1, table
    msr     ttbr0_el1, x1
    tlbi    vmalle1
    dsb     nsh
    isb
    ldr     x1, =0x30d01805       /* paging, data and instruction caches */
    msr     sctlr_el1, x1
    isb

    ldr     x1, =stack_end
    mov     sp, x1
    ldr     x1, =bss_begin
    ldr     x2, =bss_end
2:  str     xzr, [x1], #8
    cmp     x1, x2
    b.lo    2b
    bl      start

/* void semihosting(uint64_t call, const void *parameters): to who simulates the machine. */
    .globl semihosting
semihosting:
    hlt     #0xf000
    ret

    .data
    .balign 4096
table:
    .quad   0x60000000000405
    .quad   0x40000000 + 0x701, 0x80000000 + 0x701, 0xc0000000 + 0x701
    .zero   8 * 508
