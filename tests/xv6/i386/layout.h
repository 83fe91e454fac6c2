/* layout.h: for the tests, what differs between the kernels. */
#define RAM_TOP        ((uintptr_t)KERNBASE + PHYSTOP) /* as the kernel sees it */
#define PHYSICAL(page) ((unsigned long)V2P(page))
