/* loader.h: what the readers of boot loaders' structures have in common: PVH, Multiboot 1 and 2, Linux' boot parameters.
 *
 * Such a structure lies in physical memory, and points to more of it: the map, modules, texts. One call reads it all:
 *
 *     static struct quire_boot_module modules[16];
 *     struct quire_boot_view all = {.bytes = DIRECT_MAP, .base = 0, .n_bytes = 4ull << 30};
 *     struct quire_boot_info info = {.modules = modules, .capacity = 16};
 *     if (!quire_pvh_read(&map, &info, &all, start_info_pa, &report))
 *         panic("this is no PVH loader");
 *
 * It adds to the map, byte for byte, what is usable, reclaimable and reserved, and reserves what the kernel still wants to
 * read: the structure itself, its lists, the modules, all texts. The kernel's image, its stack and its page tables are the
 * caller's to add: only it knows their physical addresses. */
#ifndef QUIRE_BOOT_LOADER_H
#define QUIRE_BOOT_LOADER_H

#include "regions.h"
#include "report.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Physical memory that can be read: [base, base + n_bytes) is at `bytes`, which may be NULL where address 0 is address 0.
 * Nothing outside is read, whatever an address in the structures says. */
struct quire_boot_view {
    const void *bytes;
    quire_pa base;
    uint64_t n_bytes;
};

/* A file that the boot loader has put into memory, an initial RAM disk for example. */
struct quire_boot_module {
    quire_pa base;
    uint64_t n_bytes; /* may be 0 */
    const char *text; /* its name or command line, in the view; "" when there is none */
};

struct quire_boot_info {
    struct quire_boot_module *modules; /* the caller's array. The first `capacity` are stored */
    size_t capacity;
    /* What a reader fills in. */
    size_t n_modules;         /* how many there are */
    const char *command_line; /* of the kernel, in the view; "" when there is none */
    quire_pa rsdp;            /* ACPI's root pointer, or a copy of it; QUIRE_NONE: not said */
};

#ifdef __cplusplus
}
#endif

#endif
