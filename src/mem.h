/* mem.h: compilers expect four functions even where there is no C library, and no <string.h>. The core itself calls these
 * two; a kernel brings them (docs/porting.md). */
#ifndef Q_MEM_H
#define Q_MEM_H

#include <stddef.h>

void *memset(void *at, int byte, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);

#endif
