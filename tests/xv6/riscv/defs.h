/* defs.h: what a RISC-V xv6 gives to kalloc.c and expects from it. */
struct spinlock;

void acquire(struct spinlock *lock);
void release(struct spinlock *lock);
void initlock(struct spinlock *lock, char *name);
void push_off(void);
void pop_off(void);
int cpuid(void);
void panic(char *message) __attribute__((noreturn));
void *memset(void *at, int byte, uint n_bytes);
void *memmove(void *to, const void *from, uint n_bytes);

void kinit(void);
void *kalloc(void);
void kfree(void *pa);
