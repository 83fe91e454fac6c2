/* multiboot.h: what a boot loader of Multiboot 1 hands to a kernel. QEMU's `-kernel` does for images of i386, and GRUB.
 *
 * The source is the Multiboot Specification 0.6.96, section 3.3, "Boot information format". The kernel is entered with
 * 0x2BADB002 in EAX and the physical address of the structure in EBX. The types of memory are those of e820.h. */
#ifndef QUIRE_BOOT_MULTIBOOT_H
#define QUIRE_BOOT_MULTIBOOT_H

#include "loader.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QUIRE_MULTIBOOT_MAGIC 0x2BADB002u /* in EAX */

/* Reads the structure at a physical address (loader.h). Where it has no memory map, mem_lower and mem_upper count. Symbols of
 * the kernel that the loader has put somewhere are not reserved.
 *   false  it lies outside of the view: nothing was added
 * Cost: O(entries + modules + bytes of text). */
bool quire_multiboot_read(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                          quire_pa at, struct quire_boot_report *report);

#ifdef __cplusplus
}
#endif

#endif
