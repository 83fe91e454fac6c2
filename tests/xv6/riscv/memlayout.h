/* memlayout.h: where a RISC-V xv6 finds RAM. */
#define KERNBASE 0x80000000L
#define PHYSTOP  (KERNBASE + 128 * 1024 * 1024)
