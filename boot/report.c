/* report.c: problems of memory maps in words. */
#include "report.h"

#include <stddef.h>

const char *quire_boot_status_text(enum quire_boot_status status) {
    static const char *const text[] = {
        [QUIRE_BOOT_OK] = "all is well",
        [QUIRE_BOOT_MAGIC] = "it does not begin as it should",
        [QUIRE_BOOT_OUTSIDE] = "it lies outside of what can be read",
        [QUIRE_BOOT_NO_MAP] = "there is no memory map",
        [QUIRE_BOOT_SERVICES] = "boot services still run, so no memory is free for the kernel",
        [QUIRE_BOOT_VERSION] = "its version is unknown",
        [QUIRE_BOOT_STRIDE] = "its entries are too short",
        [QUIRE_BOOT_CUT] = "it ends in the middle of an entry",
        [QUIRE_BOOT_TAG] = "it can not go on like this",
        [QUIRE_BOOT_TEXT] = "a text has no end",
        [QUIRE_BOOT_MODULE] = "a module ends before it begins",
        [QUIRE_BOOT_UNMARKED] = "no entry is marked as valid, so the mark does not count",
        [QUIRE_BOOT_EMPTY] = "it has no bytes",
        [QUIRE_BOOT_WRAP] = "it runs past the end of the address space",
        [QUIRE_BOOT_TYPE] = "its type is unknown",
        [QUIRE_BOOT_INVALID] = "it is marked as not valid",
        [QUIRE_BOOT_UNALIGNED] = "it does not begin with a page",
        [QUIRE_BOOT_UNCACHED] = "it can not be cached",
    };
    return (size_t)status < sizeof text / sizeof *text ? text[status] : "unknown status";
}
