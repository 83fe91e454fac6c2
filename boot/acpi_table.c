/* acpi_table.c: what the bytes of an entry mean, and where one ends and the next begins (ACPI 6.5, 5.2.12, 5.2.16, 5.2.17).
 *
 * Both the checks and the answers read entries with these functions, so a problem that is reported and what is made of it
 * are two sides of one reading.
 *
 * T1  A walk's entry lies inside the table: at + n <= n_bytes. Fields are read only where n says that they are there. */
#include "acpi_table.h"

const uint8_t *q_acpi_bytes(const struct quire_acpi *acpi, const struct q_acpi_table *table) {
    return table->n_bytes != 0 ? acpi->map(acpi->context, table->pa, table->n_bytes) : NULL;
}

/* ---- entries -------------------------------------------------------------------------------------------- */

struct q_acpi_walk q_acpi_start(const struct quire_acpi *acpi, const struct q_acpi_table *table, uint32_t first) {
    return (struct q_acpi_walk){
        .table = q_acpi_bytes(acpi, table), .n_bytes = table->n_bytes, .at = first, .next = first};
}

bool q_acpi_next(struct q_acpi_walk *walk) {
    walk->at = walk->next;
    if (walk->table == NULL || walk->n_bytes - walk->at < 2)
        return false;
    walk->entry = walk->table + walk->at;
    walk->type = walk->entry[0];
    walk->n = walk->entry[1];
    if (walk->n < 2 || walk->n > walk->n_bytes - walk->at)
        return false;
    walk->next = walk->at + walk->n;
    return true;
}

/* ---- CPUs of the MADT ------------------------------------------------------------------------------------ */

enum { LOCAL_APIC = 0, X2APIC = 9, GICC = 11 };

#define ENABLED        1u
#define ONLINE_CAPABLE 2u            /* of a local APIC; only where ENABLED is not set */
#define GICC_CAPABLE   8u            /* the same of a GICC */
#define ALL_APICS      0xFFu         /* the id by which a local APIC addresses all, */
#define ALL_X2APICS    ~0u           /* and an x2APIC */
#define MPIDR_ID       0xFF00FFFFFFu /* the rest of the register is 0 */

static enum q_acpi_reading judge(struct quire_acpi_cpu *cpu, uint32_t flags, uint32_t capable, bool is_all) {
    cpu->enabled = (flags & ENABLED) != 0;
    if (!cpu->enabled && (flags & capable) == 0)
        return Q_ACPI_NOTHING;
    return is_all ? Q_ACPI_NO_CPU : Q_ACPI_READ;
}

enum q_acpi_reading q_acpi_read_cpu(const struct q_acpi_walk *walk, struct quire_acpi_cpu *cpu) {
    const uint8_t *e = walk->entry;
    switch (walk->type) {
    case LOCAL_APIC:
        if (walk->n < 8)
            return Q_ACPI_TOO_SHORT;
        *cpu = (struct quire_acpi_cpu){.id = e[3], .uid = e[2], .kind = QUIRE_ACPI_CPU_APIC};
        return judge(cpu, q_le32(e + 4), ONLINE_CAPABLE, e[3] == ALL_APICS);
    case X2APIC:
        if (walk->n < 16)
            return Q_ACPI_TOO_SHORT;
        *cpu = (struct quire_acpi_cpu){.id = q_le32(e + 4), .uid = q_le32(e + 12), .kind = QUIRE_ACPI_CPU_APIC};
        return judge(cpu, q_le32(e + 8), ONLINE_CAPABLE, cpu->id == ALL_X2APICS);
    case GICC:
        if (walk->n < 76) /* before 5.1 it had no MPIDR */
            return Q_ACPI_TOO_SHORT;
        *cpu =
            (struct quire_acpi_cpu){.id = q_le64(e + 68) & MPIDR_ID, .uid = q_le32(e + 8), .kind = QUIRE_ACPI_CPU_GIC};
        return judge(cpu, q_le32(e + 12), GICC_CAPABLE, false);
    default:
        return Q_ACPI_NOTHING;
    }
}

bool q_acpi_same_cpu(const struct quire_acpi_cpu *a, const struct quire_acpi_cpu *b) {
    return a->kind == b->kind && a->id == b->id;
}

/* ---- affinities of the SRAT ------------------------------------------------------------------------------ */

