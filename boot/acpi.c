/* acpi.c: from the RSDP to the tables (ACPI 6.5, 5.2.5 to 5.2.8).
 *
 * The RSDP has the address of the XSDT, or in old firmware that of the RSDT; these have the addresses of all other tables. A
 * table is mapped twice: its header first, which says how long it is, then all of it, to sum up its bytes. What is kept is
 * where it lies and how long it is; its bytes are read again, from memory that may have changed, by each question. So
 * questions trust nothing that opening has found but these two numbers.
 *
 * A1  n_bytes of a table that is kept covers what all tables of its kind have, and all of it could be mapped. */
#include "acpi_table.h"

#define RSDP_BYTES     20u /* in version 1.0 */
#define EXTENDED_BYTES 36u

static bool is_text(const uint8_t *at, const char *text, unsigned n) {
    unsigned i = 0;
    while (i < n && at[i] == (uint8_t)text[i])
        i++;
    return i == n;
}

static bool sums_up(const uint8_t *bytes, uint32_t n_bytes) {
    uint8_t sum = 0;
    for (uint32_t i = 0; i < n_bytes; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

void q_acpi_tell(const struct q_acpi_check *c, enum quire_acpi_status status, const char *table, uint32_t where) {
    const struct quire_acpi_problem problem = {status, table, where};
    c->acpi->n_problems++;
    if (c->report != NULL)
        c->report(c->acpi->context, &problem);
}

/* ---- the RSDP ------------------------------------------------------------------------------------------- */

static bool is_rsdp(const uint8_t *bytes, size_t n_bytes) {
    return n_bytes >= RSDP_BYTES && is_text(bytes, "RSD PTR ", 8) && sums_up(bytes, RSDP_BYTES);
}

bool quire_acpi_find_rsdp(const void *bytes, size_t n_bytes, size_t *offset) {
    for (size_t at = 0; at < n_bytes; at += 16)
        if (is_rsdp((const uint8_t *)bytes + at, n_bytes - at)) {
            *offset = at;
            return true;
        }
    return false;
}

/* Where the XSDT is; QUIRE_NONE: an RSDP of version 1.0, or damaged. */
static quire_pa find_xsdt(const struct q_acpi_check *c, const uint8_t *rsdp, size_t n_readable) {
    const uint8_t revision = rsdp[15];
    if (revision < 2)
        return QUIRE_NONE;
    const uint32_t n_bytes = n_readable >= EXTENDED_BYTES ? q_le32(rsdp + 20) : 0;
    if (n_bytes >= EXTENDED_BYTES && n_bytes <= n_readable && sums_up(rsdp, n_bytes) && q_le64(rsdp + 24) != 0)
        return q_le64(rsdp + 24);
    q_acpi_tell(c, QUIRE_ACPI_EXTENDED, "RSDP", RSDP_BYTES);
    return QUIRE_NONE;
}

/* ---- tables --------------------------------------------------------------------------------------------- */

/* What we read, and what of them there is at least. */
static const struct kind {
    char name[5];
    uint32_t least_bytes;
} kinds[] = {
    {"APIC", Q_ACPI_MADT_ENTRIES}, {"SRAT", Q_ACPI_SRAT_ENTRIES}, {"SLIT", Q_ACPI_SLIT_ENTRIES},
    {"XSDT", Q_ACPI_HEADER_BYTES}, {"RSDT", Q_ACPI_HEADER_BYTES},
};
enum { MADT, SRAT, SLIT, XSDT, RSDT, N_TABLES = XSDT };

static const uint8_t *map_bytes(const struct quire_acpi *acpi, quire_pa pa, uint32_t n_bytes) {
    return n_bytes <= UINT64_MAX - pa ? acpi->map(acpi->context, pa, n_bytes) : NULL;
}

/* How long the table is; 0: it is not used, and why has been told. */
static uint32_t check_table(const struct q_acpi_check *c, quire_pa pa, uint32_t said, const struct kind *kind) {
    if (said < kind->least_bytes || said > QUIRE_ACPI_MAX_BYTES || said > UINT64_MAX - pa) {
        q_acpi_tell(c, QUIRE_ACPI_LENGTH, kind->name, 4);
        return 0;
    }
    const uint8_t *bytes = map_bytes(c->acpi, pa, said);
    if (bytes == NULL)
        q_acpi_tell(c, QUIRE_ACPI_UNMAPPED, kind->name, 0);
    else if (!sums_up(bytes, said))
        q_acpi_tell(c, QUIRE_ACPI_CHECKSUM, kind->name, 9);
    else
        return said;
    return 0;
}

static struct q_acpi_table *place_of(struct quire_acpi *acpi, unsigned kind) {
    return kind == MADT ? &acpi->madt : kind == SRAT ? &acpi->srat : &acpi->slit;
}

/* Keeps the table at `pa` if it is one that we read. */
static void take_table(const struct q_acpi_check *c, quire_pa pa, const struct kind *root, uint32_t where) {
    const uint8_t *header = pa != 0 ? map_bytes(c->acpi, pa, Q_ACPI_HEADER_BYTES) : NULL;
    if (header == NULL) {
        q_acpi_tell(c, pa == 0 ? QUIRE_ACPI_NULL : QUIRE_ACPI_UNMAPPED, root->name, where);
        return;
    }
    for (unsigned k = 0; k < N_TABLES; k++) {
        struct q_acpi_table *place = place_of(c->acpi, k);
        if (!is_text(header, kinds[k].name, 4))
            continue;
        if (place->n_bytes != 0)
            q_acpi_tell(c, QUIRE_ACPI_AGAIN, root->name, where);
        else
            *place = (struct q_acpi_table){pa, check_table(c, pa, q_le32(header + 4), &kinds[k])};
        return;
    }
}

/* Takes the tables that the XSDT or RSDT at `pa` lists. False: it can not be used, and why has been told. */
static bool take_all(const struct q_acpi_check *c, quire_pa pa, const struct kind *root) {
    const uint32_t entry_bytes = root == &kinds[XSDT] ? 8 : 4;
    const uint8_t *header = map_bytes(c->acpi, pa, Q_ACPI_HEADER_BYTES);
    if (header == NULL || !is_text(header, root->name, 4)) {
        q_acpi_tell(c, header == NULL ? QUIRE_ACPI_UNMAPPED : QUIRE_ACPI_SIGNATURE, root->name, 0);
        return false;
    }
    const uint32_t n_bytes = check_table(c, pa, q_le32(header + 4), root);
    for (uint32_t at = Q_ACPI_HEADER_BYTES; at + entry_bytes <= n_bytes; at += entry_bytes) {
        const uint8_t *entry = map_bytes(c->acpi, pa + at, entry_bytes);
        if (entry != NULL)
            take_table(c, entry_bytes == 8 ? q_le64(entry) : q_le32(entry), root, at);
    }
    return n_bytes != 0;
}

/* ---- opening -------------------------------------------------------------------------------------------- */

enum quire_acpi_status quire_acpi_open(struct quire_acpi *acpi, const void *rsdp, size_t n_readable,
                                       quire_acpi_map *map, quire_acpi_report *report, void *context) {
    const uint8_t *bytes = rsdp;
    const struct q_acpi_check c = {acpi, report};
    *acpi = (struct quire_acpi){.n_nodes = 1, .map = map, .context = context};
    if (!is_rsdp(bytes, n_readable)) {
        acpi->status = QUIRE_ACPI_RSDP;
        q_acpi_tell(&c, QUIRE_ACPI_RSDP, "RSDP", 0);
        return acpi->status;
    }
    const quire_pa xsdt = find_xsdt(&c, bytes, n_readable);
    if (!(xsdt != QUIRE_NONE && take_all(&c, xsdt, &kinds[XSDT])) && !take_all(&c, q_le32(bytes + 16), &kinds[RSDT])) {
        acpi->status = QUIRE_ACPI_ROOT;
        q_acpi_tell(&c, QUIRE_ACPI_ROOT, "RSDP", 16);
        return acpi->status;
    }
    q_acpi_check_madt(&c);
    q_acpi_check_srat(&c);
    q_acpi_check_slit(&c);
    return QUIRE_ACPI_OK;
}

const char *quire_acpi_status_text(enum quire_acpi_status status) {
    static const char *const texts[] = {
        [QUIRE_ACPI_OK] = "no problem",
        [QUIRE_ACPI_RSDP] = "no RSDP, or a damaged one: nothing is known",
        [QUIRE_ACPI_ROOT] = "neither XSDT nor RSDT can be used: nothing is known",
        [QUIRE_ACPI_EXTENDED] = "the part with the XSDT's address is damaged: the RSDT is used",
        [QUIRE_ACPI_UNMAPPED] = "it lies where memory can not be mapped: not used",
        [QUIRE_ACPI_SIGNATURE] = "something else lies in its place: not used",
        [QUIRE_ACPI_LENGTH] = "its length is impossible: not used",
        [QUIRE_ACPI_CHECKSUM] = "its bytes do not sum up to 0: not used",
        [QUIRE_ACPI_NULL] = "a table at address 0: skipped",
        [QUIRE_ACPI_AGAIN] = "a second table of a kind: the first counts",
        [QUIRE_ACPI_ENTRY] = "an entry does not lie inside the table: those before it count",
        [QUIRE_ACPI_SHORT] = "an entry is too short for its type: skipped",
        [QUIRE_ACPI_CPU_ID] = "the APIC id of a CPU is the one that addresses all: skipped",
        [QUIRE_ACPI_CPU_TWICE] = "a CPU that an earlier entry is about: the earlier one counts",
        [QUIRE_ACPI_EMPTY] = "memory without bytes: skipped",
        [QUIRE_ACPI_WRAP] = "memory runs past the end of the address space: cut there",
        [QUIRE_ACPI_OVERLAP] = "memory that an earlier entry puts into another domain: the later one counts",
        [QUIRE_ACPI_DOMAINS] = "too many proximity domains: those with the lowest numbers count",
        [QUIRE_ACPI_NO_MEMORY] = "a proximity domain has CPUs, but no memory: it is a node all the same",
        [QUIRE_ACPI_SLIT_SIZE] = "it is too short for its localities: not used",
        [QUIRE_ACPI_LOCALITIES] = "a proximity domain is not in it: it counts as 20 from all others",
        [QUIRE_ACPI_DISTANCE] =
            "a distance is below 10, or one from a domain to itself is not 10: it counts as 20, or 10",
        [QUIRE_ACPI_UNREACHABLE] = "a domain can not be reached from another: that counts as the largest distance",
    };
    const unsigned i = (unsigned)status;
    return i < sizeof texts / sizeof *texts && texts[i] != NULL ? texts[i] : "unknown problem";
}
