/* multiboot2.h: what a boot loader of Multiboot 2 hands to a kernel, GRUB for example.
 *
 * The source is the Multiboot2 Specification 2.0, section 3.6, "Boot information". The kernel is entered with 0x36D76289 in
 * EAX and the physical address of the structure in EBX. It is one piece: a header and tags. */
#ifndef QUIRE_BOOT_MULTIBOOT2_H
#define QUIRE_BOOT_MULTIBOOT2_H

#include "loader.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QUIRE_MULTIBOOT2_MAGIC 0x36D76289u /* in EAX */

/* Reads the structure at a physical address (loader.h). Of the memory maps in it one counts: UEFI's (uefi.h) if there is
 * one, because it says the most, else the one with E820's types (e820.h), else mem_lower and mem_upper. While UEFI's boot
 * services run (the tag says so) none counts: the map that the kernel gets when it ends them is the right one. The root
 * pointer of ACPI is a copy that lies in the structure, of version 2 if there is one.
 *   false  it lies outside of the view: nothing was added
 * Cost: O(bytes of the structure). */
bool quire_multiboot2_read(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                           quire_pa at, struct quire_boot_report *report);

#ifdef __cplusplus
}
#endif

#endif
