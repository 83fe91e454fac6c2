/* arch.h: all that the kernel needs of a machine. Each folder in kernel/arch/ implements it once; nothing else in the
 * kernel knows an instruction, a register or a bit of a page table. */
#ifndef ARCH_H
#define ARCH_H

#include <layout.h> /* of the architecture: where addresses lie, and how big things are */
#include <quire/region.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES ((size_t)QUIRE_PAGE_SIZE)
#define MAX_CPUS   512u

/* ---- CPUs and interrupts -------------------------------------------------------------------------------- */

struct process;

/* The registers of interrupted code, and the callee-saved ones of code that called arch_switch. What lies where is the
 * architecture's business. */
struct registers {
    uint64_t word[REGISTER_WORDS];
};
struct context {
    uint64_t word[CONTEXT_WORDS];
};

/* Aligned, so that CPUs share no cache line. */
struct cpu {
    _Alignas(64) uintptr_t trap_stack; /* vector.S: on top of it a trap from user mode saves the registers */
    uintptr_t trap_scratch;            /* vector.S: one register, for some instructions */
    uintptr_t idle_stack;              /* top of the stack on which it looks for work */
    unsigned number;                   /* 0..n_cpus-1; 0 is the one that booted */
    unsigned node;                     /* of the memory that it is near to, as the firmware numbers them */
    uint64_t id;                       /* the firmware's name for it */
    struct process *current;           /* what it runs, or NULL. Its own CPU's alone, with interrupts off */
    struct context idle;               /* of the loop that looks for work */
    atomic_bool idling;                /* it waits for an interrupt. Set under process_lock, but the first time */
    bool ticking;                      /* its timer is set; its own CPU's alone, with interrupts off */
    uint64_t n_ticks;                  /* so far; its own CPU's alone */
    bool late;                         /* what it runs has had its time; its own CPU's alone, with interrupts off */
    _Atomic uint32_t n_asked, n_made;  /* memory barriers that others want of it (port.c) */
};

/* The CPU that runs this. May be another one a moment later, unless interrupts are off. */
struct cpu *arch_cpu(void);

bool arch_interrupts_off(void); /* were they on? */
void arch_interrupts_restore(bool on);
void arch_wait(void); /* with interrupts off: sleeps until one is pending, and takes it */

/* Starts `cpu` at cpu_main, on its idle stack, with interrupts off. False: the firmware says no. */
bool arch_cpu_start(struct cpu *cpu);
void arch_cpu_poke(const struct cpu *cpu); /* ends its arch_wait */

/* ---- the kernel's way in, called by the architecture ---------------------------------------------------------- */

_Noreturn void kernel_main(const void *found); /* once, on the CPU that boots; for firmware_open */
_Noreturn void cpu_main(void);                 /* on each of the others */

/* From trap handlers, with interrupts off; the syscall and the fault may turn them on. */
void trap_tick(void);
void trap_poked(void); /* by arch_cpu_poke */
void trap_syscall(struct registers *regs);
void trap_page_fault(uintptr_t address, unsigned access, uintptr_t pc);
_Noreturn void trap_bad_instruction(const char *what, uintptr_t pc);
void trap_leave_for_user(void); /* the last thing before user mode */

/* ---- time and devices ------------------------------------------------------------------------------------- */

uint64_t arch_time_ms(void); /* since boot */
void arch_timer_set(unsigned microseconds);
void arch_timer_off(void);
uint64_t arch_instructions(void);   /* retired by this CPU */
void arch_let_programs_count(void); /* programs on this CPU may read that, too */

void arch_putc(char c);
int arch_getc(void);                      /* -1: nothing was typed */
_Noreturn void arch_poweroff(int status); /* 0: success. What started the machine can see the difference */

/* ---- control flow ------------------------------------------------------------------------------------------- */

/* Makes `context` one that calls entry(argument) on the stack below `top`. */
void arch_context_init(struct context *context, uintptr_t top, void (*entry)(void *), void *argument);
void arch_switch(struct context *from, const struct context *to);

/* The registers of a program about to run its first instruction. It looks for argc where the results of system calls are, as
 * that is what exec returns. */
void arch_registers_init(struct registers *regs, uintptr_t pc, uintptr_t sp, uint64_t argc, uintptr_t argv);
uint64_t arch_syscall_number(const struct registers *regs);
uint64_t arch_syscall_argument(const struct registers *regs, unsigned i); /* i < 3 */
void arch_syscall_result(struct registers *regs, uint64_t result);
_Noreturn void arch_enter_user(struct registers *regs); /* `regs` must be the topmost thing on the current stack */

/* ---- page tables -------------------------------------------------------------------------------------------- */

enum { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_EXECUTE = 4, ACCESS_USER = 8 };

typedef uint64_t pte_t; /* one entry that maps one page; 0 maps nothing */

pte_t pte_make(quire_pa frame, unsigned access);
pte_t pte_table(quire_pa table); /* points to a table of the level below */
quire_pa pte_frame(pte_t pte);
unsigned pte_access(pte_t pte);

/* Each is called once, in this order. The first one gives the kernel's own tables their final form. The second one widens
 * the direct map if memory is large; until then direct() serves only what lies below the old end. The third one adds the
 * tables for the window of kernel stacks, in frames from the allocator. False: no memory. */
void paging_protect_kernel(void);
void paging_reach(quire_pa end); /* moves direct_end up to `end`, or as far as the processor can */
bool paging_open_stack_window(size_t n_bytes);

extern quire_pa paging_kernel_root; /* a table that maps the kernel and no program */
extern unsigned paging_levels;      /* of tables, from a root to those that map pages */

void paging_add_kernel(quire_pa root); /* what a root with nothing in it needs to map the kernel */
void paging_activate(quire_pa root);   /* this CPU forgets all translations and uses this table */

/* The same on all machines: tables.c, paging_open_stack_window included. */
quire_pa paging_new(void);                            /* a table that maps the kernel alone, or QUIRE_NONE */
void paging_free(quire_pa root);                      /* the tables; what they mapped is the caller's to free before */
pte_t *paging_find(quire_pa root, uintptr_t address); /* NULL: no table there */
pte_t *paging_make(quire_pa root, uintptr_t address); /* NULL: no memory for a table */
/* The first entry that maps something of a program at or above *address, and its address; NULL: none. */
pte_t *paging_next(quire_pa root, uintptr_t *address);

/* Lets an entry of the table in use, which maps something at `address`, map another frame instead; as after all other
 * changes, paging_forget_page is the caller's. */
void paging_replace(pte_t *entry, uintptr_t address, pte_t pte);

/* Instructions were stored there: no CPU that uses a table from now on executes what was there before. */
void paging_code_written(const void *code, size_t n_bytes);

/* Translations that may be remembered: by this CPU; by another one, which has forgotten them when the call returns. */
void paging_forget_page(uintptr_t address);
void paging_forget_range_on(const struct cpu *cpu, uintptr_t base, size_t n_bytes);

extern uintptr_t direct_base;
extern quire_pa direct_end;

/* Where the kernel sees a physical address below direct_end, and back. Pointers from before paging_reach stay valid, and
 * so do those into the image: they lie in the map at DIRECT_BASE, which stays. */
static inline void *direct(quire_pa pa) {
    return (void *)(uintptr_t)(direct_base + pa);
}
static inline quire_pa direct_pa(const void *p) {
    uintptr_t address = (uintptr_t)p;
    return address - (address >= DIRECT_BASE ? DIRECT_BASE : direct_base);
}

extern char kernel_image[], kernel_image_end[]; /* in the direct map; whole frames */

#endif
