/* linux.c: what a loader of Linux hands to a kernel on x86 (Linux, Documentation/arch/x86/zero-page.rst and boot.rst). */
#include "linux.h"
#include "read.h"

/* struct boot_params: where its fields are. Some addresses and sizes are in two halves. */
enum {
    LINUX_RSDP = 0x070,
    LINUX_RAMDISK_HIGH = 0x0C0,
    LINUX_RAMDISK_BYTES_HIGH = 0x0C4,
    LINUX_COMMAND_LINE_HIGH = 0x0C8,
    LINUX_N_ENTRIES = 0x1E8,
    LINUX_MAGIC = 0x202,
    LINUX_RAMDISK = 0x218,
    LINUX_RAMDISK_BYTES = 0x21C,
    LINUX_COMMAND_LINE = 0x228,
    LINUX_SETUP_DATA = 0x250,
    LINUX_ENTRIES = 0x2D0,
    LINUX_PAGE = 0x1000,
};
enum { LINUX_ENTRY = 20, LINUX_MAX_ENTRIES = 128 };

/* struct setup_data, and struct setup_indirect, which may be what is in it. */
enum { LINUX_DATA_NEXT = 0, LINUX_DATA_TYPE = 8, LINUX_DATA_BYTES = 12, LINUX_DATA = 16 };
enum { LINUX_INDIRECT_BYTES = 8, LINUX_INDIRECT_BASE = 16, LINUX_INDIRECT = 24 };
#define LINUX_TYPE_E820     1u
#define LINUX_TYPE_INDIRECT 0x80000000u

#define LINUX_MAGIC_NUMBER 0x53726448u /* "HdrS" */
#define LINUX_MAX_DATA     64u         /* a list that is longer runs in a circle */

static uint64_t linux_u64(const uint8_t *low, const uint8_t *high) {
    return q_le32(low) | (uint64_t)q_le32(high) << 32;
}

static void linux_add_data(const struct q_boot_loader *loader, const uint8_t *node, uint32_t n_bytes) {
    uint32_t type = q_le32(node + LINUX_DATA_TYPE);
    if (type == LINUX_TYPE_E820)
        q_boot_e820(&loader->out, node + LINUX_DATA, n_bytes, LINUX_ENTRY);
    if (type == LINUX_TYPE_INDIRECT && n_bytes >= LINUX_INDIRECT)
        quire_regions_add(loader->out.map, q_le64(node + LINUX_DATA + LINUX_INDIRECT_BASE),
                          q_le64(node + LINUX_DATA + LINUX_INDIRECT_BYTES), QUIRE_RESERVED);
}

static void linux_add_setup_data(const struct q_boot_loader *loader, quire_pa at) {
    for (uint32_t number = 0; at != 0; number++) {
        const uint8_t *node = q_boot_look(loader->view, at, LINUX_DATA);
        uint32_t n_bytes = node != NULL ? q_le32(node + LINUX_DATA_BYTES) : 0;
        if (number == LINUX_MAX_DATA) {
            q_boot_tell(&loader->out, QUIRE_BOOT_TAG, &(struct q_boot_entry){.number = number, .base = at});
            return;
        }
        node = q_boot_keep(loader, at, LINUX_DATA + (uint64_t)n_bytes);
        if (node == NULL)
            return;
        linux_add_data(loader, node, n_bytes);
        at = q_le64(node + LINUX_DATA_NEXT);
    }
}

static void linux_add_memory(const struct q_boot_loader *loader, const uint8_t *page) {
    uint32_t n = page[LINUX_N_ENTRIES];
    if (n == 0)
        q_boot_tell(&loader->out, QUIRE_BOOT_NO_MAP, NULL);
    if (n > LINUX_MAX_ENTRIES)
        q_boot_tell(&loader->out, QUIRE_BOOT_CUT, &(struct q_boot_entry){.number = n});
    uint32_t n_bytes = LINUX_ENTRY * (n < LINUX_MAX_ENTRIES ? n : LINUX_MAX_ENTRIES);
    q_boot_e820(&loader->out, page + LINUX_ENTRIES, n_bytes, LINUX_ENTRY);
    linux_add_setup_data(loader, q_le64(page + LINUX_SETUP_DATA));
}

static bool linux_refuse(const struct q_boot_loader *loader, enum quire_boot_status status, quire_pa at) {
    q_boot_tell(&loader->out, status, &(struct q_boot_entry){.base = at, .n_bytes = LINUX_PAGE});
    return false;
}

bool quire_linux_read(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                      quire_pa at, struct quire_boot_report *report) {
    struct q_boot_loader loader = q_boot_start("Linux", map, info, view, report);
    const uint8_t *page = q_boot_look(view, at, LINUX_PAGE);
    if (page == NULL)
        return linux_refuse(&loader, QUIRE_BOOT_OUTSIDE, at);
    if (q_le32(page + LINUX_MAGIC) != LINUX_MAGIC_NUMBER)
        return linux_refuse(&loader, QUIRE_BOOT_MAGIC, at);
    quire_regions_add(map, at, LINUX_PAGE, QUIRE_RESERVED);
    linux_add_memory(&loader, page);
    info->command_line = q_boot_text(&loader, linux_u64(page + LINUX_COMMAND_LINE, page + LINUX_COMMAND_LINE_HIGH));
    if (q_le64(page + LINUX_RSDP) != 0)
        info->rsdp = q_le64(page + LINUX_RSDP);
    uint64_t n_bytes = linux_u64(page + LINUX_RAMDISK_BYTES, page + LINUX_RAMDISK_BYTES_HIGH);
    if (n_bytes != 0)
        q_boot_module(&loader, linux_u64(page + LINUX_RAMDISK, page + LINUX_RAMDISK_HIGH), n_bytes, "");
    return true;
}
