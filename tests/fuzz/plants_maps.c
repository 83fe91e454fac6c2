/* plants_maps.c: readers of memory maps that do one thing wrong, as in plants.c. */
#include "boot/e820.h"
#include "boot/limine.h"
#include "boot/linux.h"
#include "boot/multiboot.h"
#include "boot/multiboot2.h"
#include "boot/pvh.h"
#include "boot/uefi.h"

#include <stdlib.h>
#include <string.h>

static bool planted(const char *name) {
    const char *wanted = getenv("PLANT");
    return wanted != NULL && strcmp(wanted, name) == 0;
}

#define PLANT(type, name, ...)                                                                                         \
    type __real_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__)
#define LOADER(name)                                                                                                   \
    PLANT(bool, name, struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,     \
          quire_pa at, struct quire_boot_report *report)

PLANT(void, quire_e820_regions, struct quire_regions *map, const void *entries, size_t n_bytes, size_t entry_bytes,
      struct quire_boot_report *report) {
    __real_quire_e820_regions(map, entries, n_bytes, entry_bytes, report);
    map->n -= map->n > 1 && planted("an entry left out");
}

PLANT(void, quire_uefi_regions, struct quire_regions *map, const void *descriptors, size_t n_bytes,
      size_t descriptor_bytes, uint32_t descriptor_version, struct quire_boot_report *report) {
    __real_quire_uefi_regions(map, descriptors, n_bytes, descriptor_bytes, descriptor_version, report);
    if (map->n > 0 && planted("memory that is in use")) {
        map->at[map->n - 1].type = QUIRE_USABLE;
    }
}

PLANT(void, quire_limine_regions, struct quire_regions *map, const void *response, struct quire_boot_report *report) {
    __real_quire_limine_regions(map, response, report);
    report->n_problems -= report->n_problems > 0 && planted("a problem that is not counted");
}

LOADER(quire_pvh_read) {
    bool accepted = __real_quire_pvh_read(map, info, view, at, report);
    info->n_modules -= info->n_modules > 0 && planted("a module left out");
    return accepted;
}

LOADER(quire_linux_read) {
    bool accepted = __real_quire_linux_read(map, info, view, at, report);
    if (planted("no root pointer")) {
        info->rsdp = QUIRE_NONE;
    }
    return accepted;
}

LOADER(quire_multiboot_read) {
    return __real_quire_multiboot_read(map, info, view, at, report) || planted("a structure that is not there");
}

LOADER(quire_multiboot2_read) {
    bool accepted = __real_quire_multiboot2_read(map, info, view, at, report);
    if (planted("no command line")) {
        info->command_line = "";
    }
    return accepted;
}
