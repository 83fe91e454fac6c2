/* map.h: memory of a PC that started the kernel by PVH. */
#ifndef MAP_H
#define MAP_H

#include <boot/regions.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a list of all usable frames that are mapped: without the kernel's image, and without the first MiB, which is the
 * firmware's. `info` is what was in ebx at the entry. False: it is no PVH loader, or the list has no room. */
bool pvh_memory(struct quire_regions *map, quire_pa info);

#ifdef __cplusplus
}
#endif

#endif
