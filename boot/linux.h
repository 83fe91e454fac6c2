/* linux.h: what a loader of Linux hands to a kernel on x86: the "zero page", struct boot_params. Every virtual machine monitor
 * and boot loader knows it, kexec too.
 *
 * The source is Linux' Documentation/arch/x86/zero-page.rst and boot.rst (boot protocol 2.09 and later). The kernel is entered
 * with the physical address of the page in ESI or RSI. The types of memory are those of e820.h. */
#ifndef QUIRE_BOOT_LINUX_H
#define QUIRE_BOOT_LINUX_H

#include "loader.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the page at a physical address (loader.h): the 128 entries that it has room for, those that go on in the list
 * setup_data, which is reserved as a whole, and as its only module the initial RAM disk.
 *   false  it lies outside of the view, or its header does not say "HdrS": nothing was added
 * Cost: O(entries + bytes of text). */
bool quire_linux_read(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                      quire_pa at, struct quire_boot_report *report);

#ifdef __cplusplus
}
#endif

#endif
