/* memory.c: the four functions that compilers call even in a kernel. A kernel has them already, and faster ones. Compile
 * with -fno-builtin, or the loops become calls of the functions that they are in. */
#include <stddef.h>
#include <stdint.h>

void *memset(void *to, int byte, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
int memcmp(const void *a, const void *b, size_t n);

void *memset(void *to, int byte, size_t n) {
    unsigned char *t = to;
    while (n-- > 0) {
        *t++ = (unsigned char)byte;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t n) {
    unsigned char *t = to;
    const unsigned char *f = from;
    if ((uintptr_t)t - (uintptr_t)f >= n) { /* `to` lies below `from`, or after its end: going up overwrites nothing */
        while (n-- > 0) {
            *t++ = *f++;
        }
    } else {
        while (n-- > 0) {
            t[n] = f[n];
        }
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    return memmove(to, from, n);
}

int memcmp(const void *a, const void *b, size_t n) {
    const unsigned char *p = a, *q = b;
    for (; n > 0; n--, p++, q++) {
        if (*p != *q) {
            return *p - *q;
        }
    }
    return 0;
}
