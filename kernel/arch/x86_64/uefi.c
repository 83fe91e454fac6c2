/* uefi.c: what the UEFI loader says (uefi/handover.h), as a reader like those of boot/loader.h. */
#include <boot/uefi.h>
#include <kernel.h>
#include <machine.h>
#include <uefi/handover.h>

/* The map takes all of it for the loader's, to be reclaimed: what is read later is reserved. */
bool uefi_read(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view, quire_pa at,
               struct quire_boot_report *report) {
    const struct handover *said = (const void *)((const char *)view->bytes + at);
    quire_uefi_regions(map, direct(said->map), said->map_bytes, said->descriptor_bytes, said->descriptor_version,
                       report);
    quire_regions_add(map, said->initramfs, said->initramfs_bytes, QUIRE_RESERVED);
    quire_regions_add(map, said->words, said->words_bytes, QUIRE_RESERVED);
    info->n_modules = 1;
    if (info->capacity > 0) {
        info->modules[0] = (struct quire_boot_module){.base = said->initramfs, .n_bytes = said->initramfs_bytes};
    }
    info->command_line = direct(said->words);
    info->rsdp = said->rsdp;
    return true;
}
