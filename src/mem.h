/* mem.h: those that the core calls of the four functions that compilers expect even freestanding, where there is no
 * <string.h>. */
#ifndef Q_MEM_H
#define Q_MEM_H

#include <stddef.h>

void *memset(void *at, int byte, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);

#endif
