/* seat.c: segments, gates and the entry for system calls, for each CPU (manual, volume 3A, chapters 3, 6 and 8).
 *
 * Segments do nothing in 64-bit mode but say whether code is the kernel's. The task state gives the stacks for traps from
 * user mode, and for a double fault: that is what becomes of a page fault when the kernel's stack has run into its guard, as
 * there is no place for its registers. Other traps stay on the stack they come on. */
#include <kernel.h>
#include <seat.h>
#include <x86.h>

_Static_assert(offsetof(struct seat, cpu) == SEAT_CPU && offsetof(struct seat, number) == SEAT_NUMBER &&
                   offsetof(struct seat, scratch) == SEAT_SCRATCH &&
                   offsetof(struct seat, task_state) + 4 == SEAT_STACK &&
                   offsetof(struct seat, task_state) + 36 == SEAT_IST1 && sizeof(struct seat) == SEAT_BYTES,
               "vector.S, entry.S");

#define SEGMENT_KERNEL_CODE 0x00af9b000000ffffu
#define SEGMENT_KERNEL_DATA 0x00cf93000000ffffu
#define SEGMENT_USER_DATA   0x00cff3000000ffffu
#define SEGMENT_USER_CODE   0x00affb000000ffffu
#define TASK_STATE_BYTES    104u
#define TASK_STATE_PRESENT  0x89u /* a task state that nobody uses yet */
#define GATE_INTERRUPT      0x8eu /* turns interrupts off; programs can not call it */
#define IST_DOUBLE_FAULT    1u

/* What syscall takes away: interrupts, steps, and all else that a program may have set: AC, NT, DF, IF, TF. */
#define SYSCALL_FLAGS_OFF 0x44700u

/* CR4: programs' pages are neither executed (SMEP) nor touched (SMAP) by the kernel, where the processor can see to that. */
#define CR4_PAE  ((uint64_t)1 << 5)
#define CR4_SMEP ((uint64_t)1 << 20)
#define CR4_SMAP ((uint64_t)1 << 21)

struct gate {
    uint16_t offset_0, segment;
    uint8_t ist, kind;
    uint16_t offset_16;
    uint32_t offset_32, unused;
};

struct __attribute__((packed)) table_pointer {
    uint16_t limit;
    uint64_t address;
};

extern struct seat seats[]; /* for entry.S */
struct seat seats[MAX_CPUS];
static struct gate gates[N_STUBS];
static _Alignas(16) char overflow_stack[STACK_BYTES];

extern char trap_stubs[], syscall_entry[];
enum { STUB_BYTES = 16 };

static void make_gates(void) {
    for (unsigned i = 0; i < N_STUBS; i++) {
        uint64_t entry = (uintptr_t)trap_stubs + (uintptr_t)STUB_BYTES * i;
        gates[i] = (struct gate){.offset_0 = (uint16_t)entry,
                                 .segment = KERNEL_CODE,
                                 .ist = i == VECTOR_DOUBLE_FAULT ? IST_DOUBLE_FAULT : 0,
                                 .kind = GATE_INTERRUPT,
                                 .offset_16 = (uint16_t)(entry >> 16),
                                 .offset_32 = (uint32_t)(entry >> 32)};
    }
}

struct seat *seat_make(struct cpu *cpu) {
    struct seat *seat = &seats[cpu->number];
    uint64_t base = (uintptr_t)seat->task_state;
    uint64_t low = (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    uint64_t stack = (uintptr_t)overflow_stack + sizeof overflow_stack;
    seat->cpu = cpu;
    seat->number = cpu->number;
    seat->segments[KERNEL_CODE / 8] = SEGMENT_KERNEL_CODE;
    seat->segments[KERNEL_DATA / 8] = SEGMENT_KERNEL_DATA;
    seat->segments[USER_DATA / 8] = SEGMENT_USER_DATA;
    seat->segments[USER_CODE / 8] = SEGMENT_USER_CODE;
    seat->segments[TASK_STATE / 8] = low | (uint64_t)TASK_STATE_PRESENT << 40 | (TASK_STATE_BYTES - 1);
    seat->segments[TASK_STATE / 8 + 1] = base >> 32;
    seat->task_state[9] = (uint32_t)stack;
    seat->task_state[10] = (uint32_t)(stack >> 32);
    seat->task_state[25] = TASK_STATE_BYTES << 16; /* no map of ports: none is the program's */
    return seat;
}

/* The code segment is loaded as lretq goes to the next instruction. */
static void load_tables(const struct seat *seat) {
    struct table_pointer segments = {sizeof seat->segments - 1, (uintptr_t)seat->segments};
    struct table_pointer all_gates = {sizeof gates - 1, (uintptr_t)gates};
    __asm__ volatile("lgdt %0\n"
                     "pushq %2\n"
                     "leaq 1f(%%rip), %%rax\n"
                     "pushq %%rax\n"
                     "lretq\n"
                     "1: movl %3, %%eax\n"
                     "movl %%eax, %%ds\n"
                     "movl %%eax, %%es\n"
                     "movl %%eax, %%ss\n"
                     "lidt %1\n"
                     "ltr %w4"
                     :
                     : "m"(segments), "m"(all_gates), "i"(KERNEL_CODE), "i"(KERNEL_DATA), "r"(TASK_STATE)
                     : "rax", "memory");
}

static void protect_from_programs(void) {
    uint64_t cr4 = CR4_PAE;
    if (cpuid(0, 0).a >= 7) {
        uint32_t features = cpuid(7, 0).b;
        cr4 |= ((features >> 7 & 1) != 0 ? CR4_SMEP : 0) | ((features >> 20 & 1) != 0 ? CR4_SMAP : 0);
    }
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4) : "memory");
}

void seat_take(const struct seat *seat) {
    if (seat->number == 0) {
        make_gates();
    }
    load_tables(seat);
    write_msr(MSR_GS_BASE, (uintptr_t)seat);
    write_msr(MSR_STAR, (uint64_t)KERNEL_CODE << 32);
    write_msr(MSR_LSTAR, (uintptr_t)syscall_entry);
    write_msr(MSR_FMASK, SYSCALL_FLAGS_OFF);
    protect_from_programs();
}
