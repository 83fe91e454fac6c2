/* defs.h: what the files of this kernel have of each other. */
struct spinlock;

void acquire(struct spinlock *lock);
void release(struct spinlock *lock);
void initlock(struct spinlock *lock, char *name);
void push_off(void);
void pop_off(void);
int cpuid(void);
void panic(char *message) __attribute__((noreturn));
void *memset(void *at, int byte, uint64 n_bytes);
void *memmove(void *to, const void *from, uint64 n_bytes);

void kinit(void);
void *kalloc(void);
void kfree(void *pa);

pagetable_t uvmcreate(void);
pte_t *walk(pagetable_t pagetable, uint64 va, int alloc);
int mappages(pagetable_t pagetable, uint64 va, uint64 size, uint64 pa, int perm);
void uvmunmap(pagetable_t pagetable, uint64 va, uint64 npages, int do_free);
int uvmcopy(pagetable_t old, pagetable_t new, uint64 sz);
void uvmfree(pagetable_t pagetable, uint64 sz);
int copyout(pagetable_t pagetable, uint64 dstva, char *src, uint64 len);

void usertrap(void);
