/* string.c: strings, and the memory functions that the compiler calls by itself. */
#include "user.h"

size_t strlen(const char *s) {
    size_t n = 0;
    while (s[n] != '\0') {
        n++;
    }
    return n;
}

int strcmp(const char *a, const char *b) {
    for (; *a != '\0' && *a == *b; a++, b++) {}
    return (unsigned char)*a - (unsigned char)*b;
}

bool is_one_of(char c, const char *set) {
    for (; *set != '\0'; set++) {
        if (*set == c) {
            return true;
        }
    }
    return false;
}

void *memset(void *to, int byte, size_t n) {
    unsigned char *at = to;
    for (size_t i = 0; i < n; i++) {
        at[i] = (unsigned char)byte;
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    unsigned char *at = to;
    const unsigned char *source = from;
    for (size_t i = 0; i < n; i++) {
        at[i] = source[i];
    }
    return to;
}

void *memmove(void *to, const void *from, size_t n) {
    unsigned char *at = to;
    const unsigned char *source = from;
    bool upwards = (uintptr_t)to <= (uintptr_t)from;
    for (size_t i = 0; i < n; i++) {
        size_t place = upwards ? i : n - 1 - i;
        at[place] = source[place];
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n) {
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < n; i++) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}

bool parse_number(const char *text, uint64_t *number) {
    uint64_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)*text - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}
