/* types.h: the integer types of a RISC-V xv6. */
typedef unsigned int uint;
typedef unsigned char uchar;
typedef unsigned long uint64;
