/* port.c: the allocator's hooks, all that it needs of this kernel beside the four memory functions and quire_cpu.h. */
#include <process.h>
#include <quire/port.h>

static const char *const owner_names[OWNERS] = {
    [OWNER_NONE] = "nobody",
    [OWNER_KERNEL] = "the kernel",
    [OWNER_STACK] = "a kernel stack",
    [OWNER_TABLE] = "a page table",
    [OWNER_USER] = "a program",
    [OWNER_PIPE] = "a pipe",
    [OWNER_ZERO] = "the frame of zeros",
    [OWNER_PROCESS] = "a process",
};

const char *owner_name(uint8_t tag) {
    return tag < OWNERS ? owner_names[tag] : "an unknown owner";
}

void *quire_port_map(quire_pa pa) {
    return direct(pa);
}

/* What a damaged frame holds; nothing for other faults. */
static const char *content(char *text, size_t n, const struct quire_fault *fault) {
    text[0] = '\0';
    if (fault->kind == QUIRE_FAULT_CONTENT) {
        print_to(text, n, "\n  at byte %u stands 0x%02x, not 0x%02x", fault->offset, fault->found, fault->expected);
    }
    return text;
}

void quire_port_fault(const struct quire_fault *fault) {
    char text[64];
    panic("%s: %s\n  %s\n  frame 0x%lx, order %u, references %u, record 0x%x, owner %s%s", fault->call,
          quire_fault_name(fault->kind), fault->detail, fault->pa, fault->order, fault->refs, fault->record,
          owner_name(fault->tag), content(text, sizeof text, fault));
}

/* ---- barriers on other CPUs, for local visits --------------------------------------------------------------- */

/* seq_cst: the fence that the others ask for */
void trap_poked(void) {
    struct cpu *cpu = arch_cpu();
    uint32_t n = atomic_load(&cpu->n_asked);
    atomic_thread_fence(memory_order_seq_cst);
    atomic_store(&cpu->n_made, n);
}

#ifdef QUIRE_PORT_LOCAL
/* The other CPU answers from an interrupt. Two that ask each other with interrupts off would wait for ever, so then it is
 * refused; with interrupts on the caller holds no lock that the other one could wait for. */
bool quire_port_fence(unsigned number) {
    bool on = arch_interrupts_off();
    bool own = arch_cpu()->number == number;
    arch_interrupts_restore(on);
    if (own || !on) {
        return own;
    }
    struct cpu *cpu = &cpus[number];
    uint32_t mine = atomic_fetch_add(&cpu->n_asked, 1) + 1;
    arch_cpu_poke(cpu);
    while ((int32_t)(atomic_load(&cpu->n_made) - mine) < 0) {
        ;
    }
    return true;
}
#endif
