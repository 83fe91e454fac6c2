/* acpi.h: what a kernel wants to know at boot from ACPI: its CPUs, which memory is near to which of them, and how far it is.
 *
 * The formats are those of the ACPI Specification, release 6.5: RSDP (5.2.5.3), table header (5.2.6), RSDT (5.2.7), XSDT
 * (5.2.8), MADT (5.2.12), SRAT (5.2.16) and SLIT (5.2.17).
 *
 *     struct quire_acpi acpi;
 *     quire_acpi_open(&acpi, rsdp, n_readable, map_physical, print_problem, NULL);
 *     size_t n_cpus = quire_acpi_cpus(&acpi, cpus, MAX_CPUS);
 *     quire_regions_normalise(&map);
 *     quire_acpi_set_nodes(&acpi, &map);
 *     quire_acpi_distances(&acpi, distance);
 *     struct quire_config config = {.n_cpus = .., .n_nodes = acpi.n_nodes, .node_of_cpu = .., .distance = distance};
 *
 * Nodes. ACPI calls them proximity domains and numbers them as it likes, with 32 bits. Here they are 0..n_nodes-1, in the
 * order of the domains' numbers, and acpi.domain[node] is that number. So firmware that counts from 0 without a gap
 * and this reader give a node the same number. A domain counts if enabled memory or an enabled CPU is in it.
 *
 * Firmware makes mistakes. Each is reported, in words, when ACPI is opened, and everything that can be understood is used.
 * Nothing that ACPI says wrongly makes memory usable: the memory map comes from elsewhere. A table whose checksum is wrong is
 * not used: a kernel without these tables boots, on one CPU and one node.
 *
 * The tables lie in physical memory, which the caller's function maps. No byte is read that it has not mapped, whatever
 * the tables say, and each call ends after a number of steps that QUIRE_ACPI_MAX_BYTES bounds. Tables are never written.
 * Nothing is allocated; less than 1 KiB of stack is used, optimised, beside what the caller's functions need. */
#ifndef QUIRE_BOOT_ACPI_H
#define QUIRE_BOOT_ACPI_H

#include "regions.h"
#include <quire/region.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- problems ------------------------------------------------------------------------------------------- */

/* What is wrong, and then what is made of it. */
enum quire_acpi_status {
    QUIRE_ACPI_OK,
    /* Nothing is known. */
    QUIRE_ACPI_RSDP, /* no RSDP: too few readable bytes, another signature, or a wrong checksum */
    QUIRE_ACPI_ROOT, /* neither the XSDT nor the RSDT can be used */
    /* About a table. */
    QUIRE_ACPI_EXTENDED,  /* the part of the RSDP that version 2.0 added is damaged: the RSDT is used */
    QUIRE_ACPI_UNMAPPED,  /* the caller's function did not map it: not used */
    QUIRE_ACPI_SIGNATURE, /* something else lies where the RSDP says that the XSDT or RSDT is: not used */
    QUIRE_ACPI_LENGTH, /* it is shorter than what all tables of its kind have, longer than QUIRE_ACPI_MAX_BYTES, or ends
                             beyond the address space: not used */
    QUIRE_ACPI_CHECKSUM, /* its bytes do not sum up to 0: not used */
    QUIRE_ACPI_NULL,     /* address 0 in the list of tables: skipped */
    QUIRE_ACPI_AGAIN,    /* a second table of its kind: the first counts */
    /* About an entry of a table. */
    QUIRE_ACPI_ENTRY,     /* its length is 0 or 1, or more than what is left: those before it count */
    QUIRE_ACPI_SHORT,     /* too short for its type: skipped */
    QUIRE_ACPI_CPU_ID,    /* an enabled CPU has the APIC id that addresses all of them: skipped */
    QUIRE_ACPI_CPU_TWICE, /* a CPU that an earlier entry is about: the earlier one counts */
    QUIRE_ACPI_EMPTY,     /* enabled memory without bytes: skipped */
    QUIRE_ACPI_WRAP,      /* memory runs past the end of the address space: cut there */
    QUIRE_ACPI_OVERLAP,   /* memory that an earlier entry puts into another domain: the later one counts */
    QUIRE_ACPI_DOMAINS,   /* more than QUIRE_ACPI_MAX_NODES domains: those with the lowest numbers count; told once */
    QUIRE_ACPI_NO_MEMORY, /* a domain has CPUs, but no memory: it is a node all the same. Told at its first CPU */
    /* About distances. Of each kind the first is told. */
    QUIRE_ACPI_SLIT_SIZE,  /* the SLIT is too short for so many localities: not used */
    QUIRE_ACPI_LOCALITIES, /* a domain is not in the SLIT: it counts as 20 from all others */
    QUIRE_ACPI_DISTANCE, /* a distance is below 10, or that of a domain from itself is not 10: it counts as 20, or 10 */
    QUIRE_ACPI_UNREACHABLE, /* 255, from here one can not get there: it counts as a distance, the largest. Memory that a
                               CPU can not reach must not be given to the allocator */
};

/* What is wrong, in words: "the bytes do not sum up to 0". Never NULL. */
const char *quire_acpi_status_text(enum quire_acpi_status status);

struct quire_acpi_problem {
    enum quire_acpi_status status; /* what is wrong; quire_acpi_status_text has it in words */
    const char *table;             /* which table: "RSDP", "XSDT", "RSDT", "APIC" (the MADT), "SRAT", "SLIT" */
    uint32_t where;                /* the byte of the table that it is about */
};

/* Called for each problem while ACPI is opened. It may do what the kernel can do at that time; of this reader, it may call
 * quire_acpi_status_text. */
