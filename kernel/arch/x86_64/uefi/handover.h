/* handover.h: what the UEFI loader (loader.c) says to the kernel. All addresses are physical. */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdint.h>

struct handover {
    uint64_t map, map_bytes, descriptor_bytes; /* as GetMemoryMap() gave it */
    uint32_t descriptor_version;
    uint64_t rsdp; /* of ACPI; UINT64_MAX: none */
    uint64_t initramfs, initramfs_bytes;
    uint64_t words, words_bytes; /* the kernel's command line; a 0 follows */
};

#endif
