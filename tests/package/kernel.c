/* kernel.c: the least that links with the core and boot/ where there is no library. It is built, and never runs. */
#include "boot/fdt.h"
#include <quire/port.h>
#include <quire/quire.h>

void *memset(void *at, int byte, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void start(const void *device_tree);

void *memset(void *at, int byte, size_t n) {
    for (char *to = at; n > 0; n--) {
        *to++ = (char)byte;
    }
    return at;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    return memmove(to, from, n);
}

void *memmove(void *to, const void *from, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t at = (uintptr_t)to < (uintptr_t)from ? i : n - 1 - i;
        ((char *)to)[at] = ((const char *)from)[at];
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t n) {
    const unsigned char *x = a, *y = b;
    for (; n > 0 && *x == *y; n--) {
        x++;
        y++;
    }
    return n == 0 ? 0 : *x - *y;
}

unsigned quire_port_cpu(void) {
    return 0;
}

void *quire_port_map(quire_pa pa) {
    return (void *)(uintptr_t)pa;
}

void quire_port_fault(const struct quire_fault *fault) {
    (void)fault;
    for (;;) {}
}

void start(const void *device_tree) {
    static struct quire_region space[64];
    struct quire_regions map = {.at = space, .capacity = 64};
    struct quire_config config = {.n_cpus = 1};
    struct quire_fdt fdt;
    struct quire *q;
    (void)quire_fdt_open(&fdt, device_tree, 1 << 20, NULL, NULL);
    quire_fdt_regions(&fdt, &map);
    if (quire_regions_normalise(&map) && quire_init(&q, &config, map.at, map.n) == QUIRE_OK) {
        (void)quire_alloc(q, 1);
    }
    for (;;) {}
}
