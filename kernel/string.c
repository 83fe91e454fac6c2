/* string.c: the memory functions that compilers and the allocator expect, and two for strings.
 *
 * Written for whole words where both ends allow it: fresh pages are zeroed and shared ones copied here. */
#include <kernel.h>

/* May alias anything, as memory of any type passes through here. */
typedef uint64_t __attribute__((may_alias)) word;

static bool aligned(const void *p) {
    return (uintptr_t)p % sizeof(word) == 0;
}

void *memset(void *to, int byte, size_t n) {
    unsigned char *p = to;
    if (aligned(p)) {
        word pattern = (unsigned char)byte * 0x0101010101010101u;
        for (; n >= sizeof(word); n -= sizeof(word), p += sizeof(word)) {
            *(word *)(void *)p = pattern;
        }
    }
    while (n-- > 0) {
        *p++ = (unsigned char)byte;
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    return memmove(to, from, n);
}

static void copy_up(unsigned char *to, const unsigned char *from, size_t n) {
    if (aligned(to) && aligned(from)) {
        for (; n >= sizeof(word); n -= sizeof(word), to += sizeof(word), from += sizeof(word)) {
            *(word *)(void *)to = *(const word *)(const void *)from;
        }
    }
    while (n-- > 0) {
        *to++ = *from++;
    }
}

void *memmove(void *to, const void *from, size_t n) {
    unsigned char *t = to;
    const unsigned char *f = from;
    if ((uintptr_t)t - (uintptr_t)f >= n) { /* `to` lies below `from`, or after its end */
        copy_up(t, f, n);
    } else {
        while (n-- > 0) {
            t[n] = f[n];
        }
    }
    return to;
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

size_t strlen(const char *s) {
    size_t n = 0;
    while (s[n] != '\0') {
        n++;
    }
    return n;
}

bool same(const char *a, const char *b) {
    size_t n = strlen(a);
    return n == strlen(b) && memcmp(a, b, n) == 0;
}
