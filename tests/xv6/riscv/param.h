/* param.h: sizes of a RISC-V xv6. */
#define NCPU 8