typedef void quire_acpi_report(void *context, const struct quire_acpi_problem *problem);

/* ---- opening -------------------------------------------------------------------------------------------- */

#define QUIRE_ACPI_MAX_NODES 64u         /* as QUIRE_MAX_NODES of quire.h */
#define QUIRE_ACPI_MAX_BYTES (1ul << 19) /* of a table: an SRAT of 16384 CPUs is smaller */

/* Makes physical memory readable: n_bytes from `pa` on, more than 0, at most QUIRE_ACPI_MAX_BYTES, not past the end of the
 * address space. Returns where they are, at any alignment, or NULL: they can not be read. They have to stay readable until
 * the function is called again or the call of this reader returns, whichever is first: a kernel needs one window only. */
typedef const void *quire_acpi_map(void *context, quire_pa pa, size_t n_bytes);

struct q_acpi_table {
    quire_pa pa;
    uint32_t n_bytes; /* 0: there is none */
};

/* For the caller: status, n_problems, n_nodes, domain; the rest belongs to the reader. */
struct quire_acpi {
    enum quire_acpi_status status; /* OK, RSDP or ROOT */
    uint32_t n_problems;           /* how many were reported, or would have been with a callback */
    unsigned n_nodes;              /* 1 to QUIRE_ACPI_MAX_NODES; 1 also where ACPI says nothing of nodes */
    /* The proximity domain of each node, ascending; {0}, where ACPI says nothing. */
    uint32_t domain[QUIRE_ACPI_MAX_NODES];
    quire_acpi_map *map;
    void *context;
    struct q_acpi_table madt, srat, slit;
};

/* Looks for the RSDP in bytes that the caller has mapped, at multiples of 16 from the first one on, as 5.2.5.1 says for
 * PCs: in the first KiB of the extended BIOS data area, whose segment the 16-bit word at 0x40E holds, then in
 * [0xE0000, 0x100000). True: *offset is where it begins. Others are told by the loader or by firmware where it is. */
bool quire_acpi_find_rsdp(const void *bytes, size_t n_bytes, size_t *offset);

/* Finds the tables that this reader knows, checks each and makes ready for the other calls. n_readable is how much may be
 * read at `rsdp`, which may be a copy: 36 bytes, or 20 where that is all there is, as in an old one that a loader hands
 * over; NULL and 0 if there is none. `map` and `report` are called with `context`; report NULL: problems are only counted.
 * Returns acpi->status: OK, also where there were problems or no table is of use, or why nothing is known.
 * Cost: O(bytes of the tables + CPUs^2 + ranges of memory^2). */
enum quire_acpi_status quire_acpi_open(struct quire_acpi *acpi, const void *rsdp, size_t n_readable,
                                       quire_acpi_map *map, quire_acpi_report *report, void *context);

/* ---- CPUs ----------------------------------------------------------------------------------------------- */

enum quire_acpi_cpu_kind {
    QUIRE_ACPI_CPU_APIC, /* x86: `id` is the local APIC id; from 255 on it can only be reached in x2APIC mode */
    QUIRE_ACPI_CPU_GIC,  /* Arm: `id` is the MPIDR, which PSCI wants */
};

struct quire_acpi_cpu {
    uint64_t id;
    uint32_t uid;  /* by which other tables and the ACPI name space know it, _UID */
    unsigned node; /* 0, where nothing is said */
    enum quire_acpi_cpu_kind kind;
    bool enabled; /* it can be started. Else it is online capable: it may be brought later */
};

/* The CPUs of the MADT that are enabled or online capable, in its order, each once. The first `capacity` are stored. Returns how
 * many there are; if that is more than `capacity`, some of those that were not stored may have been counted twice.
 * Cost: O(entries of MADT and SRAT * capacity). */
size_t quire_acpi_cpus(const struct quire_acpi *acpi, struct quire_acpi_cpu *cpus, size_t capacity);

/* Where the local APIC's registers are: what the MADT says, or its override (5.2.12.8). QUIRE_NONE: there is no MADT. */
quire_pa quire_acpi_local_apic(const struct quire_acpi *acpi);

/* ---- memory --------------------------------------------------------------------------------------------- */

struct quire_acpi_memory {
    quire_pa base;
    uint64_t n_bytes; /* more than 0 */
    unsigned node;    /* 0 also, where the domain did not count (QUIRE_ACPI_DOMAINS) */
    uint32_t domain;
    bool hotpluggable; /* there need not be memory yet: more may come here while the kernel runs */
    bool nonvolatile;
};

/* The enabled memory of the SRAT. Ranges that may hold memory, not those that do: the memory map says that. The first
 * `capacity` are stored. Returns how many there are. */
size_t quire_acpi_memory(const struct quire_acpi *acpi, struct quire_acpi_memory *memory, size_t capacity);

/* Says of all memory in a normalised map which node it is near to (quire_regions_set_node). Memory of which nothing is said
 * stays node 0's. To be called last: normalising a map forgets nodes.
 *   false  the map has no room for another entry: some memory is node 0's that is not. Each piece that quire_acpi_memory
 *          lists may take two more */
bool quire_acpi_set_nodes(const struct quire_acpi *acpi, struct quire_regions *map);

/* How far it is from each node to each: n_nodes rows of n_nodes, from the SLIT, as struct quire_config wants them. A node is 10
 * from itself, and 20 from another of which nothing is said. */
void quire_acpi_distances(const struct quire_acpi *acpi, uint8_t *distance);

#ifdef __cplusplus
}
#endif

#endif
