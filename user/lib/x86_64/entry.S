# entry.S: the places where a program meets the machine: where it starts, how it
# calls the kernel, and what it must not do.

        .section .text.start, "ax"
        .globl  _start
_start:                         # rax argc, rsi argv, rsp aligned
        mov     %rax, %rdi
        xor     %ebp, %ebp
        call    main
        mov     %eax, %edi
        call    exit

# long system_call(long number, long a, long b, long c)
        .text
        .globl  system_call
system_call:
        mov     %rdi, %rax
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        mov     %rcx, %rdx
        syscall                 # changes rcx and r11
        ret

# void privileged_instruction(void): reads cr0, which only the kernel may.
        .globl  privileged_instruction
privileged_instruction:
        mov     %cr0, %rax
        ret

# uint64_t instructions_retired(void): where QEMU counts them, they are the machine's time.
        .globl  instructions_retired
instructions_retired:
        rdtsc
        shl     $32, %rdx
        or      %rdx, %rax
        ret
