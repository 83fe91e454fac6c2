/* blob.h: device tree blobs for the tests, and what is in them: by our reader and by libfdt. */
#ifndef TESTS_BOOT_BLOB_H
#define TESTS_BOOT_BLOB_H

#include "boot/fdt.h"

/* A blob in memory that traps on both sides: the byte behind the blob, or the one before it, is not mapped. */
struct fence {
    uint8_t *low;  /* first byte that may be touched */
    uint8_t *high; /* first byte behind that may not */
};
struct fence fence_make(size_t n_bytes);
void fence_remove(struct fence fence);

/* The file `name`.dtb among the blobs that the build made, cut to the size that is in use. free() it. */
uint8_t *blob_load(const char *name, size_t *n_bytes);

#define FACT_NODES 8u /* numbers from here on do not count */

/* All that a reader says of a blob. */
struct facts {
    struct quire_region regions[128]; /* as they were added: neither sorted nor merged */
    size_t n_regions;
    struct quire_fdt_memory memory[64];
    size_t n_memory;
    struct quire_fdt_reserved reserved[128];
    size_t n_reserved;
    uint64_t cpus[16];
    size_t n_cpus;
    uint32_t cpu_nodes[16];
    unsigned n_nodes;
    uint8_t distance[FACT_NODES * FACT_NODES];
    uint64_t timebase_hz;
    uint32_t boot_cpu;
    struct quire_region initrd; /* end 0: none */
    const char *bootargs;
};

struct facts facts_read(const struct quire_fdt *fdt); /* by our reader */
struct facts facts_libfdt(const void *blob);          /* by libfdt, which shares no line with it */

/* What is wrong with a blob. */
struct problems {
    struct {
        enum quire_fdt_status status;
        uint32_t where;
    } at[128];
    size_t n;
};

void problems_add(struct problems *problems, enum quire_fdt_status status, uint32_t where);
void problems_collect(void *problems, const struct quire_fdt_problem *problem); /* to be called by our reader */
void problems_libfdt(const void *blob, struct problems *problems);

/* Whether they are the same, in whatever order; prints the first that is not. */
bool problems_equal(const char *name, const struct problems *expected, const struct problems *got);

bool region_equal(const struct quire_region *a, const struct quire_region *b);

/* Whether all facts are the same, or all of the two lists; prints the first that is not. */
bool facts_equal(const char *name, const struct facts *expected, const struct facts *got);
bool lists_equal(const char *name, const struct facts *expected, const struct facts *got);

/* What quire_fdt_device_registers should say, by libfdt. */
size_t device_libfdt(const void *blob, const char *compatible, struct quire_region *registers, size_t capacity);

/* Whether the reader and libfdt agree on every device in the blob, by each name that it is compatible with. */
bool devices_equal(const char *name, const struct quire_fdt *fdt);

#endif
