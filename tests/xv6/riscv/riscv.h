/* riscv.h: pages, and the register that holds the hart's number. */
#define PGSIZE         4096
#define PGROUNDUP(n)   (((n) + PGSIZE - 1) & ~((uint64)PGSIZE - 1))
#define PGROUNDDOWN(n) ((n) & ~((uint64)PGSIZE - 1))

#ifdef __riscv
static inline uint64 r_tp(void) {
    uint64 tp;
    __asm__ volatile("mv %0, tp" : "=r"(tp));
    return tp;
}
#endif
