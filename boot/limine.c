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

static bool limine_use(uint64_t type, enum q_boot_use *use) {
    *use = type == 0 ? Q_BOOT_USABLE : type == 2 || type == 5 ? Q_BOOT_RECLAIMABLE : Q_BOOT_RESERVED;
    return type <= 8;
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
        enum q_boot_use use;
        if (at == NULL) {
            q_boot_tell(&out, QUIRE_BOOT_OUTSIDE, &entry);
            continue;
        }
        entry = (struct q_boot_entry){(uint32_t)i, at->base, at->length, at->type};
        if (!limine_use(at->type, &use))
            q_boot_tell(&out, QUIRE_BOOT_TYPE, &entry);
        q_boot_add(&out, &entry, use);
    }
}
