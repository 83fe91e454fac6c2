/* acpi_table.h: the bytes of ACPI's tables, for the files of the ACPI reader. Not for callers.
 *
 * MADT and SRAT are lists of entries, each of which begins with a byte that says its type and one that says its length. A
 * walk takes one after the other, as they lie in the table, and ends where the next one would not lie in it as a whole. */
#ifndef QUIRE_BOOT_ACPI_TABLE_H
#define QUIRE_BOOT_ACPI_TABLE_H

#include "acpi.h"
#include "bytes.h"

/* Where the entries begin: after the header and the fields that only this table has. */
#define Q_ACPI_HEADER_BYTES 36u
#define Q_ACPI_MADT_ENTRIES 44u
#define Q_ACPI_SRAT_ENTRIES 48u
#define Q_ACPI_SLIT_ENTRIES 44u

/* The whole table, mapped; NULL: there is none, or it is not mapped any more. */
const uint8_t *q_acpi_bytes(const struct quire_acpi *acpi, const struct q_acpi_table *table);

struct q_acpi_walk {
    const uint8_t *table; /* NULL: no entries */
    uint32_t n_bytes;
    uint32_t at, next;    /* where this entry begins, and the next one: bytes from the start of the table */
    const uint8_t *entry; /* this entry's bytes, of which it has n */
    uint8_t type, n;
};

struct q_acpi_walk q_acpi_start(const struct quire_acpi *acpi, const struct q_acpi_table *table, uint32_t first);
bool q_acpi_next(struct q_acpi_walk *walk);

/* ---- what entries mean ---- */

/* What reading an entry yields. */
enum q_acpi_reading {
    Q_ACPI_NOTHING,   /* another type, or not enabled */
    Q_ACPI_TOO_SHORT, /* it ends before what its type must have */
    Q_ACPI_NO_CPU,    /* its APIC id addresses all CPUs */
    Q_ACPI_READ,
};

/* A CPU of the MADT; its node is not known. */
enum q_acpi_reading q_acpi_read_cpu(const struct q_acpi_walk *walk, struct quire_acpi_cpu *cpu);

/* Whether two are one. */
bool q_acpi_same_cpu(const struct quire_acpi_cpu *a, const struct quire_acpi_cpu *b);

/* Which domain a CPU is in: an entry of the SRAT. A CPU with a local APIC is known by that one's id, one with a GIC by its
 * uid; what it is not known by is 0. */
struct q_acpi_affinity {
    struct quire_acpi_cpu cpu;
    uint32_t domain;
};
enum q_acpi_reading q_acpi_read_affinity(const struct q_acpi_walk *walk, struct q_acpi_affinity *affinity);

/* Memory of the SRAT, as it stands there: it may have no bytes, or too many. Its node is not known. */
enum q_acpi_reading q_acpi_read_memory(const struct q_acpi_walk *walk, struct quire_acpi_memory *memory);

/* The memory, cut at the end of the address space. */
uint64_t q_acpi_cut(const struct quire_acpi_memory *memory);

/* The domain's node; false: it is none. */
bool q_acpi_node(const struct quire_acpi *acpi, uint32_t domain, unsigned *node);

/* The SLIT's byte for the way between two domains; NULL: one of them is not in it. */
const uint8_t *q_acpi_distance(const uint8_t *slit, uint32_t from, uint32_t to);

/* How many localities the SLIT is for; 0: it is too short for them. */
uint32_t q_acpi_localities(const uint8_t *slit, uint32_t n_bytes);

/* ---- the checks ---- */

/* Of a problem: counts it, and reports it if there is a callback. */
struct q_acpi_check {
    struct quire_acpi *acpi;
    quire_acpi_report *report; /* NULL: count only */
};
void q_acpi_tell(const struct q_acpi_check *c, enum quire_acpi_status status, const char *table, uint32_t where);

/* Tells what is wrong with what the tables mean, and finds the nodes. */
void q_acpi_check_madt(const struct q_acpi_check *c);
void q_acpi_check_srat(const struct q_acpi_check *c);
void q_acpi_check_slit(const struct q_acpi_check *c);

#endif
