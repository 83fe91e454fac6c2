/* fdt.h: what a kernel wants to know at boot from a flattened device tree.
 *
 * The format is that of the Devicetree Specification, release v0.4, chapter 5; the meaning of nodes and properties
 * is in its chapters 2 and 3.
 *
 *     struct quire_fdt fdt;
 *     if (quire_fdt_open(&fdt, blob, n_readable) != QUIRE_FDT_OK)
 *         panic("device tree: %s, at byte %u", quire_fdt_status_text(fdt.status), fdt.where);
 *     quire_fdt_regions(&fdt, &map);
 *     quire_regions_add(&map, blob_pa, fdt.n_bytes, QUIRE_RESERVED);
 *     quire_regions_add(&map, kernel_pa, kernel_bytes, QUIRE_RESERVED);
 *
 * A blob is checked once, as a whole, when it is opened; the questions after that can not fail, they only find
 * nothing. No byte outside [blob, blob + n_readable) is ever read, whatever the blob says, and each call ends after a
 * number of steps that the blob's size bounds. The blob may lie at any alignment and is never written. It must
 * stay where it is while it is used: nothing is copied out of it. Nothing is allocated; stack use stays under 2 KiB.
 *
 * A node whose status is not "okay" (section 2.3.4), or that lies below such a node, is as good as absent, with
 * one exception: memory reserved by it stays reserved. */
#ifndef QUIRE_BOOT_FDT_H
#define QUIRE_BOOT_FDT_H

#include "regions.h"
#include <quire/region.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum quire_fdt_status {
    QUIRE_FDT_OK,
    QUIRE_FDT_NO_HEADER,    /* fewer readable bytes than a header has */
    QUIRE_FDT_MAGIC,        /* not a device tree */
    QUIRE_FDT_VERSION,      /* older than version 17, or not compatible with it */
    QUIRE_FDT_SIZE,         /* the blob's own size is impossible or more than what is readable */
    QUIRE_FDT_BLOCK,        /* a block lies outside the blob, or is misaligned */
    QUIRE_FDT_RESERVATIONS, /* the memory reservation block has no end */
    QUIRE_FDT_TOKEN,        /* the structure block holds a token that is unknown or out of place */
    QUIRE_FDT_NAME,         /* the name of a node or of a property is not inside its block */
    QUIRE_FDT_PROPERTY,     /* the value of a property runs out of the structure block */
    QUIRE_FDT_DEPTH,        /* nodes nested deeper than QUIRE_FDT_MAX_DEPTH */
    QUIRE_FDT_NO_END,       /* the structure block stops in the middle of the tree */
    QUIRE_FDT_CELLS,        /* #address-cells or #size-cells is no number, or over 2 where it is about memory or CPUs */
    QUIRE_FDT_REG,          /* the reg of memory, of reserved memory or of a CPU is not a whole number of entries */
    QUIRE_FDT_STRING,       /* bootargs is not a string */
    QUIRE_FDT_INITRD,       /* linux,initrd-start and -end are no addresses, or in the wrong order */
    QUIRE_FDT_TIMEBASE,     /* timebase-frequency is no number */
};

#define QUIRE_FDT_MAX_DEPTH 32u /* nodes open at a time, the root included */

/* An open blob. For the caller: status, where, n_bytes, boot_cpu; the rest belongs to the reader. */
struct quire_fdt {
    enum quire_fdt_status status; /* what quire_fdt_open returned */
    uint32_t where;               /* unless OK: the byte of the blob that it is about */
    uint32_t n_bytes;             /* length of the blob, to be reserved with it */
    uint32_t boot_cpu;            /* hart id of the CPU that booted, boot_cpuid_phys (section 5.2) */
    const uint8_t *blob;
    uint32_t structure, structure_end; /* half-open ranges of bytes in the blob */
    uint32_t strings, strings_end;
    uint32_t reservations, reservations_end;
};

/* Checks a blob and makes it ready for the other calls. n_readable is how much may be read at `blob`; it may be more
 * than the blob, which says its own length. Returns fdt->status. A blob that was refused answers every question with
 * "nothing". */
enum quire_fdt_status quire_fdt_open(struct quire_fdt *fdt, const void *blob, size_t n_readable);

/* What is wrong, in words: "a token is unknown or out of place". Never NULL. */
const char *quire_fdt_status_text(enum quire_fdt_status status);

/* Adds to `map`, byte for byte:
 *   usable    each reg entry of the memory nodes: children of the root with device_type "memory" (section 3.4)
 *   reserved  the memory reservation block (5.3); the children of /reserved-memory (3.5) that have a reg, no-map or
 *             not (the others ask for memory that nobody has placed yet); the initrd
 * The kernel image and the blob itself are the caller's to add: only it knows their physical addresses. */
void quire_fdt_regions(const struct quire_fdt *fdt, struct quire_regions *map);

/* The initial RAM disk: linux,initrd-start and -end of /chosen, 32 or 64 bits wide, the end exclusive (dt-schema,
 * chosen.yaml). False: there is none, or an empty one. */
bool quire_fdt_initrd(const struct quire_fdt *fdt, struct quire_region *initrd);

/* The kernel's command line (section 3.6), inside the blob; "" when there is none. */
const char *quire_fdt_bootargs(const struct quire_fdt *fdt);

/* The hart ids of the usable CPUs: each reg entry of the children of /cpus with device_type "cpu" (section 3.8). The
 * first `capacity` ids are stored. Returns how many there are. */
size_t quire_fdt_cpus(const struct quire_fdt *fdt, uint64_t *hart_ids, size_t capacity);

/* Ticks per second of the time base: timebase-frequency of /cpus or, failing that, of the first usable CPU that says it
 * (sections 3.7 and 3.8.1). 0: not said. */
uint64_t quire_fdt_timebase_hz(const struct quire_fdt *fdt);

/* Where the first device that is compatible with `compatible` has its registers: the first entry of its reg, as the
 * CPU addresses it, that is, translated through the `ranges` of the buses above it (sections 2.3.6 and 2.3.8).
 * False: no such device that is okay and that the CPU can address. */
bool quire_fdt_device(const struct quire_fdt *fdt, const char *compatible, struct quire_region *registers);

#ifdef __cplusplus
}
#endif

#endif
