/* trap.c: why the CPU stopped what it did, and what to do about it.
 *
 * Exceptions of programs are theirs: a system call, a page to be made, or their end. An exception of the kernel is a
 * bug: it touches programs' memory only through the direct map, after looking at their page tables (space.c).
 * Interrupts are taken in both. Exceptions: manual, volume 3A, section 6.15. */
#include <apic.h>
#include <kernel.h>
#include <seat.h>

enum { RDI = 9, RSI = 10, RDX = 11, RAX = 14, VECTOR, ERROR, RIP, CS, RFLAGS, RSP, SS }; /* see vector.S */

enum { DIVISION = 0, DEBUG = 1, BREAKPOINT = 3, ILLEGAL_INSTRUCTION = 6, NO_FLOATING_POINT = 7, PAGE_FAULT = 14 };

/* The error code of a page fault. */
enum { FAULT_WRITE = 2, FAULT_FETCH = 16 };

#define RFLAGS_START 0x202u /* interrupts are on; the other bit always is */

void trap_handle(struct registers *regs);

static unsigned fault_access(uint64_t error) {
    return (error & FAULT_FETCH) != 0 ? ACCESS_EXECUTE : (error & FAULT_WRITE) != 0 ? ACCESS_WRITE : ACCESS_READ;
}

static const char *fault_name(uint64_t error) {
    switch (fault_access(error)) {
    case ACCESS_EXECUTE:
        return "jump to memory that is not there or not executable";
    case ACCESS_WRITE:
        return "store to memory that is not there or read-only";
    default:
        return "load from memory that is not there";
    }
}

static const char *cause_name(uint64_t vector, uint64_t error) {
    switch (vector) {
    case DIVISION:
        return "division by zero";
    case DEBUG:
    case BREAKPOINT:
        return "breakpoint";
    case ILLEGAL_INSTRUCTION:
        return "illegal instruction";
    case NO_FLOATING_POINT:
        return "floating point";
    case PAGE_FAULT:
        return fault_name(error);
    default:
        return "access that the machine refuses";
    }
}

static uint64_t fault_address(void) {
    uint64_t address;
    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    return address;
}

/* Told to the APIC first: a handler may go on with another process. */
static bool interrupt(uint64_t vector) {
    if (vector < VECTOR_TIMER || vector == VECTOR_SYSCALL) {
        return false;
    }
    if (vector != VECTOR_SPURIOUS) {
        apic_end_of_interrupt();
    }
    if (vector == VECTOR_TIMER) {
        trap_tick();
    } else if (vector == VECTOR_POKE) {
        trap_poked();
    } else if (vector == VECTOR_FORGET) {
        paging_forget_asked();
    }
    return true;
}

static void exception_of_program(struct registers *regs) {
    uint64_t vector = regs->word[VECTOR], error = regs->word[ERROR];
    if (vector == VECTOR_SYSCALL) {
        trap_syscall(regs);
    } else if (vector == PAGE_FAULT) {
        trap_page_fault(fault_address(), fault_access(error), regs->word[RIP]);
    } else {
        trap_bad_instruction(cause_name(vector, error), regs->word[RIP]);
    }
}

static _Noreturn void exception_of_kernel(const struct registers *regs) {
    const uint64_t *word = regs->word;
    uint64_t address = fault_address();
    if (word[VECTOR] == VECTOR_DOUBLE_FAULT && (address >> STACK_BIT & 1) == 0) {
        panic("kernel stack overflow: sp 0x%lx, pc 0x%lx", word[RSP], word[RIP]);
    }
    panic("%s in the kernel: address 0x%lx, pc 0x%lx, vector %lu, error 0x%lx", cause_name(word[VECTOR], word[ERROR]),
          address, word[RIP], word[VECTOR], word[ERROR]);
}

void trap_handle(struct registers *regs) {
    bool from_kernel = (regs->word[CS] & 3) == 0;
    if (!interrupt(regs->word[VECTOR])) {
        if (from_kernel) {
            exception_of_kernel(regs);
        }
        exception_of_program(regs);
    }
    if (!from_kernel) {
        trap_leave_for_user();
    }
}

/* ---- registers and contexts ---------------------------------------------------------------------------------- */

void arch_registers_init(struct registers *regs, uintptr_t pc, uintptr_t sp, uint64_t argc, uintptr_t argv) {
    memset(regs, 0, sizeof *regs);
    regs->word[RIP] = pc;
    regs->word[CS] = USER_CODE;
    regs->word[RFLAGS] = RFLAGS_START;
    regs->word[RSP] = sp;
    regs->word[SS] = USER_DATA;
    regs->word[RAX] = argc;
    regs->word[RSI] = argv;
}

uint64_t arch_syscall_number(const struct registers *regs) {
    return regs->word[RAX];
}

uint64_t arch_syscall_argument(const struct registers *regs, unsigned i) {
    static const unsigned char of_argument[] = {RDI, RSI, RDX};
    return regs->word[of_argument[i]];
}

void arch_syscall_result(struct registers *regs, uint64_t result) {
    regs->word[RAX] = result;
}

void arch_context_init(struct context *context, uintptr_t top, void (*entry)(void *), void *argument) {
    extern char context_begin[];
    enum { CONTEXT_RIP, CONTEXT_RSP, CONTEXT_RBX, CONTEXT_R12 = 4 }; /* see arch_switch */
    memset(context, 0, sizeof *context);
    context->word[CONTEXT_RIP] = (uintptr_t)context_begin;
    context->word[CONTEXT_RSP] = top;
    context->word[CONTEXT_RBX] = (uintptr_t)entry;
    context->word[CONTEXT_R12] = (uintptr_t)argument;
}
