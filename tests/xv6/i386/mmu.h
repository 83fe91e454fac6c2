/* mmu.h: pages. */
#define PGSIZE       4096
#define PGROUNDUP(n) (((n) + PGSIZE - 1) & ~((uint)PGSIZE - 1))
