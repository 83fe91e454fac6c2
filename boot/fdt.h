/* fdt.h: what a kernel wants to know at boot from a flattened device tree.
 *
 * The format is that of the Devicetree Specification, release v0.4, chapter 5; the meaning of nodes and properties
 * is in its chapters 2 and 3. Names that begin with "linux," are from Linux's bindings: chosen.yaml and
 * reserved-memory.yaml of dt-schema, and Documentation/devicetree/bindings/numa.txt.
 *
 *     struct quire_fdt fdt;
 *     if (quire_fdt_open(&fdt, blob, n_readable, print_problem, NULL) != QUIRE_FDT_OK)
 *         panic("device tree: %s, at byte %u", quire_fdt_status_text(fdt.status), fdt.where);
 *     quire_fdt_regions(&fdt, &map);
 *     quire_regions_add(&map, blob_pa, fdt.n_bytes, QUIRE_RESERVED);
 *     quire_regions_add(&map, kernel_pa, kernel_bytes, QUIRE_RESERVED);
 *
 * Firmware makes mistakes, so a blob can be read in two ways.
 *   lenient  quire_fdt_open. Each problem is reported, and everything that can be understood is used. In doubt memory is
 *            reserved rather than used. Only a blob whose form is damaged (chapter 5) is refused: what stood behind the
 *            damage is lost, and some of it may have said what is reserved.
 *   strict   quire_fdt_open_strict. The first problem refuses the whole blob, the same that the lenient way would report
 *            first. A blob without problems reads the same in both ways.
 *
 * A blob is checked once, as a whole, when it is opened; the questions after that can not fail, they only find
 * nothing. No byte outside [blob, blob + n_readable) is ever read, whatever the blob says, and each call ends after a
 * number of steps that the blob's size bounds. The blob may lie at any alignment and is never written. It must
 * stay where it is while it is used: nothing is copied out of it. Nothing is allocated; at most 1792 bytes of stack are
 * used, optimised, besides what the caller's function for problems needs.
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

/* ---- problems ------------------------------------------------------------------------------------------- */

/* What is wrong, and then what the lenient way makes of it. */
enum quire_fdt_status {
    QUIRE_FDT_OK,
    /* The form of the blob. Where nothing else is said, it is refused in both ways. */
    QUIRE_FDT_NO_HEADER,    /* fewer readable bytes than a header has */
    QUIRE_FDT_MAGIC,        /* not a device tree */
    QUIRE_FDT_VERSION,      /* older than version 17, or not compatible with it */
    QUIRE_FDT_SIZE,         /* the blob's own size is impossible or more than what is readable */
    QUIRE_FDT_BLOCK,        /* a block lies outside the blob, or is misaligned */
    QUIRE_FDT_RESERVATIONS, /* the memory reservation block has no end: whatever lies before the next block counts */
    QUIRE_FDT_TOKEN,        /* the structure block holds a token that is unknown or out of place */
    QUIRE_FDT_NAME,     /* a name is not inside its block. A node's: refused. A property's: the property is skipped */
    QUIRE_FDT_PROPERTY, /* the value of a property runs out of the structure block */
    QUIRE_FDT_DEPTH,    /* nodes nested deeper than QUIRE_FDT_MAX_DEPTH: they are skipped */
    QUIRE_FDT_NO_END,   /* the structure block stops in the middle of the tree */
    /* What the nodes mean. Refused in the strict way only. */
    QUIRE_FDT_CELLS,     /* #address-cells or #size-cells is no number, over 2 where it is about memory or CPUs, or says
                              that memory has no size: what is in such cells is not used, but see quire_fdt_regions */
    QUIRE_FDT_REG,       /* ranges are not a whole number of entries: those that are whole are used. For reserved memory
                              see quire_fdt_regions */
    QUIRE_FDT_STRING,    /* bootargs is not a string: it is used if a NUL follows it at once */
    QUIRE_FDT_INITRD,    /* linux,initrd-start and -end are no addresses, in the wrong order, or one without the other:
                              there is no initrd */
    QUIRE_FDT_TIMEBASE,  /* timebase-frequency is no number: not used */
    QUIRE_FDT_OWN_CELLS, /* /reserved-memory has other cells than the root, which section 3.5 advises against. They
                              are used if it says them and a range can be written in them, else the root's. It must say
                              them; if it does not, this is told only where the defaults differ from the root's */
    QUIRE_FDT_RANGES,    /* the ranges of /reserved-memory are not empty (3.5): reserved are both the addresses as they
                              stand and what they translate to */
    QUIRE_FDT_NOTHING,   /* memory without reg, reserved memory with neither reg nor size, a linux,usable-memory-range
                              without bytes: as if it were not there */
    QUIRE_FDT_REQUEST,   /* size, alignment or alloc-ranges are not as wide as the cells say, no power of two, or no
                              numbers at all: used where a number can be read, else the request is not listed */
    QUIRE_FDT_FLAGS,     /* both no-map and reusable, which exclude each other (3.5): no-map counts */
    QUIRE_FDT_NUMA,      /* numa-node-id is no number of 32 bits: not used; distance-matrix is not a whole number of
                              rows of three cells: those that are whole are used */
    QUIRE_FDT_DEVICE_TYPE, /* a node that is called memory has no device_type (3.4): it is not used */
};

