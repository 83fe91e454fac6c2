/* acpi_check.c: what is wrong with what the MADT, SRAT and SLIT say, and which nodes there are.
 *
 * C1  If a walk ends before its table does, that is reported: nothing is known of what follows.
 * C2  acpi->domain is sorted, has no number twice, and holds the lowest QUIRE_ACPI_MAX_NODES of those that count.
 *
 * Cost: each CPU and each range of memory is compared with all before it. */
#include "acpi_table.h"

/* Tells what keeps an entry from being read. True: nothing does. */
static bool can_read(const struct q_acpi_check *c, enum q_acpi_reading reading, const char *table, uint32_t at) {
    if (reading == Q_ACPI_TOO_SHORT)
        q_acpi_tell(c, QUIRE_ACPI_SHORT, table, at);
    else if (reading == Q_ACPI_NO_CPU)
        q_acpi_tell(c, QUIRE_ACPI_CPU_ID, table, at);
    return reading == Q_ACPI_READ;
}

static void check_end(const struct q_acpi_check *c, const struct q_acpi_walk *walk, const char *table) {
    if (walk->table != NULL && walk->at != walk->n_bytes)
        q_acpi_tell(c, QUIRE_ACPI_ENTRY, table, walk->at);
}

/* ---- MADT ----------------------------------------------------------------------------------------------- */

static bool is_listed_before(struct q_acpi_walk before, uint32_t at, const struct quire_acpi_cpu *cpu) {
    struct quire_acpi_cpu other;
    while (q_acpi_next(&before) && before.at < at)
        if (q_acpi_read_cpu(&before, &other) == Q_ACPI_READ && q_acpi_same_cpu(&other, cpu))
            return true;
    return false;
}

void q_acpi_check_madt(const struct q_acpi_check *c) {
    const struct q_acpi_walk start = q_acpi_start(c->acpi, &c->acpi->madt, Q_ACPI_MADT_ENTRIES);
    struct q_acpi_walk walk = start;
    struct quire_acpi_cpu cpu;
    while (q_acpi_next(&walk))
        if (can_read(c, q_acpi_read_cpu(&walk, &cpu), "APIC", walk.at) && is_listed_before(start, walk.at, &cpu))
            q_acpi_tell(c, QUIRE_ACPI_CPU_TWICE, "APIC", walk.at);
    check_end(c, &walk, "APIC");
}

/* ---- SRAT ----------------------------------------------------------------------------------------------- */

/* The domains that count, while they are gathered. */
struct domains {
    uint32_t *at;
    unsigned n;
    bool too_many;
};

/* Enters a domain where it belongs; where there is no room, the highest one makes room. */
static void enter_domain(struct domains *domains, uint32_t domain) {
    unsigned to = domains->n;
    while (to > 0 && domains->at[to - 1] > domain)
        to--;
    if (to > 0 && domains->at[to - 1] == domain)
        return;
    if (domains->n == QUIRE_ACPI_MAX_NODES)
        domains->too_many = true;
    else
        domains->n++;
    if (to == QUIRE_ACPI_MAX_NODES)
        return;
    for (unsigned i = domains->n - 1; i > to; i--)
        domains->at[i] = domains->at[i - 1];
    domains->at[to] = domain;
}

static bool is_placed_before(struct q_acpi_walk before, uint32_t at, const struct q_acpi_affinity *affinity) {
    struct q_acpi_affinity other;
    while (q_acpi_next(&before) && before.at < at)
        if (q_acpi_read_affinity(&before, &other) == Q_ACPI_READ && q_acpi_same_cpu(&other.cpu, &affinity->cpu) &&
            other.cpu.uid == affinity->cpu.uid)
            return true;
    return false;
}

static bool is_claimed_before(struct q_acpi_walk before, uint32_t at, const struct quire_acpi_memory *memory) {
    struct quire_acpi_memory other;
    while (q_acpi_next(&before) && before.at < at)
        if (q_acpi_read_memory(&before, &other) == Q_ACPI_READ && other.domain != memory->domain &&
            other.base < memory->base + q_acpi_cut(memory) && memory->base < other.base + q_acpi_cut(&other))
            return true;
    return false;
}

static void check_affinity(const struct q_acpi_check *c, struct q_acpi_walk start, const struct q_acpi_walk *walk,
                           struct domains *domains) {
    struct q_acpi_affinity affinity;
    if (!can_read(c, q_acpi_read_affinity(walk, &affinity), "SRAT", walk->at))
        return;
    if (is_placed_before(start, walk->at, &affinity))
        q_acpi_tell(c, QUIRE_ACPI_CPU_TWICE, "SRAT", walk->at);
    else
        enter_domain(domains, affinity.domain);
}

