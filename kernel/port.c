/* port.c: the allocator's hooks, all that it needs of this kernel beside the four memory functions. */
#include <kernel.h>
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

unsigned quire_port_cpu(void) {
    return arch_cpu()->number;
}

void *quire_port_map(quire_pa pa) {
    return direct(pa);
}

void quire_port_fault(const struct quire_fault *fault) {
    const char *owner = fault->tag < OWNERS ? owner_names[fault->tag] : "an unknown owner";
    print("\nquire: %s: %s\n", fault->call, quire_fault_name(fault->kind));
    print("  %s\n", fault->detail);
    print("  frame 0x%lx, order %u, references %u, record 0x%x, owner %s\n", fault->pa, fault->order, fault->refs,
          fault->record, owner);
    if (fault->kind == QUIRE_FAULT_CONTENT) {
        print("  at byte %u stands 0x%02x, not 0x%02x\n", fault->offset, fault->found, fault->expected);
    }
    panic("the allocator was misused, or its memory damaged");
}
