/* firmware.c: the least that the kernel needs of a firmware, for machines with more harts than the packaged OpenSBI can
 * count, 128. It knows one machine, QEMU's `virt`, by heart.
 *
 * It answers the calls that kernel/arch/riscv64/sbi.c makes (RISC-V Supervisor Binary Interface, version 1.0). What one
 * hart wants of another is written into that one's struct hart, and a software interrupt makes it look. Only a
 * hart that wants a fence waits until it is done. Meanwhile it does what others want of it, so that two harts that fence
 * each other both go on. */
#include <arch.h>
#include <sbi.h>
#include <stdatomic.h>

/* QEMU, hw/riscv/virt.c: virt_memmap. */
#define TEST           ((volatile uint32_t *)0x100000)
#define MSIP           ((volatile uint32_t *)0x2000000) /* a word for each hart: its software interrupt is pending */
#define TIMER          ((volatile uint64_t *)0x2004000) /* a word for each hart: the time of its timer interrupt */
#define RAM_BASE       0x80000000u
#define FIRMWARE_BYTES 0x200000u                        /* up to where the kernel is loaded */
#define UART           ((volatile uint8_t *)0x10000000) /* a 16550 */

enum { UART_DATA = 0, UART_STATUS = 5, UART_RECEIVED = 0x01, UART_IDLE = 0x20 };
enum { TEST_PASS = 0x5555, TEST_FAIL = 0x3333 | 1 << 16 };

/* mcause, mip and mie: Privileged Architecture, version 20211203, sections 3.1.9 and 3.1.15. */
#define CAUSE_SOFTWARE ((uint64_t)1 << 63 | 3)
#define CAUSE_TIMER    ((uint64_t)1 << 63 | 7)
#define CAUSE_CALL     9u
#define SSIP           0x2u
#define STIP           0x20u
#define MTIE           0x80u

struct hart {
    atomic_bool poked;                        /* it shall see a software interrupt */
    _Atomic uint32_t n_fences, n_fences_done; /* asked of it */
    _Atomic uint64_t entry;                   /* where it shall start, once that is known */
};

/* Loaded, though it is all zeros: no hart could clear it before the others look, and memory may hold what the boot before
 * this one left there. */
static struct hart harts[MAX_CPUS] __attribute__((section(".data")));

uint64_t firmware_main(uint64_t hart, uint64_t tree, uint64_t kernel);
void firmware_trap(uint64_t *a);

/* ---- harts ---------------------------------------------------------------------------------------------- */

static uint64_t own_id(void) {
    uint64_t id;
    __asm__ volatile("csrr %0, mhartid" : "=r"(id));
    return id;
}

static void do_what_others_want(uint64_t me) {
    struct hart *hart = &harts[me];
    MSIP[me] = 0; /* before the look: what is wanted from now on interrupts again */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_exchange(&hart->poked, false)) {
        __asm__ volatile("csrs mip, %0" ::"r"(SSIP));
    }
    uint32_t n = atomic_load(&hart->n_fences);
    if (n != atomic_load(&hart->n_fences_done)) {
        __asm__ volatile("sfence.vma" ::: "memory");
        atomic_store(&hart->n_fences_done, n);
    }
}

static void poke(uint64_t hart) {
    atomic_store(&harts[hart].poked, true);
    MSIP[hart] = 1;
}

/* A wfi that ends at once, for an interrupt is pending. But a machine that runs its harts in turns (QEMU with -icount)
 * ends this one's; otherwise the hart that we wait for may not run for 100 ms of a clock that counts instructions. */
static void give_way(void) {
    MSIP[own_id()] = 1;
    __asm__ volatile("wfi");
}

static void fence(uint64_t hart) {
    uint32_t mine = atomic_fetch_add(&harts[hart].n_fences, 1) + 1;
    MSIP[hart] = 1;
    while ((int32_t)(atomic_load(&harts[hart].n_fences_done) - mine) < 0) {
        give_way();
        do_what_others_want(own_id());
    }
}

/* For each hart of a mask whose bit 0 is hart `base`. */
static int64_t each_hart(void (*act)(uint64_t), uint64_t mask, uint64_t base) {
    for (; mask != 0; mask >>= 1, base++) {
        if (base >= MAX_CPUS) {
            return SBI_INVALID_PARAMETER;
        }
        if ((mask & 1) != 0) {
            act(base);
        }
    }
    return 0;
}