static void check_range(const struct q_acpi_check *c, struct q_acpi_walk start, const struct q_acpi_walk *walk,
                        struct domains *domains) {
    struct quire_acpi_memory memory;
    if (!can_read(c, q_acpi_read_memory(walk, &memory), "SRAT", walk->at))
        return;
    if (q_acpi_cut(&memory) < memory.n_bytes)
        q_acpi_tell(c, QUIRE_ACPI_WRAP, "SRAT", walk->at);
    if (q_acpi_cut(&memory) == 0) {
        q_acpi_tell(c, QUIRE_ACPI_EMPTY, "SRAT", walk->at);
        return;
    }
    if (is_claimed_before(start, walk->at, &memory))
        q_acpi_tell(c, QUIRE_ACPI_OVERLAP, "SRAT", walk->at);
    enter_domain(domains, memory.domain);
}

/* Tells of each node the first CPU, if it has no memory. */
static void check_nodes(const struct q_acpi_check *c, const struct q_acpi_walk *start) {
    bool is_fine[QUIRE_ACPI_MAX_NODES] = {false};
    struct quire_acpi_memory memory;
    struct q_acpi_affinity affinity;
    unsigned node;
    for (struct q_acpi_walk walk = *start; q_acpi_next(&walk);)
        if (q_acpi_read_memory(&walk, &memory) == Q_ACPI_READ && q_acpi_cut(&memory) != 0 &&
            q_acpi_node(c->acpi, memory.domain, &node))
            is_fine[node] = true;
    for (struct q_acpi_walk walk = *start; q_acpi_next(&walk);)
        if (q_acpi_read_affinity(&walk, &affinity) == Q_ACPI_READ && q_acpi_node(c->acpi, affinity.domain, &node) &&
            !is_fine[node]) {
            q_acpi_tell(c, QUIRE_ACPI_NO_MEMORY, "SRAT", walk.at);
            is_fine[node] = true;
        }
}

void q_acpi_check_srat(const struct q_acpi_check *c) {
    const struct q_acpi_walk start = q_acpi_start(c->acpi, &c->acpi->srat, Q_ACPI_SRAT_ENTRIES);
    struct q_acpi_walk walk = start;
    struct domains domains = {.at = c->acpi->domain};
    while (q_acpi_next(&walk)) {
        check_affinity(c, start, &walk, &domains);
        check_range(c, start, &walk, &domains);
    }
    check_end(c, &walk, "SRAT");
    if (domains.too_many)
        q_acpi_tell(c, QUIRE_ACPI_DOMAINS, "SRAT", Q_ACPI_SRAT_ENTRIES);
    if (domains.n != 0) {
        c->acpi->n_nodes = domains.n;
        check_nodes(c, &start);
    }
}

/* ---- SLIT ----------------------------------------------------------------------------------------------- */

/* What is wrong with one distance. */
static enum quire_acpi_status judge_distance(const uint8_t *distance, bool is_own) {
    if (distance == NULL)
        return QUIRE_ACPI_LOCALITIES;
    if (*distance < 10 || (is_own && *distance != 10))
        return QUIRE_ACPI_DISTANCE;
    return *distance == UINT8_MAX ? QUIRE_ACPI_UNREACHABLE : QUIRE_ACPI_OK;
}

/* Tells where this problem is for the first time, if it is anywhere. */
static void tell_first(const struct q_acpi_check *c, const uint8_t *slit, enum quire_acpi_status status) {
    const struct quire_acpi *acpi = c->acpi;
    for (unsigned from = 0; from < acpi->n_nodes; from++)
        for (unsigned to = 0; to < acpi->n_nodes; to++) {
            const uint8_t *distance = q_acpi_distance(slit, acpi->domain[from], acpi->domain[to]);
            if (judge_distance(distance, from == to) != status)
                continue;
            q_acpi_tell(c, status, "SLIT", distance != NULL ? (uint32_t)(distance - slit) : Q_ACPI_HEADER_BYTES);
            return;
        }
}

void q_acpi_check_slit(const struct q_acpi_check *c) {
    const uint8_t *slit = q_acpi_bytes(c->acpi, &c->acpi->slit);
    if (slit == NULL || c->acpi->srat.n_bytes == 0)
        return;
    if (q_acpi_localities(slit, c->acpi->slit.n_bytes) == 0) {
        q_acpi_tell(c, QUIRE_ACPI_SLIT_SIZE, "SLIT", Q_ACPI_HEADER_BYTES);
        return;
    }
    tell_first(c, slit, QUIRE_ACPI_LOCALITIES);
    tell_first(c, slit, QUIRE_ACPI_DISTANCE);
    tell_first(c, slit, QUIRE_ACPI_UNREACHABLE);
}
