/* report.h: what is wrong with a memory map that firmware or a boot loader gave, in words.
 *
 * Firmware makes mistakes, and a kernel should start all the same. So each reader of boot/ tells of every problem, uses
 * what it can understand, and in doubt reserves memory or leaves it alone. (The device tree has a list of its own, fdt.h.)
 *
 *     static void print_problem(void *context, const struct quire_boot_problem *p) {
 *         print("%s, entry %u: %s (%llx, %llx bytes, type %llx)\n", p->where, p->entry, quire_boot_status_text(p->status), ..);
 *     }
 *     struct quire_boot_report report = {.tell = print_problem};
 *     quire_e820_regions(&map, entries, n_bytes, 24, &report); */
#ifndef QUIRE_BOOT_REPORT_H
#define QUIRE_BOOT_REPORT_H

#include <quire/region.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is wrong, and then what is made of it. */
enum quire_boot_status {
    QUIRE_BOOT_OK,
    /* The whole. */
    QUIRE_BOOT_MAGIC,    /* it does not begin as it should: refused */
    QUIRE_BOOT_OUTSIDE,  /* it lies, or part of it, outside of what can be read: as if that were not there */
    QUIRE_BOOT_NO_MAP,   /* it has no memory map: what is said in another way is used, if there is any */
    QUIRE_BOOT_SERVICES, /* UEFI's boot services still run, and hand out memory: nothing is usable */
    QUIRE_BOOT_VERSION,  /* of a version that is not known: read as the one that is */
    QUIRE_BOOT_STRIDE,   /* entries shorter than what must be in them: the list is passed over, or what is left of it */
    QUIRE_BOOT_CUT,      /* it ends in the middle of an entry: those that are whole are used */
    QUIRE_BOOT_TAG,      /* a tag or list that can not go on like this: what stood before is used */
    QUIRE_BOOT_TEXT,     /* a text has no end within 64 KiB: as if it were not there */
    QUIRE_BOOT_MODULE,   /* a module ends before it begins: passed over */
    QUIRE_BOOT_UNMARKED, /* no entry is marked as valid, so nobody fills in the mark: it does not count */
    /* An entry of the map. */
    QUIRE_BOOT_EMPTY,     /* no bytes: passed over */
    QUIRE_BOOT_WRAP,      /* runs past 2^64, or is 2^64 - 1 bytes long: not used, or reserved up to there */
    QUIRE_BOOT_TYPE,      /* a type that no specification knows: reserved */
    QUIRE_BOOT_INVALID,   /* marked as not valid: not used. If it is reserved, it stays so */
    QUIRE_BOOT_UNALIGNED, /* does not begin with a page of UEFI, 4 KiB: the frames that lie in it as a whole are used */
    QUIRE_BOOT_UNCACHED,  /* memory that can not be cached (no write-back): reserved */
};

/* What is wrong, in words: "its type is unknown". Never NULL. */
const char *quire_boot_status_text(enum quire_boot_status status);

struct quire_boot_problem {
    enum quire_boot_status status;
    const char *where; /* what it is about: "E820", "PVH", "Multiboot 2"; lasts for ever */
    uint32_t entry;    /* which entry, tag or module of it, from 0 */
    quire_pa base;     /* the range, as it is said there; 0 and 0 where it is about none */
    uint64_t n_bytes;
    uint64_t type; /* the number that the format gives its type */
};

/* Where problems go. A report may be used for several readers, one after the other. */
struct quire_boot_report {
    void (*tell)(void *context, const struct quire_boot_problem *problem); /* NULL: they are only counted */
    void *context;
    uint32_t n_problems; /* starts with 0 */
};

#ifdef __cplusplus
}
#endif

#endif
