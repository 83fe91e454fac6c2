/* long_mode.S: from where PVH and Multiboot leave a PC, in protected mode with flat segments of 32 bits and paging off, to C in
 * 64 bits. The first 4 GiB are mapped at their own addresses, in pages of 2 MiB. Calls start(what was in ebx). */
#define PRESENT_WRITABLE  0x03
#define LARGE             0x80
#define CR4_PAE_SSE       0x620         /* PAE, and the bits that let SSE be used: Rust and C do */
#define EFER              0xC0000080
#define EFER_LONG_MODE    0x100
#define CR0_PAGING        0x80000000
#define CODE_64           0x00209A0000000000

    .section .text.start, "ax"
    .code32
    .globl _start
_start:
    movl    $stack_end, %esp
    movl    %ebx, %edi                  /* the first argument */
    movl    $tables, %eax
    movl    %eax, %cr3
    movl    %cr4, %eax
    orl     $CR4_PAE_SSE, %eax
    movl    %eax, %cr4
    movl    $EFER, %ecx
    rdmsr
    orl     $EFER_LONG_MODE, %eax
    wrmsr
    movl    %cr0, %eax
    orl     $CR0_PAGING, %eax
    movl    %eax, %cr0
    lgdt    descriptor
    ljmp    $8, $1f

    .code64
1:  xorl    %eax, %eax
    movl    %eax, %ss
    movl    %eax, %ds
    movl    %eax, %es
    call    start

    .section .data
    .balign 8
segments:
    .quad   0, CODE_64
descriptor:
    .short  15
    .long   segments

    .balign 4096
tables:                                 /* of 512 GiB an entry, of 1 GiB, and of 2 MiB */
    .quad   gibs + PRESENT_WRITABLE
    .zero   8 * 511
gibs:
    .quad   pages + PRESENT_WRITABLE, pages + 4096 + PRESENT_WRITABLE
    .quad   pages + 8192 + PRESENT_WRITABLE, pages + 12288 + PRESENT_WRITABLE
    .zero   8 * 508
pages:
    .set    page, PRESENT_WRITABLE | LARGE
    .rept   4 * 512
    .quad   page
    .set    page, page + (2 << 20)
    .endr

    .section .bss
    .balign 16
    .zero   32 << 10
stack_end:
