/* e820.h: memory maps of PCs, as the BIOS gives them.
 *
 * The source is the ACPI Specification 6.5, chapter 15: INT 15h, AX=E820h. An entry is a base, a length and a type, 20 bytes;
 * since ACPI 3.0 it may have 4 more bytes of attributes, of which bit 0 says that the entry is valid. Multiboot, PVH and
 * Linux' boot parameters carry entries with the same types; they have readers of their own, beside this one.
 *
 *     type                          name there                               here
 *     1                             AddressRangeMemory                       usable
 *     2                             AddressRangeReserved                     reserved
 *     3                             AddressRangeACPI                         reclaimable, after ACPI's tables were read
 *     4                             AddressRangeNVS                          reserved
 *     5                             AddressRangeUnusable (has errors)        reserved
 *     6                             AddressRangeDisabled                     reserved
 *     7                             AddressRangePersistentMemory             reserved
 *     8                             AddressRangeUnaccepted                   reserved: a guest must accept it before
 *     12                            OEM; Linux: persistent memory            reserved
 *     128                           Linux: of the kernel                     reserved
 *     0xEFFFFFFF                    Linux: for a specific purpose            reserved
 *     0xF0000000 and above          OEM                                      reserved
 *     all others                    undefined                                reserved, and told (QUIRE_BOOT_TYPE) */
#ifndef QUIRE_BOOT_E820_H
#define QUIRE_BOOT_E820_H

#include "regions.h"
#include "report.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds the entries in [entries, entries + n_bytes) to the map. `entry_bytes` is from one to the next: 20, or 24 and more if
 * the BIOS has written attributes (CL was 24 after the call), which count then. Cost: O(entries). */
void quire_e820_regions(struct quire_regions *map, const void *entries, size_t n_bytes, size_t entry_bytes,
                        struct quire_boot_report *report);

#ifdef __cplusplus
}
#endif

#endif
