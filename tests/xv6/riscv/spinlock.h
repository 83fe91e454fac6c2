/* spinlock.h: the lock of a RISC-V xv6. */
struct cpu;
struct spinlock {
    uint locked;
    char *name;
    struct cpu *cpu; /* holding it */
};
