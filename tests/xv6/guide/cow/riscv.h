/* riscv.h: pages, page tables (Sv39) and registers, under the names that a RISC-V xv6 gives them (The RISC-V Instruction
 * Set Manual, volume II). */
#define PGSIZE         4096
#define PGROUNDUP(n)   (((n) + PGSIZE - 1) & ~((uint64)PGSIZE - 1))
#define PGROUNDDOWN(n) ((n) & ~((uint64)PGSIZE - 1))

typedef uint64 pte_t;
typedef uint64 *pagetable_t;

#define MAXVA (1L << (9 + 9 + 9 + 12 - 1))

#define PTE_V (1L << 0)
#define PTE_R (1L << 1)
#define PTE_W (1L << 2)
#define PTE_X (1L << 3)
#define PTE_U (1L << 4)
#define PTE_A (1L << 6)
#define PTE_D (1L << 7)

#define PA2PTE(pa)     ((((uint64)(pa)) >> 12) << 10)
#define PTE2PA(pte)    (((pte) >> 10) << 12)
#define PTE_FLAGS(pte) ((pte)&0x3FF)
#define PX(level, va)  (((uint64)(va) >> (12 + 9 * (level))) & 0x1FF)
#define MAKE_SATP(t)   ((8L << 60) | ((uint64)(t) >> 12))

#define READ_CSR(name)                                                                                                 \
    static inline uint64 r_##name(void) {                                                                              \
        uint64 value;                                                                                                  \
        __asm__ volatile("csrr %0, " #name : "=r"(value));                                                             \
        return value;                                                                                                  \
    }
READ_CSR(scause)
READ_CSR(stval)

static inline uint64 r_tp(void) {
    uint64 tp;
    __asm__ volatile("mv %0, tp" : "=r"(tp));
    return tp;
}
