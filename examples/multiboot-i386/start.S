/* start.S: the header by which loaders know a Multiboot kernel, and its entry: 32 bits, paging off, flat segments; eax has a
 * magic number, ebx the loader's structure (Multiboot Specification 0.6.96, sections 3.1 and 3.2). */
#define MAGIC       0x1BADB002
#define MEMORY_INFO 2                   /* flags: tell us of memory */

    .section .boot, "a"
    .balign 4
    .long   MAGIC, MEMORY_INFO, -(MAGIC + MEMORY_INFO)

    .section .text.start, "ax"
    .globl _start
_start:
    movl    $stack_end, %esp
    pushl   %ebx
    pushl   %eax
    call    start

    .section .bss
    .balign 16
    .zero   16 << 10
stack_end:
