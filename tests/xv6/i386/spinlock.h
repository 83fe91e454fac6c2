/* spinlock.h: the lock of the x86 xv6, 52 bytes. */
struct cpu;
struct spinlock {
    uint locked;
    char *name;
    struct cpu *cpu; /* holding it */
    uint pcs[10];    /* of the calls that led to taking it */
};
