/* e820.c: memory maps of PCs (ACPI Specification 6.5, chapter 15). The table of types is in e820.h. */
#include "e820.h"
#include "read.h"

enum { E820_ENTRY = 20, E820_ATTRIBUTES = 20, E820_WITH_ATTRIBUTES = 24 }; /* bytes */
#define E820_VALID 1u

static enum q_boot_use e820_use(uint32_t type) {
    bool is_known = (type >= 1 && type <= 8) || type == 12 || type == 128 || type >= 0xEFFFFFFFu;
    return type == 1 ? Q_BOOT_USABLE : type == 3 ? Q_BOOT_RECLAIMABLE : is_known ? Q_BOOT_RESERVED : Q_BOOT_UNKNOWN;
}

static struct q_boot_entry e820_entry(const uint8_t *at, uint32_t number) {
    return (struct q_boot_entry){number, q_le64(at), q_le64(at + 8), q_le32(at + 16)};
}

void q_boot_e820_entry(const struct q_boot_out *out, const uint8_t *at, uint32_t number) {
    struct q_boot_entry entry = e820_entry(at, number);
    q_boot_add(out, &entry, e820_use((uint32_t)entry.type));
}

void q_boot_e820(const struct q_boot_out *out, const uint8_t *entries, uint64_t n_bytes, uint64_t stride) {
    uint32_t number = 0;
    if (stride < E820_ENTRY) {
        q_boot_tell(out, QUIRE_BOOT_STRIDE, NULL);
        return;
    }
    for (; n_bytes >= stride; n_bytes -= stride, entries += stride)
        q_boot_e820_entry(out, entries, number++);
    if (n_bytes != 0)
        q_boot_tell(out, QUIRE_BOOT_CUT, NULL);
}

/* ---- attributes ----------------------------------------------------------------------------------------- */

static bool e820_is_valid(const uint8_t *entry) {
    return (q_le32(entry + E820_ATTRIBUTES) & E820_VALID) != 0;
}

static bool e820_any_is_valid(const uint8_t *entries, size_t n_bytes, size_t stride) {
    for (; n_bytes >= stride; n_bytes -= stride, entries += stride)
        if (e820_is_valid(entries))
            return true;
    return false;
}

/* An entry that is not valid adds no memory. What it reserves stays reserved, because the mark may be wrong. */
static void e820_add_invalid(const struct q_boot_out *out, const uint8_t *at, uint32_t number) {
    struct q_boot_entry entry = e820_entry(at, number);
    q_boot_tell(out, QUIRE_BOOT_INVALID, &entry);
    if (e820_use((uint32_t)entry.type) <= Q_BOOT_RESERVED)
        quire_regions_add(out->map, entry.base, entry.n_bytes, QUIRE_RESERVED);
}

static void e820_add_with_attributes(const struct q_boot_out *out, const uint8_t *entries, size_t n_bytes,
                                     size_t stride) {
    uint32_t number = 0;
    for (; n_bytes >= stride; n_bytes -= stride, entries += stride, number++) {
        if (e820_is_valid(entries))
            q_boot_e820_entry(out, entries, number);
        else
            e820_add_invalid(out, entries, number);
    }
    if (n_bytes != 0)
        q_boot_tell(out, QUIRE_BOOT_CUT, NULL);
}

void quire_e820_regions(struct quire_regions *map, const void *entries, size_t n_bytes, size_t entry_bytes,
                        struct quire_boot_report *report) {
    const struct q_boot_out out = {.map = map, .report = report, .where = "E820"};
    bool has_attributes = entry_bytes >= E820_WITH_ATTRIBUTES, counts = false;
    if (has_attributes && n_bytes >= entry_bytes) {
        counts = e820_any_is_valid(entries, n_bytes, entry_bytes);
        if (!counts)
            q_boot_tell(&out, QUIRE_BOOT_UNMARKED, NULL);
    }
    if (counts)
        e820_add_with_attributes(&out, entries, n_bytes, entry_bytes);
    else
        q_boot_e820(&out, entries, n_bytes, entry_bytes);
}
