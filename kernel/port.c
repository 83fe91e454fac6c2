/* port.c: the allocator's hooks, all that it needs of this kernel beside the four memory functions and quire_cpu.h. */
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
