/* vector.S: from the interrupted code to trap_handle and back, and from one kernel thread of control to another.
 *
 * In the kernel GS points to this CPU's struct seat; in user mode it is the program's, and one exchange (swapgs) is made on
 * the way in and on the way out. The saved code segment says where a trap comes from. The stack for traps from user mode is
 * in the seat, for the processor as for syscall. A struct registers is REGISTER_WORDS words:
 *
 *     0 r15 .. 7 r8    8 rbp    9 rdi    10 rsi    11 rdx    12 rcx    13 rbx    14 rax
 *     15 vector    16 error code    17 rip    18 cs    19 rflags    20 rsp    21 ss
 *
 * The last five are the processor's; it begins them at a multiple of 16, so that sp is one when all are there.
 *
 * The way back is iretq also from a system call: sysret faults in the kernel, on the program's stack, if the program's address
 * is none (manual, volume 2B, "SYSRET"). */
#include <layout.h>

#define REGISTER_BYTES (REGISTER_WORDS * 8)
#define CS             (18 * 8)
#define VECTOR_SYSCALL 256
#define HAS_ERROR_CODE 0x60227d00 /* a bit for each exception: 8, 10..14, 17, 21, 29, 30 */

    .text
/* One for each exception and interrupt, 16 bytes apart. */
    .balign 16
    .globl  trap_stubs
trap_stubs:
    .set    vector, 0
    .rept   N_STUBS
    .balign 16
    .if     vector >= 32 || ((HAS_ERROR_CODE >> vector) & 1) == 0
    push    $0
    .endif
    push    $vector
    jmp     trap_common
    .set    vector, vector + 1
    .endr

    .balign 16
trap_common:
    testb   $3, 24(%rsp)            /* of cs, above rip, the error code and the vector */
    jz      save
    swapgs
    pushq   $2                      /* whatever flags the program has set */
    popfq
save:
    push    %rax
    push    %rbx
    push    %rcx
    push    %rdx
    push    %rsi
    push    %rdi
    push    %rbp
    .irp n, 8,9,10,11,12,13,14,15
    push    %r\n
    .endr
    mov     %rsp, %rdi
    call    trap_handle

/* With interrupts off and sp at the struct registers. */
trap_return:
    testb   $3, CS(%rsp)
    jz      1f
    lea     REGISTER_BYTES(%rsp), %rax
    mov     %rax, %gs:SEAT_STACK
    swapgs
1:  .irp n, 15,14,13,12,11,10,9,8
    pop     %r\n
    .endr
    pop     %rbp
    pop     %rdi
    pop     %rsi
    pop     %rdx
    pop     %rcx
    pop     %rbx
    pop     %rax
    add     $16, %rsp
    iretq

    .globl  arch_enter_user
arch_enter_user:
    mov     %rdi, %rsp
    jmp     trap_return

/* By the instruction syscall: rip is in rcx, rflags in r11, and the stack is still the program's. */
    .globl  syscall_entry
syscall_entry:
    swapgs
    mov     %rsp, %gs:SEAT_SCRATCH
    mov     %gs:SEAT_STACK, %rsp
    push    $USER_DATA
    push    %gs:SEAT_SCRATCH
    push    %r11
    push    $USER_CODE
    push    %rcx
    push    $0
    push    $VECTOR_SYSCALL
    jmp     save

/* void arch_switch(struct context *from, const struct context *to): the words are rip, rsp, rbx, rbp, r12..r15. */
    .globl  arch_switch
arch_switch:
    pop     0*8(%rdi)
    mov     %rsp, 1*8(%rdi)
    mov     %rbx, 2*8(%rdi)
    mov     %rbp, 3*8(%rdi)
    mov     %r12, 4*8(%rdi)
    mov     %r13, 5*8(%rdi)
    mov     %r14, 6*8(%rdi)
    mov     %r15, 7*8(%rdi)
    mov     1*8(%rsi), %rsp
    mov     2*8(%rsi), %rbx
    mov     3*8(%rsi), %rbp
    mov     4*8(%rsi), %r12
    mov     5*8(%rsi), %r13
    mov     6*8(%rsi), %r14
    mov     7*8(%rsi), %r15
    jmp     *0*8(%rsi)

/* Where a context made by arch_context_init begins: rbx(r12). */
    .globl  context_begin
context_begin:
    mov     %r12, %rdi
    call    *%rbx
    ud2                             /* entry functions do not return */