/* What is wrong, in words: "a token is unknown or out of place". Never NULL. */
const char *quire_fdt_status_text(enum quire_fdt_status status);

struct quire_fdt_problem {
    enum quire_fdt_status status; /* what is wrong; quire_fdt_status_text has it in words */
    const char *path;             /* of the node: "/reserved-memory/region@1000"; "" if it is about no node. Printable
                                     ASCII, other bytes are '?'. Where it does not fit into QUIRE_FDT_PATH_BYTES, the front is
                                     left out, and it begins with "..." */
    const char *property;         /* its name: "reg"; "" if it is about the node */
    uint32_t where;               /* the byte of the blob that it is about */
};

#define QUIRE_FDT_PATH_BYTES 192u

/* Called for each problem, while the blob is opened, in the order of the blob. The strings last as long as the call. It
 * may do what the kernel can do at that time; of this reader, it may call quire_fdt_status_text. */
typedef void quire_fdt_report(void *context, const struct quire_fdt_problem *problem);

/* ---- opening -------------------------------------------------------------------------------------------- */

#define QUIRE_FDT_MAX_DEPTH 32u /* nodes open at a time, the root included */

/* An open blob. For the caller: status, where, n_problems, n_bytes, boot_cpu; the rest belongs to the reader. */
struct quire_fdt {
    enum quire_fdt_status status; /* what opening it returned */
    uint32_t where;               /* unless OK: the byte of the blob that it is about */
    uint32_t n_problems;          /* how many were reported, or would have been with a callback */
    uint32_t n_bytes;             /* length of the blob, to be reserved with it */
    uint32_t boot_cpu;            /* hart id of the CPU that booted, boot_cpuid_phys (section 5.2) */
    const uint8_t *blob;
    uint32_t structure, structure_end; /* half-open ranges of bytes in the blob */
    uint32_t strings, strings_end;
    uint32_t reservations, reservations_end;
};

/* Checks a blob and makes it ready for the other calls, the lenient way. n_readable is how much may be read at `blob`; it
 * may be more than the blob, which says its own length. `report` is called with `context` for each problem; NULL: they
 * are only counted. Returns fdt->status: OK, also where there were problems, or why the blob was refused, which is
 * reported, too. A blob that was refused answers every question with "nothing". */
enum quire_fdt_status quire_fdt_open(struct quire_fdt *fdt, const void *blob, size_t n_readable,
                                     quire_fdt_report *report, void *context);

/* The same the strict way: the first problem refuses the blob. */
enum quire_fdt_status quire_fdt_open_strict(struct quire_fdt *fdt, const void *blob, size_t n_readable);

/* ---- memory --------------------------------------------------------------------------------------------- */

/* Adds to `map`, byte for byte:
 *   usable    what quire_fdt_memory lists
 *   reserved  the memory reservation block (5.3); the children of /reserved-memory (3.5) that have a reg, no-map or
 *             not; the initrd; linux,elfcorehdr of /chosen, by which a crash kernel finds the memory of the one before
 * The kernel image and the blob itself are the caller's to add: only it knows their physical addresses.
 *
 * A list that is not a whole number of entries, or whose cells hold no size, reserves something all the same: its whole
 * entries, and more. If the node's name has an address other than 0, as "ramoops@b000000" has, the list is also read with
 * 1 or 2 cells for each number. Such a reading counts if it is whole, begins at that address, and has no entry without
 * bytes; of several, the one with the least memory is reserved. If none counts, what is left is taken for an address and
 * as much of a size as there is, or for one byte at that address. */
void quire_fdt_regions(const struct quire_fdt *fdt, struct quire_regions *map);

#define QUIRE_FDT_NO_NUMA_NODE UINT32_MAX

struct quire_fdt_memory {
    quire_pa base;
    uint64_t n_bytes;   /* more than 0. The end may lie beyond that of the address space */
    uint32_t numa_node; /* numa-node-id, or QUIRE_FDT_NO_NUMA_NODE: not said */
    bool hotpluggable;  /* it may be taken away while the kernel runs */
};

/* The memory nodes: children of the root with device_type "memory" (section 3.4). Each entry of linux,usable-memory or,
 * where a node has none, of reg, cut to linux,usable-memory-range of /chosen, if that says something. If it can not be
 * read there is no usable memory: a crash kernel must not overwrite what it is there to save. Bytes of reserved memory
 * are not left out. The first `capacity` are stored. Returns how many there are. */
size_t quire_fdt_memory(const struct quire_fdt *fdt, struct quire_fdt_memory *memory, size_t capacity);

