/* memlayout.h: physical memory of the x86 xv6, and where its kernel sees it. */
#define PHYSTOP  0xE000000
#define KERNBASE 0x80000000
#define V2P(v)   ((uint)(v)-KERNBASE)
#define P2V(pa)  ((void *)((uint)(pa) + KERNBASE))
