/* entry.S: the first instructions of each CPU.
 *
 * The loader enters the boot CPU in 32-bit mode with paging off and flat segments, and with the physical address of what it
 * says in EBX: at pvh_start (Xen, docs/misc/pvh.pandoc), or at multiboot_start (Multiboot2 Specification 2.0, section 3.3, "I386
 * machine state"), then with a magic number in EAX. Our own loader of UEFI (uefi/loader.c) enters it in 64-bit mode, at uefi_start,
 * with all memory mapped where it is, and its word in RBX. The other CPUs start in 16-bit mode at the page of memory that they are
 * told (manual, volume 3A, section 9.4), to which the code at other_start was copied.
 *
 * From 32-bit mode all go through long_mode. The kernel is linked for its place in the direct map but starts at its physical
 * address. boot_root maps the first GiB of memory there, and also where it is physically, so that the instruction after the
 * one that turns paging on is still there. */
#include <layout.h>

#define PHYSICAL(symbol) (symbol - DIRECT_BASE)

#define TABLE       0x003 /* present, writable */
#define LARGE       0x083 /* the same, and it maps memory */
#define CR0_ON      0x80010005 /* paging, write protection of the kernel, no floating point, protected mode */
#define CR4_PAE     0x20
#define MSR_EFER    0xC0000080
#define MSR_GS_BASE 0xC0000101
#define EFER_ON     0x901 /* no execution where it is forbidden, long mode, syscall */
#define BOOT_CODE32 0x18

#define MULTIBOOT_HEADER 0xe85250d6

/* Where a PVH loader enters: Xen, public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY. */
    .section .note, "a", @note
    .balign 4
    .long   4, 8, 18
    .asciz  "Xen"
    .quad   PHYSICAL(pvh_start)

/* What a Multiboot 2 loader looks for in the first 32 KiB of the file: section 3.1 there. */
    .section .multiboot, "a"
    .balign 8
multiboot_header:
    .long   MULTIBOOT_HEADER, 0, multiboot_header_end - multiboot_header
    .long   -(MULTIBOOT_HEADER + multiboot_header_end - multiboot_header)
    .short  3, 0                    /* tag 3: where to enter */
    .long   12, PHYSICAL(multiboot_start)
    .balign 8
    .short  6, 0                    /* tag 6: modules begin with pages */
    .long   8
    .short  0, 0                    /* no more tags */
    .long   8
multiboot_header_end:

    .section .text.entry, "ax"
    .code32
    .globl  pvh_start
pvh_start:
    mov     $PVH_MAGIC, %eax        /* as if it had said so, as others do: the magic number of its structure */
multiboot_start:
    cld
    mov     %eax, %ebp
    mov     $PHYSICAL(bss_start), %edi
    mov     $PHYSICAL(bss_end), %ecx
    sub     %edi, %ecx
    xor     %eax, %eax
    rep stosb
    mov     $PHYSICAL(boot_cpu), %edi
    jmp     long_mode

other_start32:
    mov     $KERNEL_DATA, %eax
    mov     %eax, %ds
    mov     $PHYSICAL(other_cpu), %edi

/* EDI says where to go on in the kernel's addresses; EBP and EBX are the loader's words. */
long_mode:
    mov     $CR4_PAE, %eax
    mov     %eax, %cr4
    mov     $PHYSICAL(boot_root), %eax
    mov     %eax, %cr3
    mov     $MSR_EFER, %ecx
    mov     $EFER_ON, %eax
    xor     %edx, %edx
    wrmsr
    mov     $CR0_ON, %eax
    mov     %eax, %cr0
    lgdt    PHYSICAL(boot_segments_pointer)
    ljmp    $KERNEL_CODE, $PHYSICAL(1f)
    .code64
1:  mov     %ebx, %ebx              /* its upper half is 0 from here on */
high:
    mov     $KERNEL_DATA, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    xor     %eax, %eax
    mov     %eax, %fs
    mov     %eax, %gs
    movabs  $DIRECT_BASE, %rax
    add     %rax, %rdi
    jmp     *%rdi

/* UEFI's table maps this, and so does ours. Nothing is changed in EFER but what is added: it is in use. */
    .globl  uefi_start
uefi_start:
    cli
    cld
    mov     $UEFI_MAGIC, %ebp
    mov     $PHYSICAL(boot_cpu), %edi
    mov     $MSR_EFER, %ecx
    rdmsr
    or      $EFER_ON, %eax
    wrmsr
    mov     $CR4_PAE, %eax
    mov     %rax, %cr4
    mov     $PHYSICAL(boot_root), %eax
    mov     %rax, %cr3
    mov     $CR0_ON, %eax
    mov     %rax, %cr0
    lgdt    PHYSICAL(boot_segments_pointer)
    mov     $PHYSICAL(boot_stack_top), %esp
    push    $KERNEL_CODE
    push    $PHYSICAL(high)
    lretq

boot_cpu:
    mov     $boot_stack_top, %rsp
    mov     %ebp, %edi
    mov     %rbx, %rsi
    xor     %ebp, %ebp
    call    x86_boot

other_cpu:
    mov     paging_kernel_root, %rax
    mov     %rax, %cr3
    mov     starting_seat, %rdi
    mov     $MSR_GS_BASE, %ecx      /* before any C: that may ask which CPU it runs on */
    mov     %edi, %eax
    mov     %rdi, %rdx
    shr     $32, %rdx
    wrmsr
    mov     SEAT_CPU(%rdi), %rax
    mov     CPU_IDLE_STACK(%rax), %rsp
    xor     %ebp, %ebp
    call    x86_start

/* What other CPUs begin with, in a page below 1 MiB. CS is that page. */
    .code16
    .globl  other_start
other_start:
    cli
    lgdtl   %cs:other_segments_pointer - other_start
    mov     %cr0, %eax
    or      $1, %al
    mov     %eax, %cr0
    ljmpl   $BOOT_CODE32, $PHYSICAL(other_start32)
    .balign 4
other_segments_pointer:
    .word   boot_segments_end - boot_segments - 1
    .long   PHYSICAL(boot_segments)
    .code64

    .section .data
    .balign 8
boot_segments:
    .quad   0
    .quad   0x00af9b000000ffff      /* KERNEL_CODE: 64 bits */
    .quad   0x00cf93000000ffff      /* KERNEL_DATA */
    .quad   0x00cf9b000000ffff      /* BOOT_CODE32 */
boot_segments_end:
boot_segments_pointer:
    .word   boot_segments_end - boot_segments - 1
    .quad   PHYSICAL(boot_segments)

/* The struct seat of the CPU that is being started; it takes it and leaves 0. */
    .balign 8
    .globl  starting_seat
starting_seat:
    .quad   0

    .balign 4096
boot_root:
    .quad   PHYSICAL(boot_low) + TABLE
    .zero   8 * 510
    .quad   PHYSICAL(boot_high) + TABLE
boot_low:
    .quad   PHYSICAL(boot_gib) + TABLE
    .zero   8 * 511
boot_high:
    .zero   8 * 510
    .quad   PHYSICAL(boot_gib) + TABLE
    .quad   0
boot_gib:
    .set    step, 0
    .rept   512
    .quad   (step << 21) + LARGE
    .set    step, step + 1
    .endr

/* The boot CPU's stack, a slot like any other (layout.h): the lower half is the guard. */
    .section .boot_stack, "aw", @nobits
    .balign 2 * STACK_BYTES
    .globl  boot_guard, boot_stack_top
boot_guard:
    .zero   2 * STACK_BYTES
boot_stack_top:
