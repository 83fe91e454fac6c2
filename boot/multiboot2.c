/* multiboot2.c: what a boot loader of Multiboot 2 hands to a kernel (Multiboot2 Specification 2.0, section 3.6).
 *
 * One walk over the tags lists modules, and notes where the first tag of each other type is. */
#include "multiboot2.h"
#include "read.h"

/* Bytes of the header, and of that of each tag. */
enum { MB2_HEADER = 8, MB2_TAG_TYPE = 0, MB2_TAG_SIZE = 4, MB2_TAG = 8 };
enum mb2_tag_type {
    MB2_END = 0,
    MB2_COMMAND_LINE = 1,
    MB2_MODULE = 3,
    MB2_BASIC_MEMORY = 4,
    MB2_MEMORY_MAP = 6,
    MB2_OLD_RSDP = 14,
    MB2_NEW_RSDP = 15,
    MB2_UEFI_MAP = 17,
    MB2_SERVICES_RUN = 18,
    MB2_N_TYPES
};
enum { MB2_MODULE_START = 8, MB2_MODULE_END = 12, MB2_MODULE_TEXT = 16 };
enum { MB2_MEM_LOWER = 8, MB2_MEM_UPPER = 12 };
enum { MB2_MAP_STRIDE = 8, MB2_MAP_VERSION = 12, MB2_MAP_ENTRIES = 16 }; /* of both maps */

/* The least that a tag must have to be of any use; 0: it is not looked for. */
static const uint8_t mb2_least[MB2_N_TYPES] = {
    [MB2_COMMAND_LINE] = MB2_TAG,  [MB2_BASIC_MEMORY] = 16,        [MB2_MEMORY_MAP] = MB2_MAP_ENTRIES,
    [MB2_OLD_RSDP] = MB2_TAG + 20, [MB2_NEW_RSDP] = MB2_TAG + 36,  [MB2_UEFI_MAP] = MB2_MAP_ENTRIES,
    [MB2_SERVICES_RUN] = MB2_TAG,  [MB2_MODULE] = MB2_MODULE_TEXT,
};

struct mb2_tags {
    const uint8_t *of[MB2_N_TYPES]; /* the first of each type, or NULL */
};

static uint32_t mb2_size_of(const uint8_t *tag) {
    return q_le32(tag + MB2_TAG_SIZE);
}

/* The text in a tag from `from` on. */
static const char *mb2_text_in(const struct q_boot_loader *loader, const uint8_t *tag, uint32_t from, uint32_t number) {
    for (uint32_t i = from; i < mb2_size_of(tag); i++)
        if (tag[i] == '\0')
            return (const char *)tag + from;
    q_boot_tell(&loader->out, QUIRE_BOOT_TEXT, &(struct q_boot_entry){.number = number, .type = q_le32(tag)});
    return "";
}

static void mb2_note(const struct q_boot_loader *loader, struct mb2_tags *tags, const uint8_t *tag, uint32_t number) {
    uint32_t type = q_le32(tag + MB2_TAG_TYPE);
    if (type >= MB2_N_TYPES || mb2_least[type] == 0)
        return;
    if (mb2_size_of(tag) < mb2_least[type])
        q_boot_tell(&loader->out, QUIRE_BOOT_STRIDE, &(struct q_boot_entry){.number = number, .type = type});
    else if (type == MB2_MODULE)
        q_boot_module_at(loader, number, q_le32(tag + MB2_MODULE_START), q_le32(tag + MB2_MODULE_END),
                         mb2_text_in(loader, tag, MB2_MODULE_TEXT, number));
    else if (tags->of[type] == NULL)
        tags->of[type] = tag;
}

/* Tags begin at multiples of 8. Without an end, or with a size that can not be, the walk stops where it is. */
static struct mb2_tags mb2_walk(const struct q_boot_loader *loader, const uint8_t *bytes, uint64_t n_bytes) {
    struct mb2_tags tags = {{NULL}};
    uint64_t at = MB2_HEADER;
    for (uint32_t number = 0;; number++) {
        bool is_there = at <= n_bytes && n_bytes - at >= MB2_TAG;
        uint32_t size = is_there ? mb2_size_of(bytes + at) : 0;
        if (size < MB2_TAG || size > n_bytes - at) {
            q_boot_tell(&loader->out, QUIRE_BOOT_TAG, &(struct q_boot_entry){.number = number, .n_bytes = size});
            return tags;
        }
        if (q_le32(bytes + at + MB2_TAG_TYPE) == MB2_END)
            return tags;
        mb2_note(loader, &tags, bytes + at, number);
        at += ((uint64_t)size + 7) & ~(uint64_t)7;
    }
}

static void mb2_add_e820(const struct q_boot_out *out, const uint8_t *tag) {
    if (q_le32(tag + MB2_MAP_VERSION) != 0)
        q_boot_tell(out, QUIRE_BOOT_VERSION, NULL);
    q_boot_e820(out, tag + MB2_MAP_ENTRIES, mb2_size_of(tag) - MB2_MAP_ENTRIES, q_le32(tag + MB2_MAP_STRIDE));
}

static void mb2_add_memory(const struct q_boot_out *out, const struct mb2_tags *tags) {
    const uint8_t *uefi = tags->of[MB2_UEFI_MAP], *e820 = tags->of[MB2_MEMORY_MAP], *basic = tags->of[MB2_BASIC_MEMORY];
    if (tags->of[MB2_SERVICES_RUN] != NULL) {
        q_boot_tell(out, QUIRE_BOOT_SERVICES, NULL);
    } else if (uefi != NULL) {
        q_boot_uefi(out, uefi + MB2_MAP_ENTRIES, mb2_size_of(uefi) - MB2_MAP_ENTRIES, q_le32(uefi + MB2_MAP_STRIDE),
                    q_le32(uefi + MB2_MAP_VERSION));
    } else if (e820 != NULL) {
        mb2_add_e820(out, e820);
    } else {
        q_boot_tell(out, QUIRE_BOOT_NO_MAP, NULL);
        if (basic != NULL)
            q_boot_basic(out, q_le32(basic + MB2_MEM_LOWER), q_le32(basic + MB2_MEM_UPPER));
    }
}

/* The structure's own length may be more than what can be read. All of it is reserved. */
static uint64_t mb2_keep_all(const struct q_boot_loader *loader, const uint8_t *bytes, quire_pa at) {
    uint64_t n_bytes = q_le32(bytes), n_readable = loader->view->n_bytes - (at - loader->view->base);
    quire_regions_add(loader->out.map, at, n_bytes, QUIRE_RESERVED);
    if (n_bytes <= n_readable)
        return n_bytes;
    q_boot_tell(&loader->out, QUIRE_BOOT_OUTSIDE, &(struct q_boot_entry){.base = at, .n_bytes = n_bytes});
    return n_readable;
}

bool quire_multiboot2_read(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                           quire_pa at, struct quire_boot_report *report) {
    struct q_boot_loader loader = q_boot_start("Multiboot 2", map, info, view, report);
    const uint8_t *bytes = q_boot_look(view, at, MB2_HEADER);
    if (bytes == NULL) {
        q_boot_tell(&loader.out, QUIRE_BOOT_OUTSIDE, &(struct q_boot_entry){.base = at, .n_bytes = MB2_HEADER});
        return false;
    }
    const struct mb2_tags tags = mb2_walk(&loader, bytes, mb2_keep_all(&loader, bytes, at));
    const uint8_t *rsdp = tags.of[tags.of[MB2_NEW_RSDP] != NULL ? MB2_NEW_RSDP : MB2_OLD_RSDP];
    mb2_add_memory(&loader.out, &tags);
    if (tags.of[MB2_COMMAND_LINE] != NULL)
        info->command_line = mb2_text_in(&loader, tags.of[MB2_COMMAND_LINE], MB2_TAG, 0);
    if (rsdp != NULL)
        info->rsdp = at + (uint64_t)(rsdp + MB2_TAG - bytes);
    return true;
}
