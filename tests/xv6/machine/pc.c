/* pc.c: a PC, 32-bit x86, with one CPU. A trap resets it, and with that ends QEMU. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "defs.h"
#include "param.h"
#include "memlayout.h"
#include "spinlock.h"
/* clang-format on */
#include "bare.h"

#define SERIAL   0x3F8
#define FINISHER 0xF4 /* QEMU's isa-debug-exit, as run.sh places it */

#define MAPPED_IN_PHASE_ONE (4u << 20)
#define LARGE_PAGE          0x83u /* present, writable, 4 MiB (Intel SDM volume 3, section 4.3) */
#define UNCACHED            0x18u
#define LOCAL_APIC          0xFEE00000u
#define LOCAL_APIC_ID       8 /* in words of four bytes, and the number in its highest byte */
#define RAM_MIB             (*(volatile uint *)P2V(0x300000)) /* run.sh puts it there */

extern char end[];
extern char stack[4096];
_Alignas(16) char stack[4096];
volatile uint *lapic;

void main(void);

static void port_write(ushort port, uchar byte) {
    __asm__ volatile("outb %0, %1" : : "a"(byte), "d"(port));
}

void put_char(char c) {
    port_write(SERIAL, (uchar)c);
}

void finish(void) {
    port_write(FINISHER, 0);
    for (;;) {}
}

void panic(char *message) {
    bail_out(message, 0);
}

void initlock(struct spinlock *lock, char *name) {
    *lock = (struct spinlock){.name = name};
}

int lapicid(void) {
    return lapic == 0 ? 0 : (int)(lapic[LOCAL_APIC_ID] >> 24);
}

void *take(void) {
    return kalloc();
}

void give(void *page) {
    kfree(page);
}

/* All of physical memory at KERNBASE, and the devices where they are. */
static void map_all(void) {
    uint *directory = (uint *)(void *)kalloc();
    for (uint i = 0; i < PAGE / sizeof(uint); i++) {
        directory[i] = 0;
    }
    for (uint pa = 0; pa < PHYSTOP; pa += MAPPED_IN_PHASE_ONE) {
        directory[(KERNBASE + pa) >> 22] = pa | LARGE_PAGE;
    }
    directory[LOCAL_APIC >> 22] = (LOCAL_APIC & ~(MAPPED_IN_PHASE_ONE - 1)) | LARGE_PAGE | UNCACHED;
    __asm__ volatile("mov %0, %%cr3" : : "r"(V2P(directory)) : "memory");
    lapic = (volatile uint *)LOCAL_APIC;
}

static void phase_one(void) {
    kinit1(end, P2V(MAPPED_IN_PHASE_ONE));
}

static void phase_two(void) {
    kinit2(P2V(MAPPED_IN_PHASE_ONE), P2V(PHYSTOP));
}

void main(void) {
    uint ram_end = RAM_MIB << 20;
    plan(N_MEMORY_TESTS + 4);
    uint n_bytes = stack_used(phase_one, stack);
    test(n_bytes < 2048, "bytes of stack in kinit1", n_bytes);
    uint n_pages = take_all();
    test(give_all() && n_pages >= 75, "pages before kinit2", n_pages);
    map_all();
    n_bytes = stack_used(phase_two, stack);
    test(n_bytes < 2048, "bytes of stack in kinit2", n_bytes);
    test(lapicid() == 0, "number of the first CPU", (uint)lapicid());
    (void)test_memory(((ram_end < PHYSTOP ? ram_end : PHYSTOP) - V2P(end)) / PAGE, stack);
    finish();
}