enum { APIC_AFFINITY = 0, MEMORY_AFFINITY = 1, X2APIC_AFFINITY = 2, GICC_AFFINITY = 3 };

#define HOTPLUGGABLE 2u
#define NONVOLATILE  4u

/* Before revision 2 of the table a domain had 8 bits, and what are its other ones now was reserved. */
static uint32_t domain_of(const struct q_acpi_walk *walk, uint32_t said) {
    const uint8_t revision = walk->table[8];
    return revision < 2 ? said & 0xFF : said;
}

enum q_acpi_reading q_acpi_read_affinity(const struct q_acpi_walk *walk, struct q_acpi_affinity *affinity) {
    const uint8_t *e = walk->entry;
    struct quire_acpi_cpu *cpu = &affinity->cpu;
    *cpu = (struct quire_acpi_cpu){.kind = walk->type == GICC_AFFINITY ? QUIRE_ACPI_CPU_GIC : QUIRE_ACPI_CPU_APIC};
    switch (walk->type) {
    case APIC_AFFINITY:
        if (walk->n < 16)
            return Q_ACPI_TOO_SHORT;
        affinity->domain = domain_of(walk, e[2] | (q_le32(e + 8) & ~0xFFu));
        cpu->id = e[3];
        return judge(cpu, q_le32(e + 4), 0, e[3] == ALL_APICS);
    case X2APIC_AFFINITY:
        if (walk->n < 24)
            return Q_ACPI_TOO_SHORT;
        affinity->domain = domain_of(walk, q_le32(e + 4));
        cpu->id = q_le32(e + 8);
        return judge(cpu, q_le32(e + 12), 0, cpu->id == ALL_X2APICS);
    case GICC_AFFINITY:
        if (walk->n < 18)
            return Q_ACPI_TOO_SHORT;
        affinity->domain = domain_of(walk, q_le32(e + 2));
        cpu->uid = q_le32(e + 6);
        return judge(cpu, q_le32(e + 10), 0, false);
    default:
        return Q_ACPI_NOTHING;
    }
}

enum q_acpi_reading q_acpi_read_memory(const struct q_acpi_walk *walk, struct quire_acpi_memory *memory) {
    const uint8_t *e = walk->entry;
    if (walk->type != MEMORY_AFFINITY)
        return Q_ACPI_NOTHING;
    if (walk->n < 32)
        return Q_ACPI_TOO_SHORT;
    const uint32_t flags = q_le32(e + 28);
    *memory = (struct quire_acpi_memory){
        .base = q_le64(e + 8),
        .n_bytes = q_le64(e + 16),
        .domain = domain_of(walk, q_le32(e + 2)),
        .hotpluggable = (flags & HOTPLUGGABLE) != 0,
        .nonvolatile = (flags & NONVOLATILE) != 0,
    };
    return (flags & ENABLED) != 0 ? Q_ACPI_READ : Q_ACPI_NOTHING;
}

uint64_t q_acpi_cut(const struct quire_acpi_memory *memory) {
    return memory->n_bytes > UINT64_MAX - memory->base ? UINT64_MAX - memory->base : memory->n_bytes;
}

bool q_acpi_node(const struct quire_acpi *acpi, uint32_t domain, unsigned *node) {
    for (*node = 0; *node < acpi->n_nodes; ++*node)
        if (acpi->domain[*node] == domain)
            return true;
    return false;
}

/* ---- distances of the SLIT ------------------------------------------------------------------------------- */

#define MOST_LOCALITIES 724u /* of more, the distances are more than QUIRE_ACPI_MAX_BYTES */

uint32_t q_acpi_localities(const uint8_t *slit, uint32_t n_bytes) {
    const uint64_t said = q_le64(slit + Q_ACPI_HEADER_BYTES);
    const uint32_t n = said <= MOST_LOCALITIES ? (uint32_t)said : 0;
    return n * n <= n_bytes - Q_ACPI_SLIT_ENTRIES ? n : 0;
}

const uint8_t *q_acpi_distance(const uint8_t *slit, uint32_t from, uint32_t to) {
    const uint32_t n = q_le32(slit + Q_ACPI_HEADER_BYTES);
    return from < n && to < n ? slit + Q_ACPI_SLIT_ENTRIES + (size_t)from * n + to : NULL;
}
