/* pvh.c: what a loader of PVH hands to a kernel (Xen, public/arch-x86/hvm/start_info.h). */
#include "pvh.h"
#include "read.h"

/* hvm_start_info: where its fields are. Those of the memory map are there from version 1 on. */
enum {
    PVH_MAGIC = 0,
    PVH_VERSION = 4,
    PVH_N_MODULES = 12,
    PVH_MODULES = 16,
    PVH_COMMAND_LINE = 24,
    PVH_RSDP = 32,
    PVH_INFO_0 = 40,
    PVH_MAP = 40,
    PVH_N_ENTRIES = 48,
    PVH_INFO_1 = 56,
};
enum { PVH_MODULE_BASE = 0, PVH_MODULE_BYTES = 8, PVH_MODULE_TEXT = 16, PVH_MODULE = 32 }; /* hvm_modlist_entry */
enum { PVH_ENTRY = 24 };                                                                   /* hvm_memmap_table_entry */

#define PVH_MAGIC_NUMBER 0x336EC578u /* "xEn3" with the highest bit of the E set */

/* 4 GiB of entries are no map. So 32 bits are enough to multiply: for 64, some machines call a function that a kernel may
 * not have. */
static const uint8_t *pvh_entries(const struct q_boot_loader *loader, const uint8_t *info, uint32_t *n_bytes) {
    uint32_t n = q_le32(info + PVH_N_ENTRIES);
    struct q_boot_entry list = {.base = q_le64(info + PVH_MAP), .n_bytes = UINT64_MAX};
    *n_bytes = n * PVH_ENTRY;
    if (n <= UINT32_MAX / PVH_ENTRY)
        return n != 0 ? q_boot_keep(loader, list.base, *n_bytes) : NULL;
    q_boot_tell(&loader->out, QUIRE_BOOT_OUTSIDE, &list);
    return NULL;
}

/* `info` NULL: it is too old to have a map. */
static void pvh_add_memory(const struct q_boot_loader *loader, const uint8_t *info) {
    uint32_t n_bytes = 0;
    const uint8_t *entries = info != NULL ? pvh_entries(loader, info, &n_bytes) : NULL;
    if (entries != NULL)
        q_boot_e820(&loader->out, entries, n_bytes, PVH_ENTRY);
    else
        q_boot_tell(&loader->out, QUIRE_BOOT_NO_MAP, NULL);
}

static void pvh_add_modules(const struct q_boot_loader *loader, const uint8_t *info) {
    uint32_t n = q_le32(info + PVH_N_MODULES);
    if (n == 0)
        return;
    const uint8_t *at = q_boot_keep(loader, q_le64(info + PVH_MODULES), (uint64_t)n * PVH_MODULE);
    for (; at != NULL && n != 0; n--, at += PVH_MODULE)
        q_boot_module(loader, q_le64(at + PVH_MODULE_BASE), q_le64(at + PVH_MODULE_BYTES),
                      q_boot_text(loader, q_le64(at + PVH_MODULE_TEXT)));
}

static bool pvh_refuse(const struct q_boot_loader *loader, enum quire_boot_status status, quire_pa at) {
    q_boot_tell(&loader->out, status, &(struct q_boot_entry){.base = at, .n_bytes = PVH_INFO_0});
    return false;
}

bool quire_pvh_read(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                    quire_pa at, struct quire_boot_report *report) {
    struct q_boot_loader loader = q_boot_start("PVH", map, info, view, report);
    const uint8_t *bytes = q_boot_look(view, at, PVH_INFO_0);
    if (bytes == NULL)
        return pvh_refuse(&loader, QUIRE_BOOT_OUTSIDE, at);
    if (q_le32(bytes + PVH_MAGIC) != PVH_MAGIC_NUMBER)
        return pvh_refuse(&loader, QUIRE_BOOT_MAGIC, at);
    bool has_map = q_le32(bytes + PVH_VERSION) >= 1;
    quire_regions_add(map, at, has_map ? PVH_INFO_1 : PVH_INFO_0, QUIRE_RESERVED);
    pvh_add_memory(&loader, has_map ? q_boot_look(view, at, PVH_INFO_1) : NULL);
    info->command_line = q_boot_text(&loader, q_le64(bytes + PVH_COMMAND_LINE));
    if (q_le64(bytes + PVH_RSDP) != 0)
        info->rsdp = q_le64(bytes + PVH_RSDP);
    pvh_add_modules(&loader, bytes);
    return true;
}
