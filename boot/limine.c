/* limine.c: the memory map of the Limine boot protocol. The table of types is in limine.h.
 *
 * The structures are made of 64-bit numbers and pointers, in the byte order of the machine that made them, and this is
 * the same machine. */
#include "limine.h"
#include "read.h"

struct limine_entry {
    uint64_t base, length, type;
};

struct limine_response {
    uint64_t revision, n_entries;
    const struct limine_entry *const *entries;
};

static enum q_boot_use limine_use(uint64_t type) {
    bool is_later = type == 2 || type == 5, is_known = type <= 8;
    return type == 0 ? Q_BOOT_USABLE : is_later ? Q_BOOT_RECLAIMABLE : is_known ? Q_BOOT_RESERVED : Q_BOOT_UNKNOWN;
}

void quire_limine_regions(struct quire_regions *map, const void *response, struct quire_boot_report *report) {
    const struct q_boot_out out = {.map = map, .report = report, .where = "Limine"};
    const struct limine_response *r = response;
    if (r == NULL || r->entries == NULL || r->n_entries == 0) {
        q_boot_tell(&out, QUIRE_BOOT_NO_MAP, NULL);
        return;
    }
    for (uint64_t i = 0; i < r->n_entries; i++) {
        const struct limine_entry *at = r->entries[i];
        struct q_boot_entry entry = {.number = (uint32_t)i};
        if (at == NULL) {
            q_boot_tell(&out, QUIRE_BOOT_OUTSIDE, &entry);
            continue;
        }
        entry = (struct q_boot_entry){(uint32_t)i, at->base, at->length, at->type};
        q_boot_add(&out, &entry, limine_use(at->type));
    }
}
