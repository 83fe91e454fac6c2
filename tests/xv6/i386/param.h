/* param.h: sizes of the x86 xv6. */
#define NCPU 8
