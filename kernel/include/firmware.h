/* firmware.h: what the machine's firmware says, whichever way it says it. kernel/firmware/tree.c reads it from a device
 * tree; other machines have other readers. The boot CPU asks, alone, in the order of this file. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <boot/regions.h>
#include <kernel.h>

/* `found` is what the architecture gave kernel_main. What the firmware got wrong is printed; panics if nothing can be made
 * of it at all. */
void firmware_open(const void *found);

const char *firmware_command_line(void); /* "" where there is none */

struct firmware_cpu {
    uint64_t id;   /* the firmware's name for it */
    uint32_t node; /* of the memory that it is near to */
};
size_t firmware_cpus(struct firmware_cpu *cpus, size_t n); /* how many there are; fills in the first n of them */

bool firmware_initramfs(struct quire_region *where); /* false: there is none */

/* Adds RAM, what of it is somebody's, and the firmware's own words. The initramfs is reserved in it. */
void firmware_regions(struct quire_regions *map);

/* Takes memory out of a normalised map for devices that ask for some, wherever it lies, and says so. */
void firmware_place_requests(struct quire_regions *map);

/* Writes into a normalised map which node its memory belongs to; `distance` has QUIRE_MAX_NODES squared places, for
 * quire_config. Returns the number of nodes. The last one to change the map: normalising forgets nodes. */
unsigned firmware_nodes(struct quire_regions *map, uint8_t *distance);

#endif
