/* multiboot.c: what a boot loader of Multiboot 1 hands to a kernel (Multiboot Specification 0.6.96, section 3.3). */
#include "multiboot.h"
#include "read.h"

/* Where the fields are. What comes after them, up to MB1_INFO, is reserved with them and not read. */
enum {
    MB1_FLAGS = 0,
    MB1_MEM_LOWER = 4,
    MB1_MEM_UPPER = 8,
    MB1_COMMAND_LINE = 16,
    MB1_N_MODULES = 20,
    MB1_MODULES = 24,
    MB1_MAP_BYTES = 44,
    MB1_MAP = 48,
    MB1_READ = 52,
    MB1_INFO = 116,
};
enum { MB1_MODULE_START = 0, MB1_MODULE_END = 4, MB1_MODULE_TEXT = 8, MB1_MODULE = 16 };
enum { MB1_ENTRY_SIZE = 4, MB1_ENTRY_LEAST = 20 }; /* an entry's own size stands before it, and does not count itself */

#define MB1_HAS_MEM          (1u << 0)
#define MB1_HAS_COMMAND_LINE (1u << 2)
#define MB1_HAS_MODULES      (1u << 3)
#define MB1_HAS_MAP          (1u << 6)

/* Entries may differ in size. One that is too short, or would run out of the list, ends it. */
static void mb1_add_map(const struct q_boot_out *out, const uint8_t *entries, uint32_t n_bytes) {
    for (uint32_t number = 0; n_bytes != 0; number++) {
        uint32_t size = n_bytes >= MB1_ENTRY_SIZE ? q_le32(entries) : 0;
        if (n_bytes < MB1_ENTRY_SIZE + MB1_ENTRY_LEAST || size > n_bytes - MB1_ENTRY_SIZE || size < MB1_ENTRY_LEAST) {
            bool is_short = n_bytes >= MB1_ENTRY_SIZE && size < MB1_ENTRY_LEAST;
            q_boot_tell(out, is_short ? QUIRE_BOOT_STRIDE : QUIRE_BOOT_CUT, &(struct q_boot_entry){.number = number});
            return;
        }
        q_boot_e820_entry(out, entries + MB1_ENTRY_SIZE, number);
        entries += MB1_ENTRY_SIZE + size;
        n_bytes -= MB1_ENTRY_SIZE + size;
    }
}

static void mb1_add_memory(const struct q_boot_loader *loader, const uint8_t *info) {
    uint32_t flags = q_le32(info + MB1_FLAGS), n_bytes = q_le32(info + MB1_MAP_BYTES);
    const uint8_t *entries = NULL;
    if ((flags & MB1_HAS_MAP) != 0 && n_bytes != 0)
        entries = q_boot_keep(loader, q_le32(info + MB1_MAP), n_bytes);
    if (entries != NULL) {
        mb1_add_map(&loader->out, entries, n_bytes);
        return;
    }
    q_boot_tell(&loader->out, QUIRE_BOOT_NO_MAP, NULL);
    if ((flags & MB1_HAS_MEM) != 0)
        q_boot_basic(&loader->out, q_le32(info + MB1_MEM_LOWER), q_le32(info + MB1_MEM_UPPER));
}

static void mb1_add_modules(const struct q_boot_loader *loader, const uint8_t *info) {
    uint32_t n = q_le32(info + MB1_N_MODULES);
    if (n == 0)
        return;
    const uint8_t *at = q_boot_keep(loader, q_le32(info + MB1_MODULES), (uint64_t)n * MB1_MODULE);
    for (uint32_t i = 0; at != NULL && i < n; i++, at += MB1_MODULE)
        q_boot_module_at(loader, i, q_le32(at + MB1_MODULE_START), q_le32(at + MB1_MODULE_END),
                         q_boot_text(loader, q_le32(at + MB1_MODULE_TEXT)));
}

bool quire_multiboot_read(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                          quire_pa at, struct quire_boot_report *report) {
    struct q_boot_loader loader = q_boot_start("Multiboot", map, info, view, report);
    const uint8_t *bytes = q_boot_look(view, at, MB1_READ);
    if (bytes == NULL) {
        q_boot_tell(&loader.out, QUIRE_BOOT_OUTSIDE, &(struct q_boot_entry){.base = at, .n_bytes = MB1_READ});
        return false;
    }
    quire_regions_add(map, at, MB1_INFO, QUIRE_RESERVED);
    uint32_t flags = q_le32(bytes + MB1_FLAGS);
    mb1_add_memory(&loader, bytes);
    if ((flags & MB1_HAS_COMMAND_LINE) != 0)
        info->command_line = q_boot_text(&loader, q_le32(bytes + MB1_COMMAND_LINE));
    if ((flags & MB1_HAS_MODULES) != 0)
        mb1_add_modules(&loader, bytes);
    return true;
}
