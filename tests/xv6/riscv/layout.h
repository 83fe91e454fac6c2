/* layout.h: for the tests, what differs between the kernels. */
#define RAM_TOP        ((uintptr_t)PHYSTOP) /* as the kernel sees it */
#define PHYSICAL(page) ((unsigned long)(page))
