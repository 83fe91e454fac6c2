/* pvh.h: what a loader of PVH hands to a kernel. QEMU's `-kernel` does for images of x86-64 with an ELF note that says so, and
 * Xen, Firecracker and Cloud Hypervisor.
 *
 * The source is Xen's public/arch-x86/hvm/start_info.h, and docs/misc/pvh.pandoc for the state of the machine. The kernel is
 * entered with the physical address of the structure in EBX. EAX says nothing: there may be Multiboot's number, left over from
 * something else. The types of memory are those of e820.h. */
#ifndef QUIRE_BOOT_PVH_H
#define QUIRE_BOOT_PVH_H

#include "loader.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the structure hvm_start_info at a physical address (loader.h).
 *   false  it lies outside of the view, or does not begin with its magic number: nothing was added
 * Cost: O(entries + modules + bytes of text). */
bool quire_pvh_read(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                    quire_pa at, struct quire_boot_report *report);

#ifdef __cplusplus
}
#endif

#endif
