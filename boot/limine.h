/* limine.h: the memory map of the Limine boot protocol.
 *
 * The source is "The Limine Boot Protocol" (PROTOCOL.md of the Limine project), "Memory Map Feature". The kernel asks for the
 * map by a request in its image, and finds there a pointer to the response: a revision, a count, and a pointer to as many
 * pointers to entries. All of them are virtual addresses that the kernel can use at once.
 *
 *     type                                   here
 *     0 usable                               usable
 *     2 ACPI reclaimable                     reclaimable, after ACPI's tables were read
 *     5 bootloader reclaimable               reclaimable: the stack that the kernel begins on, page tables, all responses
 *     1 reserved, 3 ACPI NVS, 4 bad memory,  reserved
 *     6 executable and modules,
 *     7 framebuffer, 8 reserved, mapped
 *     all others                             reserved, and told (QUIRE_BOOT_TYPE)
 *
 *     quire_limine_regions(&map, memmap_request.response, &report);
 *
 * The kernel's image and its modules are reserved by the map itself, and so is what the kernel is running on. */
#ifndef QUIRE_BOOT_LIMINE_H
#define QUIRE_BOOT_LIMINE_H

#include "regions.h"
#include "report.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adds the entries of a response to the map; NULL, no response, is told (QUIRE_BOOT_NO_MAP), and so is a NULL pointer in it
 * (QUIRE_BOOT_OUTSIDE), which is passed over. The other pointers are followed: nothing says what can be read. Cost:
 * O(entries). */
void quire_limine_regions(struct quire_regions *map, const void *response, struct quire_boot_report *report);

#ifdef __cplusplus
}
#endif

#endif
