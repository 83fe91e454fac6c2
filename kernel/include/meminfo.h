/* meminfo.h: the memory report of SYS_MEMINFO. */
#ifndef MEMINFO_H
#define MEMINFO_H

#include <space.h>

/* Fills the program's struct meminfo at `to` and up to n_map bytes of its map at `map`. The bytes of the map
 * filled, or a negative enum error. */
long meminfo(struct space *space, uintptr_t to, uintptr_t map, size_t n_map);

#endif
