/* acpi_numa.c: the CPUs, and which memory is near to which of them (ACPI 6.5, MADT: 5.2.12, SRAT: 5.2.16, SLIT: 5.2.17).
 *
 * The caller's function need map one table at a time only. So what two tables say of a CPU is put together in the caller's
 * array: the MADT fills it, then each affinity of the SRAT looks for its CPU there.
 *
 * What can not be understood is passed over: opening has reported it (acpi_check.c). */
#include "acpi_table.h"

/* By the specification. */
#define SAME  10u /* from a node to itself */
#define OTHER 20u /* between two nodes of which nothing is said */

/* ---- CPUs ----------------------------------------------------------------------------------------------- */

static bool is_among(const struct quire_acpi_cpu *cpus, size_t n, const struct quire_acpi_cpu *cpu) {
    size_t i = 0;
    while (i < n && !q_acpi_same_cpu(&cpus[i], cpu))
        i++;
    return i < n;
}

static bool is_about(const struct q_acpi_affinity *affinity, const struct quire_acpi_cpu *cpu) {
    return affinity->cpu.kind == cpu->kind &&
           (cpu->kind == QUIRE_ACPI_CPU_GIC ? affinity->cpu.uid == cpu->uid : affinity->cpu.id == cpu->id);
}

/* Says of each CPU which node it is on. The first affinity counts: a CPU that has one gets a node that is none, 1 more
 * than it has, and loses that 1 in the end. */
static void set_cpu_nodes(const struct quire_acpi *acpi, struct quire_acpi_cpu *cpus, size_t n) {
    struct q_acpi_walk walk = q_acpi_start(acpi, &acpi->srat, Q_ACPI_SRAT_ENTRIES);
    struct q_acpi_affinity affinity;
    while (q_acpi_next(&walk)) {
        unsigned node;
        if (q_acpi_read_affinity(&walk, &affinity) != Q_ACPI_READ)
            continue;
        if (!q_acpi_node(acpi, affinity.domain, &node))
            node = 0;
        for (size_t i = 0; i < n; i++)
            if (is_about(&affinity, &cpus[i]) && cpus[i].node == 0)
                cpus[i].node = node + 1;
    }
    for (size_t i = 0; i < n; i++)
        cpus[i].node -= cpus[i].node != 0;
}

size_t quire_acpi_cpus(const struct quire_acpi *acpi, struct quire_acpi_cpu *cpus, size_t capacity) {
    struct q_acpi_walk walk = q_acpi_start(acpi, &acpi->madt, Q_ACPI_MADT_ENTRIES);
    struct quire_acpi_cpu cpu;
    size_t n = 0, n_stored = 0;
    while (q_acpi_next(&walk)) {
        if (q_acpi_read_cpu(&walk, &cpu) != Q_ACPI_READ || is_among(cpus, n_stored, &cpu))
            continue;
        if (n++ < capacity)
            cpus[n_stored++] = cpu;
    }
    set_cpu_nodes(acpi, cpus, n_stored);
    return n;
}

enum { APIC_OVERRIDE = 5 };

quire_pa quire_acpi_local_apic(const struct quire_acpi *acpi) {
    struct q_acpi_walk walk = q_acpi_start(acpi, &acpi->madt, Q_ACPI_MADT_ENTRIES);
    if (walk.table == NULL)
        return QUIRE_NONE;
    quire_pa pa = q_le32(walk.table + Q_ACPI_HEADER_BYTES);
    while (q_acpi_next(&walk))
        if (walk.type == APIC_OVERRIDE && walk.n >= 12)
            pa = q_le64(walk.entry + 4);
    return pa;
}

/* ---- memory --------------------------------------------------------------------------------------------- */

/* The next piece of memory that has bytes, cut at the end of the address space, with its node. */
static bool next_memory(const struct quire_acpi *acpi, struct q_acpi_walk *walk, struct quire_acpi_memory *memory) {
    while (q_acpi_next(walk)) {
        if (q_acpi_read_memory(walk, memory) != Q_ACPI_READ || q_acpi_cut(memory) == 0)
            continue;
        memory->n_bytes = q_acpi_cut(memory);
        if (!q_acpi_node(acpi, memory->domain, &memory->node))
            memory->node = 0;
        return true;
    }
    return false;
}

size_t quire_acpi_memory(const struct quire_acpi *acpi, struct quire_acpi_memory *memory, size_t capacity) {
    struct q_acpi_walk walk = q_acpi_start(acpi, &acpi->srat, Q_ACPI_SRAT_ENTRIES);
    struct quire_acpi_memory piece;
    size_t n = 0;
    for (; next_memory(acpi, &walk, &piece); n++)
        if (n < capacity)
            memory[n] = piece;
    return n;
}

bool quire_acpi_set_nodes(const struct quire_acpi *acpi, struct quire_regions *map) {
    struct q_acpi_walk walk = q_acpi_start(acpi, &acpi->srat, Q_ACPI_SRAT_ENTRIES);
    struct quire_acpi_memory piece;
    bool room = true;
    while (next_memory(acpi, &walk, &piece))
        room &= quire_regions_set_node(map, piece.base, piece.n_bytes, piece.node);
    return room;
}

/* ---- how far it is -------------------------------------------------------------------------------------- */

void quire_acpi_distances(const struct quire_acpi *acpi, uint8_t *distance) {
    const uint8_t *slit = q_acpi_bytes(acpi, &acpi->slit);
    const unsigned n = acpi->n_nodes;
    if (slit != NULL && q_acpi_localities(slit, acpi->slit.n_bytes) == 0)
        slit = NULL;
    for (unsigned from = 0; from < n; from++)
        for (unsigned to = 0; to < n; to++) {
            const uint8_t *said = slit != NULL ? q_acpi_distance(slit, acpi->domain[from], acpi->domain[to]) : NULL;
            uint8_t far = said != NULL && *said >= SAME ? *said : OTHER;
            distance[from * n + to] = from == to ? SAME : far;
        }
}
