/* trap.c: why the CPU stopped what it did, and what to do about it.
 *
 * Exceptions of programs are theirs: a system call, a page to be made, or their end. An exception of the kernel is a
 * bug: it touches programs' memory only through the direct map, after looking at their page tables (space.c).
 * Interrupts are taken in both. Causes: Arm Architecture Reference Manual, DDI 0487, section D17.2.37, ESR_EL1. */
#include <gic.h>
#include <kernel.h>
#include <machine.h>

enum { LR = 30, SP = 31, PC = 32, STATUS = 33, CAUSE = 34, VALUE = 35, CALL = 8 }; /* see vector.S */

enum reason { EXCEPTION, INTERRUPT, UNEXPECTED }; /* see vector.S */

#define STATUS_MODE 0xFu /* spsr_el1: 0 is a program, 5 the kernel */

/* esr_el1: the class, and of an access to memory what was wrong with it. */
#define CLASS(cause)  ((unsigned)((cause) >> 26) & 0x3F)
#define FAULT(cause)  ((unsigned)(cause)&0x3F)
#define WRITES(cause) (((cause)&0x140) == 0x40) /* WnR, but for instructions that maintain caches, CM */

enum {
    UNKNOWN = 0x00,
    FLOATING_POINT = 0x07,
    CALL_FROM_USER = 0x15,
    SYSTEM_REGISTER = 0x18,
    FETCH_FROM_USER = 0x20,
    FETCH_FROM_KERNEL = 0x21,
    MISALIGNED_PC = 0x22,
    ACCESS_FROM_USER = 0x24,
    ACCESS_FROM_KERNEL = 0x25,
    MISALIGNED_SP = 0x26,
    BREAKPOINT = 0x3C,
};

void trap_handle(struct registers *regs, enum reason reason);
_Noreturn void trap_overflow(uintptr_t sp, uintptr_t pc);

/* A table or a page is not there, or does not allow it: classes 1 to 3 of four levels each. */
static bool is_page_fault(uint64_t cause) {
    unsigned class = CLASS(cause), fault = FAULT(cause);
    return fault >= 4 && fault < 16 &&
           (class == FETCH_FROM_USER || class == FETCH_FROM_KERNEL || class == ACCESS_FROM_USER ||
            class == ACCESS_FROM_KERNEL);
}

static unsigned access_of(uint64_t cause) {
    if (CLASS(cause) == FETCH_FROM_USER || CLASS(cause) == FETCH_FROM_KERNEL) {
        return ACCESS_EXECUTE;
    }
    return WRITES(cause) ? ACCESS_WRITE : ACCESS_READ;
}

static const char *page_fault_name(unsigned access) {
    return access == ACCESS_EXECUTE ? "jump to memory that is not there or not executable"
           : access == ACCESS_WRITE ? "store to memory that is not there or read-only"
                                    : "load from memory that is not there";
}

static const char *cause_name(uint64_t cause) {
    if (is_page_fault(cause)) {
        return page_fault_name(access_of(cause));
    }
    switch (CLASS(cause)) {
    case UNKNOWN:
    case FLOATING_POINT:
    case SYSTEM_REGISTER:
        return "illegal instruction";
    case MISALIGNED_PC:
    case MISALIGNED_SP:
        return "misaligned access";
    case BREAKPOINT:
        return "breakpoint";
    default:
        return "access to memory that the machine refuses";
    }
}

/* The interrupt has ended for the controller before anything is done about it: a tick may go on with another process. */
static void interrupt(void) {
    uint32_t taken = gic->acknowledge();
    unsigned number = taken & GIC_NUMBER;
    if (number == GIC_TIMER) {
        arch_timer_off();
    }
    if (number < GIC_NONE) {
        gic->end(taken);
    }
    if (number == GIC_TIMER) {
        trap_tick();
    } else if (number == GIC_POKE) {
        trap_poked();
    }
}

static void exception_of_program(struct registers *regs) {
    uint64_t *word = regs->word;
    if (CLASS(word[CAUSE]) == CALL_FROM_USER) {
        trap_syscall(regs);
    } else if (is_page_fault(word[CAUSE])) {
        trap_page_fault(word[VALUE], access_of(word[CAUSE]), word[PC]);
    } else {
        trap_bad_instruction(cause_name(word[CAUSE]), word[PC]);
    }
}

static void exception_of_kernel(struct registers *regs) {
    uint64_t *word = regs->word;
    if (word[PC] == (uintptr_t)semihosting) {
        word[PC] += 4; /* nobody answers: it returns */
        return;
    }
    panic("%s in the kernel: address 0x%lx, pc 0x%lx, lr 0x%lx, cause 0x%lx", cause_name(word[CAUSE]), word[VALUE],
          word[PC], word[LR], word[CAUSE]);
}

void trap_handle(struct registers *regs, enum reason reason) {
    bool from_kernel = (regs->word[STATUS] & STATUS_MODE) != 0;
    if (reason == UNEXPECTED) {
        panic("the machine reports an error: pc 0x%lx, cause 0x%lx", regs->word[PC], regs->word[CAUSE]);
    } else if (reason == INTERRUPT) {
        interrupt();
    } else if (from_kernel) {
        exception_of_kernel(regs);
    } else {
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
    regs->word[0] = argc;
    regs->word[1] = argv;
}

uint64_t arch_syscall_number(const struct registers *regs) {
    return regs->word[CALL];
}

uint64_t arch_syscall_argument(const struct registers *regs, unsigned i) {
    return regs->word[i];
}

void arch_syscall_result(struct registers *regs, uint64_t result) {
    regs->word[0] = result;
}

void arch_context_init(struct context *context, uintptr_t top, void (*entry)(void *), void *argument) {
    extern char context_begin[];
    enum { CONTEXT_X19, CONTEXT_X20, CONTEXT_LR = 11, CONTEXT_SP }; /* see arch_switch */
    memset(context, 0, sizeof *context);
    context->word[CONTEXT_X19] = (uintptr_t)entry;
    context->word[CONTEXT_X20] = (uintptr_t)argument;
    context->word[CONTEXT_LR] = (uintptr_t)context_begin;
    context->word[CONTEXT_SP] = top;
}
