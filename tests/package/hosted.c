/* hosted.c: a program that has Quire's hooks from port/host, and a memory map made by boot/. */
#include "boot/regions.h"
#include "port/host/host.h"
#include <quire/quire.h>

#include "works.h"

int main(void) {
    struct quire_region space[4];
    struct quire_regions map = {.at = space, .capacity = 4};
    struct quire_config config = {.n_cpus = 1};
    struct quire *q;
    host_ram_add(RAM_BASE, RAM_END - RAM_BASE);
    quire_regions_add(&map, RAM_BASE, RAM_END - RAM_BASE, QUIRE_USABLE);
    if (!quire_regions_normalise(&map) || quire_init(&q, &config, map.at, map.n) != QUIRE_OK) {
        return 2;
    }
    return works(q);
}
