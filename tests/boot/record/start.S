/* start.S: one image that PVH, Multiboot 1 and Multiboot 2 can start, in 32-bit mode with paging off. QEMU takes an image with
 * a header of Multiboot 1 for that, so the header is there only where MULTIBOOT says so. */
#ifdef MULTIBOOT
        .section .multiboot, "a"
        .balign 4
        .long   0x1BADB002, 0, -0x1BADB002

        .balign 8
multiboot2:
        .long   0xE85250D6, 0, multiboot2_end - multiboot2, -(0xE85250D6 + multiboot2_end - multiboot2)
        .short  0, 0
        .long   8
multiboot2_end:
#endif

        .section .note.pvh, "a", @note
        .long   4, 4, 18        /* XEN_ELFNOTE_PHYS32_ENTRY */
        .asciz  "Xen"
        .long   start

        .text
        .globl  start
start:  cli
        movl    $stack_top, %esp
        pushl   %ebx
        pushl   %eax
        call    record
halt:   hlt
        jmp     halt

        .bss
        .balign 16
        .skip   4096
stack_top:
