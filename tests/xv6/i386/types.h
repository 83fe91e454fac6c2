/* types.h: the integer types of the x86 xv6. */
typedef unsigned int uint;
typedef unsigned short ushort;
typedef unsigned char uchar;