/* Memory that a child of /reserved-memory has or asks for. */
struct quire_fdt_reserved {
    const char *name;            /* the node's, inside the blob: "linux,cma" */
    quire_pa base;               /* QUIRE_NONE: a request, which has no place yet */
    uint64_t n_bytes;            /* more than 0 */
    uint64_t alignment;          /* of a request: a power of two, not less than QUIRE_PAGE_SIZE; else 0 */
    bool no_map;                 /* not to be mapped, nor read ahead from (3.5) */
    bool reusable;               /* the kernel may use it for what can be moved away when the owner needs it (3.5) */
    uint32_t ranges, ranges_end; /* alloc-ranges in the blob, for quire_fdt_place; none: anywhere */
    uint8_t address_cells, size_cells;
};

/* The children of /reserved-memory: each piece that quire_fdt_regions reserves for them, and a request for each okay node
 * that has a size and no reg. The first `capacity` are stored. Returns how many there are. */
size_t quire_fdt_reserved(const struct quire_fdt *fdt, struct quire_fdt_reserved *reserved, size_t capacity);

/* Gives a request the lowest place in the first of its alloc-ranges that has one, in a normalised map to which all
 * that is in use has been added, and reserves it there; quire_regions_place says how. Sets request->base.
 *   true   it has a place. One that had one before is left alone
 *   false  there is none, or the map has no room for another entry (map->n == map->capacity); nothing was changed */
bool quire_fdt_place(const struct quire_fdt *fdt, struct quire_fdt_reserved *request, struct quire_regions *map);

/* ---- the rest ------------------------------------------------------------------------------------------- */

/* The initial RAM disk: linux,initrd-start and -end of /chosen, 32 or 64 bits wide, the end exclusive (dt-schema,
 * chosen.yaml). False: there is none, or an empty one. */
bool quire_fdt_initrd(const struct quire_fdt *fdt, struct quire_region *initrd);

/* The kernel's command line (section 3.6), inside the blob; "" when there is none. */
const char *quire_fdt_bootargs(const struct quire_fdt *fdt);

/* The hart ids of the usable CPUs: each reg entry of the children of /cpus with device_type "cpu" (section 3.8). The
 * first `capacity` ids are stored. Returns how many there are. */
size_t quire_fdt_cpus(const struct quire_fdt *fdt, uint64_t *hart_ids, size_t capacity);

/* ---- nodes of memory: nearer to some CPUs than to others (numa.txt) --------------------------------------- */

/* numa-node-id of each CPU that quire_fdt_cpus lists, in the same order, or QUIRE_FDT_NO_NUMA_NODE: not said. The first
 * `capacity` are stored. Returns how many there are. */
size_t quire_fdt_cpu_nodes(const struct quire_fdt *fdt, uint32_t *nodes, size_t capacity);

/* How many nodes there are: 1 and the highest numa-node-id of memory and CPUs, of those below `most`, which do not count. */
unsigned quire_fdt_n_nodes(const struct quire_fdt *fdt, unsigned most);

/* Says of all memory in a normalised map which of n_nodes nodes it is near to (quire_regions_set_node). Memory of which
 * nothing is said, or a number of n_nodes or more, stays node 0's. To be called last: normalising a map forgets nodes.
 *   false  the map has no room for another entry: some memory is node 0's that is not. Each piece that quire_fdt_memory
 *          lists may take two more */
bool quire_fdt_set_nodes(const struct quire_fdt *fdt, struct quire_regions *map, unsigned n_nodes);

/* How far it is from each of n_nodes nodes to each: n_nodes rows of as many, from the first okay node that is compatible
 * with "numa-distance-map-v1". A distance that is said one way only is so both ways, 255 stands for all above, and what is
 * less than 10 does not count. A node is 10 from itself, and 20 from another of which nothing is said. */
void quire_fdt_distances(const struct quire_fdt *fdt, uint8_t *distance, unsigned n_nodes);

/* ---- time and devices ------------------------------------------------------------------------------------- */

/* Ticks per second of the time base: timebase-frequency of /cpus or, failing that, of the first usable CPU that says it
 * (sections 3.7 and 3.8.1). 0: not said. */
uint64_t quire_fdt_timebase_hz(const struct quire_fdt *fdt);

/* Where the first device that is compatible with `compatible` has its registers: the first entry of its reg, as the
 * CPU addresses it, that is, translated through the `ranges` of the buses above it (sections 2.3.6 and 2.3.8).
 * False: no such device that is okay and that the CPU can address. */
bool quire_fdt_device(const struct quire_fdt *fdt, const char *compatible, struct quire_region *registers);

/* The same for a device with several entries in its reg: those up to the first one that the CPU can not address. The first
 * `capacity` are stored. Returns how many there are; 0 where quire_fdt_device finds nothing. */
size_t quire_fdt_device_registers(const struct quire_fdt *fdt, const char *compatible, struct quire_region *registers,
                                  size_t capacity);

/* A property that is text, inside the blob, of the first okay device that is compatible with `compatible` and has one; of
 * several strings the first. NULL: there is none. */
const char *quire_fdt_device_text(const struct quire_fdt *fdt, const char *compatible, const char *property);

#ifdef __cplusplus
}
#endif

#endif
