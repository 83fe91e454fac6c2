/* read.h: what the readers of memory maps are made of. Private to boot/.
 *
 * A reader takes numbers (bytes.h) from bytes that it has made sure of, and puts each entry into the map by q_boot_add. So
 * each format is a table and a loop. */
#ifndef Q_BOOT_READ_H
#define Q_BOOT_READ_H

#include "bytes.h"
#include "loader.h"

/* Where a reader puts what it finds. */
struct q_boot_out {
    struct quire_regions *map;
    struct quire_boot_report *report;
    const char *where; /* the format, for problems */
};

/* What memory of some type is for: in order, the most careful first. */
enum q_boot_use { Q_BOOT_UNKNOWN, Q_BOOT_RESERVED, Q_BOOT_RECLAIMABLE, Q_BOOT_USABLE };

/* An entry, as the format has it. */
struct q_boot_entry {
    uint32_t number;
    quire_pa base;
    uint64_t n_bytes;
    uint64_t type;
};

/* Tells of a problem. `entry` NULL: of the whole. */
void q_boot_tell(const struct q_boot_out *out, enum quire_boot_status status, const struct q_boot_entry *entry);

/* Puts an entry into the map, and tells what is wrong with it. */
void q_boot_add(const struct q_boot_out *out, const struct q_boot_entry *entry, enum q_boot_use use);

/* Entries of base (8 bytes), length (8), type (4), as E820 has them, each `stride` bytes after the one before. */
void q_boot_e820(const struct q_boot_out *out, const uint8_t *entries, uint64_t n_bytes, uint64_t stride);

/* One of them; at least 20 bytes can be read. */
void q_boot_e820_entry(const struct q_boot_out *out, const uint8_t *entry, uint32_t number);

/* Descriptors as UEFI has them (uefi.c). */
void q_boot_uefi(const struct q_boot_out *out, const uint8_t *descriptors, uint64_t n_bytes, uint64_t stride,
                 uint32_t version);

/* All that Multiboot says without a map: KiB from 0 on, and from 1 MiB on. */
void q_boot_basic(const struct q_boot_out *out, uint32_t kib_lower, uint32_t kib_upper);

/* ---- structures in physical memory ------------------------------------------------------------------------ */

struct q_boot_loader {
    struct q_boot_out out;
    const struct quire_boot_view *view;
    struct quire_boot_info *info;
};

/* Starts a reader: nothing is known yet. */
struct q_boot_loader q_boot_start(const char *where, struct quire_regions *map, struct quire_boot_info *info,
                                  const struct quire_boot_view *view, struct quire_boot_report *report);

/* Where bytes of physical memory can be read, all of them; NULL: that is outside of the view. */
const uint8_t *q_boot_look(const struct quire_boot_view *view, quire_pa base, uint64_t n_bytes);

/* The same, and reserves them. Tells, if they are outside. */
const uint8_t *q_boot_keep(const struct q_boot_loader *loader, quire_pa base, uint64_t n_bytes);

/* Reserves the text at a physical address, and returns it; 0 is no address, and gives "". Tells, if it has no end. */
const char *q_boot_text(const struct q_boot_loader *loader, quire_pa base);

/* Lists a module, and reserves it. */
void q_boot_module(const struct q_boot_loader *loader, quire_pa base, uint64_t n_bytes, const char *text);

/* The same for one that Multiboot says the bounds of; tells, if they are in the wrong order. */
void q_boot_module_at(const struct q_boot_loader *loader, uint32_t number, uint32_t start, uint32_t end,
                      const char *text);

#endif
