/* access.h: what code compiled with -fsanitize=thread does to memory, one access at a time.
 *
 * tsan.c turns the compiler's calls into calls of accessed(), which whoever links it writes: machine.c here. Each is told
 * just before it happens. Accesses to the caller's own stack are left out: they are nobody else's. */
#ifndef SCALE_ACCESS_H
#define SCALE_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct access {
    uintptr_t at;
    size_t n_bytes;
    const void *pc; /* behind the call: whose access it is */
    bool atomic;
    bool writes;
    bool locked; /* takes a locked instruction on x86: a read-modify-write, or a sequentially consistent store */
};

void accessed(const struct access *access);

#endif
