/* pvh.c: from what a PVH loader passes to a list of usable frames. */
#include "pvh.h"

#define MAPPED_END (4ull << 30) /* common/pc/long_mode.S */

extern char image_begin[], image_end[]; /* common/pc/kernel.ld */

/* What the loader passes: struct hvm_start_info of Xen's public headers, arch-x86/hvm/start_info.h. */
struct start_info {
    uint32_t magic, version, flags, n_modules;
    uint64_t modules, command_line, rsdp;
    uint64_t map; /* of entries as E820 has them, 24 bytes each */
    uint32_t n_map;
};
struct entry {
    uint64_t base, n_bytes;
    uint32_t type, reserved;
};

bool pvh_memory(struct quire_regions *map, quire_pa at) {
    const struct start_info *info = (const void *)at;
    const struct entry *e = (const void *)info->map;
    for (unsigned i = 0; i < info->n_map; i++) {
        quire_regions_add(map, e[i].base, e[i].n_bytes, e[i].type == 1 ? QUIRE_USABLE : QUIRE_RESERVED);
    }
    quire_regions_add(map, 0, 1 << 20, QUIRE_RESERVED);
    quire_regions_add(map, MAPPED_END, UINT64_MAX, QUIRE_RESERVED);
    quire_regions_add(map, (uintptr_t)image_begin, (uintptr_t)(image_end - image_begin), QUIRE_RESERVED);
    return quire_regions_normalise(map);
}
