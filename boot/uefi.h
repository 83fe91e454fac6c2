/* uefi.h: memory maps of UEFI.
 *
 * The source is the UEFI Specification 2.10, section 7.2.3: GetMemoryMap(), EFI_MEMORY_DESCRIPTOR, and tables 7.9 and 7.10,
 * which say what each type means before and after ExitBootServices(). A map is descriptors of the same length, which the
 * firmware says and which is often more than what is in them. This is what they mean after ExitBootServices():
 *
 *     type                                                        here
 *     7 EfiConventionalMemory                                     usable
 *     1 EfiLoaderCode, 2 EfiLoaderData                            reclaimable: the loader's, and the kernel may run in it
 *     3 EfiBootServicesCode, 4 EfiBootServicesData                reclaimable: some firmware still touches it when
 *                                                                 SetVirtualAddressMap is called
 *     9 EfiACPIReclaimMemory                                      reclaimable, after ACPI's tables were read
 *     0 EfiReservedMemoryType, 5 and 6 EfiRuntimeServices..,      reserved
 *     8 EfiUnusableMemory, 10 EfiACPIMemoryNVS, 11 and 12 mapped
 *     I/O, 13 EfiPalCode, 14 EfiPersistentMemory,
 *     15 EfiUnacceptedMemoryType
 *     0x70000000 and above: of an OEM or an operating system      reserved
 *     all others                                                  reserved, and told (QUIRE_BOOT_TYPE)
 *
 * Whatever the type, memory is reserved that is for runtime services (EFI_MEMORY_RUNTIME), for a specific purpose
 * (EFI_MEMORY_SP), not volatile (EFI_MEMORY_NV), or can not be cached (no EFI_MEMORY_WB; that is told, unless the type is
 * reserved anyway). More reliable memory (EFI_MEMORY_MORE_RELIABLE) is usable like any other. */
#ifndef QUIRE_BOOT_UEFI_H
#define QUIRE_BOOT_UEFI_H

#include "regions.h"
#include "report.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QUIRE_UEFI_PAGE_SIZE 4096u /* what UEFI counts in, whatever QUIRE_PAGE_SIZE is */

/* Adds the descriptors in [descriptors, descriptors + n_bytes) to the map, as they are after ExitBootServices().
 * descriptor_bytes and descriptor_version are what GetMemoryMap() has said: at least 40, and 1. Memory that is usable ends with
 * whole frames: where they are larger than UEFI's pages, frames that have a page that is not usable are left out. Cost:
 * O(descriptors). */
void quire_uefi_regions(struct quire_regions *map, const void *descriptors, size_t n_bytes, size_t descriptor_bytes,
                        uint32_t descriptor_version, struct quire_boot_report *report);

#ifdef __cplusplus
}
#endif

#endif
