/* defs.h: what the x86 xv6 gives to kalloc.c and expects from it. */
struct spinlock;

void acquire(struct spinlock *lock);
void release(struct spinlock *lock);
void initlock(struct spinlock *lock, char *name);
void panic(char *message) __attribute__((noreturn));
void *memset(void *at, int byte, uint n_bytes);
int cpuid(void);
int lapicid(void);
extern volatile uint *lapic;

void kinit1(void *vstart, void *vend);
void kinit2(void *vstart, void *vend);
char *kalloc(void);
void kfree(char *v);
