/* map.c: from what a PVH loader passes to a list of usable frames. */
#include "map.h"
#include <boot/pvh.h>
#include <pc/pc.h>

bool pvh_memory(struct quire_regions *map, quire_pa at) {
    const struct quire_boot_view mapped = {.n_bytes = MAPPED_END};
    struct quire_boot_report report = {.tell = print_problem};
    struct quire_boot_info info = {0};
    quire_regions_add(map, 0, LOW_BYTES, QUIRE_RESERVED);
    quire_regions_add(map, MAPPED_END, UINT64_MAX, QUIRE_RESERVED);
    quire_regions_add(map, (uintptr_t)image_begin, (uintptr_t)(image_end - image_begin), QUIRE_RESERVED);
    return quire_pvh_read(map, &info, &mapped, at, &report) && quire_regions_normalise(map);
}
