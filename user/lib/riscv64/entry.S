# entry.S: the places where a program meets the machine: where it starts, how it
# calls the kernel, and what it must not do.

        .section .text.start, "ax"
        .globl  _start
_start:                         # a0 argc, a1 argv, sp aligned: all as main wants them
        call    main
        call    exit

# long system_call(long number, long a, long b, long c)
        .text
        .globl  system_call
system_call:
        mv      a7, a0
        mv      a0, a1
        mv      a1, a2
        mv      a2, a3
        ecall
        ret

# void privileged_instruction(void): reads sstatus, which only the kernel may.
        .globl  privileged_instruction
privileged_instruction:
        csrr    a0, sstatus
        ret

# uint64_t instructions_retired(void)
        .globl  instructions_retired
instructions_retired:
        csrr    a0, instret
        ret
