/* trap.c: why the hart stopped what it did, and what to do about it.
 *
 * Exceptions of programs are theirs: a system call, a page to be made, or their end. An exception of the kernel is a
 * bug: it touches programs' memory only through the direct map, after looking at their page tables (space.c).
 * Interrupts are taken in both. Causes: RISC-V Privileged Architecture, section 4.1.8. */
#include <arch.h>
#include <kernel.h>

enum { PC = 0, RA = 1, SP = 2, A0 = 10, A7 = 17, STATUS = 32, CAUSE = 33, VALUE = 34 }; /* see vector.S */

/* sstatus: Privileged Architecture, section 4.1.1. */
#define SSTATUS_SPIE 0x20u  /* interrupts will be on after sret */
#define SSTATUS_SPP  0x100u /* sret goes to the kernel */

#define INTERRUPT          ((uint64_t)1 << 63)
#define INTERRUPT_SOFTWARE (INTERRUPT | 1)
#define INTERRUPT_TIMER    (INTERRUPT | 5)
#define SIP_SOFTWARE       0x2u

enum {
    MISALIGNED_FETCH = 0,
    ILLEGAL_INSTRUCTION = 2,
    BREAKPOINT = 3,
    MISALIGNED_LOAD = 4,
    MISALIGNED_STORE = 6,
    CALL_FROM_USER = 8,
    FETCH_PAGE_FAULT = 12,
    LOAD_PAGE_FAULT = 13,
    STORE_PAGE_FAULT = 15,
};

void trap_handle(struct registers *regs);
_Noreturn void trap_overflow(uintptr_t sp, uintptr_t pc);

static const char *cause_name(uint64_t cause) {
    switch (cause) {
    case MISALIGNED_FETCH:
    case MISALIGNED_LOAD:
    case MISALIGNED_STORE:
        return "misaligned access";
    case ILLEGAL_INSTRUCTION:
        return "illegal instruction";
    case BREAKPOINT:
        return "breakpoint";
    case FETCH_PAGE_FAULT:
        return "jump to memory that is not there or not executable";
    case LOAD_PAGE_FAULT:
        return "load from memory that is not there";
    case STORE_PAGE_FAULT:
        return "store to memory that is not there or read-only";
    default:
        return "access to memory that the machine refuses";
    }
}

static bool interrupt(uint64_t cause) {
    if (cause == INTERRUPT_TIMER) {
        trap_tick();
    } else if (cause == INTERRUPT_SOFTWARE) {
        __asm__ volatile("csrc sip, %0" ::"r"(SIP_SOFTWARE)
                         : "memory"); /* first: a poke from here on interrupts again */
        trap_poked();
    } else {
        return false;
    }
    return true;
}

static void exception_of_program(struct registers *regs) {
    uint64_t *word = regs->word;
    switch (word[CAUSE]) {
    case CALL_FROM_USER:
        word[PC] += 4; /* after the ecall */
        trap_syscall(regs);
        break;
    case FETCH_PAGE_FAULT:
        trap_page_fault(word[VALUE], ACCESS_EXECUTE, word[PC]);
        break;
    case LOAD_PAGE_FAULT:
        trap_page_fault(word[VALUE], ACCESS_READ, word[PC]);
        break;
    case STORE_PAGE_FAULT:
        trap_page_fault(word[VALUE], ACCESS_WRITE, word[PC]);
        break;
    default:
        trap_bad_instruction(cause_name(word[CAUSE]), word[PC]);
    }
}

void trap_handle(struct registers *regs) {
    uint64_t cause = regs->word[CAUSE];
    bool from_kernel = (regs->word[STATUS] & SSTATUS_SPP) != 0;
    if (!interrupt(cause)) {
        if (from_kernel) {
            panic("%s in the kernel: address 0x%lx, pc 0x%lx, ra 0x%lx, cause %lu", cause_name(cause),
                  regs->word[VALUE], regs->word[PC], regs->word[RA], cause);
        }
        exception_of_program(regs);
    }
    if (!from_kernel) {
        trap_leave_for_user();
    }
}

_Noreturn void trap_overflow(uintptr_t sp, uintptr_t pc) {
    panic("kernel stack overflow: sp 0x%lx, pc 0x%lx", sp, pc);
}

/* ---- registers and contexts ---------------------------------------------------------------------------------- */

void arch_registers_init(struct registers *regs, uintptr_t pc, uintptr_t sp, uint64_t argc, uintptr_t argv) {
    memset(regs, 0, sizeof *regs);
    regs->word[PC] = pc;
    regs->word[SP] = sp;
    regs->word[A0] = argc;
    regs->word[A0 + 1] = argv;
    regs->word[STATUS] = SSTATUS_SPIE;
}

uint64_t arch_syscall_number(const struct registers *regs) {
    return regs->word[A7];
}

uint64_t arch_syscall_argument(const struct registers *regs, unsigned i) {
    return regs->word[A0 + i];
}

void arch_syscall_result(struct registers *regs, uint64_t result) {
    regs->word[A0] = result;
}

void arch_context_init(struct context *context, uintptr_t top, void (*entry)(void *), void *argument) {
    extern char context_begin[];
    enum { CONTEXT_RA, CONTEXT_SP, CONTEXT_S0, CONTEXT_S1 }; /* see arch_switch */
    memset(context, 0, sizeof *context);
    context->word[CONTEXT_RA] = (uintptr_t)context_begin;
    context->word[CONTEXT_SP] = top;
    context->word[CONTEXT_S0] = (uintptr_t)entry;
    context->word[CONTEXT_S1] = (uintptr_t)argument;
}