static int64_t start(uint64_t hart, uint64_t entry) {
    if (hart >= MAX_CPUS) {
        return SBI_INVALID_PARAMETER;
    }
    atomic_store(&harts[hart].entry, entry);
    MSIP[hart] = 1;
    return 0;
}

/* ---- calls ---------------------------------------------------------------------------------------------- */

static void put(char c) {
    while ((UART[UART_STATUS] & UART_IDLE) == 0) {
        ;
    }
    UART[UART_DATA] = (uint8_t)c;
}

static int64_t get(void) {
    return (UART[UART_STATUS] & UART_RECEIVED) != 0 ? UART[UART_DATA] : -1;
}

/* Until the time has come the interrupt is ours, from then on the kernel's: it is shown to it by its pending bit. */
static int64_t set_timer(uint64_t time) {
    TIMER[own_id()] = time;
    __asm__ volatile("csrc mip, %0\n csrs mie, %1" ::"r"(STIP), "r"(MTIE));
    return 0;
}

static void show_timer(void) {
    __asm__ volatile("csrs mip, %0\n csrc mie, %1" ::"r"(STIP), "r"(MTIE));
}

static int64_t answer(uint64_t extension, const uint64_t *a) {
    switch (extension) {
    case SBI_PUTCHAR:
        put((char)a[0]);
        return 0;
    case SBI_GETCHAR:
        return get();
    case SBI_TIMER:
        return set_timer(a[0]);
    case SBI_IPI:
        return each_hart(poke, a[0], a[1]);
    case SBI_RFENCE:
        return each_hart(fence, a[0], a[1]);
    case SBI_HSM:
        return start(a[0], a[1]);
    case SBI_RESET:
        *TEST = a[1] == 0 ? TEST_PASS : TEST_FAIL;
        return 0;
    default:
        return SBI_NOT_SUPPORTED;
    }
}

/* ---- the device tree ------------------------------------------------------------------------------------- */

static uint32_t *header(uint64_t tree, unsigned byte) {
    return (uint32_t *)(tree + byte);
}

/* Adds this firmware's memory to what the tree reserves: a new reservation block after the tree, where QEMU leaves
 * room (Devicetree Specification, release v0.4, sections 5.2 and 5.3). All numbers in it are big-endian. */
static void reserve(uint64_t tree) {
    enum { TOTAL_SIZE = 4, RESERVATIONS = 16 };
    uint32_t *total = header(tree, TOTAL_SIZE), *at = header(tree, RESERVATIONS);
    const uint64_t *old = (const uint64_t *)(tree + __builtin_bswap32(*at));
    uint64_t block = (tree + __builtin_bswap32(*total) + 7) & ~(uint64_t)7, *new = (uint64_t *)block;
    *new ++ = __builtin_bswap64(RAM_BASE);
    *new ++ = __builtin_bswap64(FIRMWARE_BYTES);
    for (; old[1] != 0; old += 2) {
        *new ++ = old[0];
        *new ++ = old[1];
    }
    *new ++ = 0;
    *new ++ = 0;
    *at = __builtin_bswap32((uint32_t)(block - tree));
    *total = __builtin_bswap32((uint32_t)((uint64_t) new - tree));
}

/* ---- from start.S ----------------------------------------------------------------------------------------- */

void firmware_trap(uint64_t *a) {
    uint64_t cause;
    __asm__ volatile("csrr %0, mcause" : "=r"(cause));
    if (cause == CAUSE_SOFTWARE) {
        do_what_others_want(own_id());
    } else if (cause == CAUSE_TIMER) {
        show_timer();
    } else if (cause == CAUSE_CALL) {
        a[0] = (uint64_t)answer(a[7], a);
        __asm__ volatile("csrr t0, mepc\n addi t0, t0, 4\n csrw mepc, t0" ::: "t0"); /* after the ecall */
    } else {
        *TEST = TEST_FAIL; /* a mistake of ours: all others are the kernel's to see */
    }
}

/* The kernel's entry; hart 0 gets there at once, each of the others when the kernel has asked for it. */
uint64_t firmware_main(uint64_t me, uint64_t tree, uint64_t kernel) {
    if (me == 0) {
        reserve(tree);
        return kernel;
    }
    while (atomic_load(&harts[me].entry) == 0) {
        __asm__ volatile("wfi"); /* ends when a software interrupt is pending, though interrupts are off */
        do_what_others_want(me);
    }
    return atomic_load(&harts[me].entry);
}
