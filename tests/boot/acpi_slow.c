/* acpi_slow.c: the second reader. Each table is taken apart into entries and these into values, by what is in rows below, before
 * anything is asked. It does without the checks in boot/: each question looks at everything. */
#include "acpi_answers.h"

#include <stdlib.h>
#include <string.h>

/* ---- memory ---------------------------------------------------------------------------------------------- */

static bool readable(const struct image *image, uint64_t pa, uint64_t n_bytes) {
    uint64_t end = IMAGE_BASE + image->n_bytes;
    return pa >= IMAGE_BASE && pa < end && n_bytes <= end - pa;
}

static uint64_t number(const uint8_t *at, unsigned n_bytes) {
    uint64_t sum = 0;
    while (n_bytes-- > 0)
        sum = sum * 256 + at[n_bytes];
    return sum;
}

static unsigned sum_of(const uint8_t *at, size_t n_bytes) {
    unsigned sum = 0;
    for (size_t i = 0; i < n_bytes; i++)
        sum += at[i];
    return sum % 256;
}

struct slow {
    const struct image *image;
    struct answers *out;
    struct found {
        const uint8_t *bytes; /* NULL: none */
        size_t n_bytes;
    } madt, srat, slit;
};

static void tell(struct slow *s, enum quire_acpi_status status, const char *table, size_t where) {
    s->out->problems[s->out->n_problems++] = (struct quire_acpi_problem){status, table, (uint32_t)where};
}

/* ---- tables ---------------------------------------------------------------------------------------------- */

/* The table at `pa`, whose header can be read. */
static struct found whole_table(struct slow *s, uint64_t pa, const char *name, size_t least) {
    const uint8_t *header = s->image->bytes + (pa - IMAGE_BASE);
    uint64_t n = number(header + 4, 4);
    struct found none = {NULL, 0};
    enum quire_acpi_status why = QUIRE_ACPI_OK;
    size_t where = 0;
    if (n < least || n > QUIRE_ACPI_MAX_BYTES) {
        why = QUIRE_ACPI_LENGTH;
        where = 4;
    } else if (!readable(s->image, pa, n)) {
        why = QUIRE_ACPI_UNMAPPED;
    } else if (sum_of(header, n) != 0) {
        why = QUIRE_ACPI_CHECKSUM;
        where = 9;
    } else {
        return (struct found){header, n};
    }
    tell(s, why, name, where);
    return none;
}

static void note_table(struct slow *s, uint64_t pa, const char *root, size_t where) {
    if (pa == 0 || !readable(s->image, pa, 36)) {
        tell(s, pa == 0 ? QUIRE_ACPI_NULL : QUIRE_ACPI_UNMAPPED, root, where);
        return;
    }
    const char *header = (const char *)s->image->bytes + (pa - IMAGE_BASE);
    bool is_madt = strncmp(header, "APIC", 4) == 0, is_srat = strncmp(header, "SRAT", 4) == 0;
    if (!is_madt && !is_srat && strncmp(header, "SLIT", 4) != 0)
        return;
    struct found *place = is_madt ? &s->madt : is_srat ? &s->srat : &s->slit;
    if (place->bytes != NULL)
        tell(s, QUIRE_ACPI_AGAIN, root, where);
    else
        *place = whole_table(s, pa, is_madt ? "APIC" : is_srat ? "SRAT" : "SLIT", is_srat ? 48 : 44);
}

static bool note_tables(struct slow *s, uint64_t pa, const char *root, unsigned width) {
    if (!readable(s->image, pa, 36)) {
        tell(s, QUIRE_ACPI_UNMAPPED, root, 0);
        return false;
    }
    if (memcmp(s->image->bytes + (pa - IMAGE_BASE), root, 4) != 0) {
        tell(s, QUIRE_ACPI_SIGNATURE, root, 0);
        return false;
    }
    struct found list = whole_table(s, pa, root, 36);
    for (size_t i = 0; list.bytes != NULL && i < (list.n_bytes - 36) / width; i++)
        note_table(s, number(list.bytes + 36 + i * width, width), root, 36 + i * width);
    return list.bytes != NULL;
}

static enum quire_acpi_status find_tables(struct slow *s) {
    const uint8_t *rsdp = s->image->bytes;
    size_t n = s->image->n_bytes;
    if (n < 20 || memcmp(rsdp, "RSD PTR ", 8) != 0 || sum_of(rsdp, 20) != 0) {
        tell(s, QUIRE_ACPI_RSDP, "RSDP", 0);
        return QUIRE_ACPI_RSDP;
    }
    if (rsdp[15] > 1) {
        bool good = n >= 36 && number(rsdp + 20, 4) >= 36 && number(rsdp + 20, 4) <= n &&
                    sum_of(rsdp, number(rsdp + 20, 4)) == 0 && number(rsdp + 24, 8) != 0;
        if (!good)
            tell(s, QUIRE_ACPI_EXTENDED, "RSDP", 20);
        else if (number(rsdp + 24, 8) == UINT64_MAX)
            ; /* no address at all */
        else if (note_tables(s, number(rsdp + 24, 8), "XSDT", 8))
            return QUIRE_ACPI_OK;
    }
    if (note_tables(s, number(rsdp + 16, 4), "RSDT", 4))
        return QUIRE_ACPI_OK;
    tell(s, QUIRE_ACPI_ROOT, "RSDP", 16);
    return QUIRE_ACPI_ROOT;
}

/* ---- entries --------------------------------------------------------------------------------------------- */

/* Where the fields of an entry are. */
struct row {
    bool is_srat;
    unsigned type, least;
    unsigned id, id_bytes, uid, uid_bytes, flags, domain; /* offsets and widths */
    uint32_t good_flags;
    enum quire_acpi_cpu_kind kind;
};
static const struct row rows[] = {
    {false, 0, 8, 3, 1, 2, 1, 4, 0, 3, QUIRE_ACPI_CPU_APIC},
    {false, 9, 16, 4, 4, 12, 4, 8, 0, 3, QUIRE_ACPI_CPU_APIC},
    {false, 11, 76, 68, 8, 8, 4, 12, 0, 9, QUIRE_ACPI_CPU_GIC},
    {true, 0, 16, 3, 1, 0, 0, 4, 2, 1, QUIRE_ACPI_CPU_APIC},
    {true, 2, 24, 8, 4, 0, 0, 12, 4, 1, QUIRE_ACPI_CPU_APIC},
    {true, 3, 18, 0, 0, 6, 4, 10, 2, 1, QUIRE_ACPI_CPU_GIC},
};
#define N_ROWS (sizeof rows / sizeof *rows)

/* A CPU of the MADT, or one of the SRAT. */
struct cpu {
    struct quire_acpi_cpu is;
    uint32_t domain;
};

enum judgement { NOT_ONE, SHORT, ALL, GOOD };

static enum judgement cpu_of(struct found table, size_t at, bool is_srat, struct cpu *cpu) {
    const uint8_t *e = table.bytes + at;
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct row *r = &rows[i];
        if (r->is_srat != is_srat || r->type != e[0])
            continue;
        if (e[1] < r->least)
            return SHORT;
        *cpu = (struct cpu){.is = {.kind = r->kind, .id = number(e + r->id, r->id_bytes)}};
        cpu->is.uid = (uint32_t)number(e + r->uid, r->uid_bytes);
        cpu->is.enabled = e[r->flags] % 2 == 1;
        if (is_srat && e[0] == 0)
            cpu->domain = (uint32_t)(e[2] + (number(e + 9, 3) << 8));
        else if (is_srat)
            cpu->domain = (uint32_t)number(e + r->domain, 4);
        if (is_srat && table.bytes[8] <= 1)
            cpu->domain %= 256;
        if (r->kind == QUIRE_ACPI_CPU_GIC && !is_srat)
            cpu->is.id &= ~0xFFFFFF00FF000000ull;
        if ((number(e + r->flags, 4) & r->good_flags) == 0)
            return NOT_ONE;
        bool is_all = r->kind == QUIRE_ACPI_CPU_APIC && cpu->is.id == (r->id_bytes == 1 ? 0xFF : 0xFFFFFFFF);
        return is_all ? ALL : GOOD;
    }
    return NOT_ONE;
}

static enum judgement memory_of(struct found table, size_t at, struct quire_acpi_memory *memory) {
    const uint8_t *e = table.bytes + at;
    if (e[0] != 1)
        return NOT_ONE;
    if (e[1] < 32)
        return SHORT;
    *memory = (struct quire_acpi_memory){.base = number(e + 8, 8), .n_bytes = number(e + 16, 8)};
    memory->domain = (uint32_t)(table.bytes[8] > 1 ? number(e + 2, 4) : e[2]);
    memory->hotpluggable = (e[28] & 2) != 0;
    memory->nonvolatile = (e[28] & 4) != 0;
    return e[28] % 2 == 1 ? GOOD : NOT_ONE;
}

/* What is left of the memory below 2^64 - 1. */
static uint64_t left_of(const struct quire_acpi_memory *memory) {
    uint64_t room = UINT64_MAX - memory->base;
    return memory->n_bytes < room ? memory->n_bytes : room;
}

/* The entry behind the one at `at`; 0: there is none. */
static size_t step(struct found table, size_t at, size_t first) {
    size_t next = at == 0 ? first : at + table.bytes[at + 1];
    bool whole = table.bytes != NULL && next + 2 <= table.n_bytes && table.bytes[next + 1] >= 2 &&
                 next + table.bytes[next + 1] <= table.n_bytes;
    return whole ? next : 0;
}

/* Where the entries stop. */
static size_t stop_of(struct found table, size_t first) {
    size_t at = 0, last = 0;
    while ((at = step(table, at, first)) != 0)
        last = at;
    return last == 0 ? first : last + table.bytes[last + 1];
}

/* ---- CPUs ------------------------------------------------------------------------------------------------ */

static void judge_entry(struct slow *s, enum judgement judgement, const char *table, size_t at) {
    if (judgement == SHORT)
        tell(s, QUIRE_ACPI_SHORT, table, at);
    if (judgement == ALL)
        tell(s, QUIRE_ACPI_CPU_ID, table, at);
}

static unsigned node_of(const struct answers *out, uint32_t domain) {
    for (unsigned node = 0; node < out->n_nodes; node++)
        if (out->domain[node] == domain)
            return node;
    return 0;
}

/* By the first affinity that is about it. */
static unsigned node_of_cpu(const struct slow *s, const struct quire_acpi_cpu *cpu) {
    for (size_t at = 0; (at = step(s->srat, at, 48)) != 0;) {
        struct cpu said;
        bool is_gic = cpu->kind == QUIRE_ACPI_CPU_GIC;
        if (cpu_of(s->srat, at, true, &said) == GOOD && said.is.kind == cpu->kind &&
            (is_gic ? said.is.uid == cpu->uid : said.is.id == cpu->id))
            return node_of(s->out, said.domain);
    }
    return 0;
}

static void read_madt(struct slow *s) {
    struct answers *out = s->out;
    struct cpu cpu = {.domain = 0};
    for (size_t at = 0; (at = step(s->madt, at, 44)) != 0;) {
        enum judgement judgement = cpu_of(s->madt, at, false, &cpu);
        judge_entry(s, judgement, "APIC", at);
        bool twice = false;
        for (size_t i = 0; i < out->n_cpus; i++)
            twice |= out->cpus[i].kind == cpu.is.kind && out->cpus[i].id == cpu.is.id;
        if (judgement == GOOD && twice)
            tell(s, QUIRE_ACPI_CPU_TWICE, "APIC", at);
        else if (judgement == GOOD)
            out->cpus[out->n_cpus++] = cpu.is;
        if (judgement == GOOD && out->n_cpus > MOST_CPUS)
            abort();
    }
    if (s->madt.bytes != NULL && stop_of(s->madt, 44) != s->madt.n_bytes)
        tell(s, QUIRE_ACPI_ENTRY, "APIC", stop_of(s->madt, 44));
}

static void find_local_apic(struct slow *s) {
    s->out->local_apic = s->madt.bytes != NULL ? number(s->madt.bytes + 36, 4) : QUIRE_NONE;
    for (size_t at = 0; (at = step(s->madt, at, 44)) != 0;)
        if (s->madt.bytes[at] == 5 && s->madt.bytes[at + 1] >= 12)
            s->out->local_apic = number(s->madt.bytes + at + 4, 8);
}

/* ---- nodes ----------------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b) {
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* All domains that count, with what is wrong with who says so. */
static size_t gather_domains(struct slow *s, uint32_t *domains) {
    struct answers *out = s->out;
    size_t n = 0;
    for (size_t at = 0; (at = step(s->srat, at, 48)) != 0;) {
        struct cpu cpu, other;
        struct quire_acpi_memory memory, m;
        enum judgement is_cpu = cpu_of(s->srat, at, true, &cpu), is_memory = memory_of(s->srat, at, &memory);
        judge_entry(s, is_cpu, "SRAT", at);
        judge_entry(s, is_memory, "SRAT", at);
        bool twice = false, overlaps = false;
        for (size_t b = 0; (b = step(s->srat, b, 48)) != at;) {
            twice |= is_cpu == GOOD && cpu_of(s->srat, b, true, &other) == GOOD && other.is.kind == cpu.is.kind &&
                     other.is.id == cpu.is.id && other.is.uid == cpu.is.uid;
            overlaps |= is_memory == GOOD && memory_of(s->srat, b, &m) == GOOD && m.domain != memory.domain &&
                        m.base < memory.base + left_of(&memory) && memory.base < m.base + left_of(&m);
        }
        if (twice)
            tell(s, QUIRE_ACPI_CPU_TWICE, "SRAT", at);
        else if (is_cpu == GOOD)
            domains[n++] = cpu.domain;
        if (is_memory != GOOD)
            continue;
        if (left_of(&memory) != memory.n_bytes)
            tell(s, QUIRE_ACPI_WRAP, "SRAT", at);
        if (left_of(&memory) == 0) {
            tell(s, QUIRE_ACPI_EMPTY, "SRAT", at);
            continue;
        }
        if (overlaps)
            tell(s, QUIRE_ACPI_OVERLAP, "SRAT", at);
        domains[n++] = memory.domain;
        memory.n_bytes = left_of(&memory);
        out->memory[out->n_memory++] = memory;
    }
    return n;
}

static void find_nodes(struct slow *s) {
    struct answers *out = s->out;
    uint32_t domains[MOST_MEMORY + MOST_CPUS];
    size_t n = gather_domains(s, domains);
    if (s->srat.bytes != NULL && stop_of(s->srat, 48) != s->srat.n_bytes)
        tell(s, QUIRE_ACPI_ENTRY, "SRAT", stop_of(s->srat, 48));
    qsort(domains, n, sizeof *domains, by_number);
    size_t n_unique = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || domains[i] != domains[i - 1])
            domains[n_unique++] = domains[i];
    if (n_unique > QUIRE_ACPI_MAX_NODES) {
        tell(s, QUIRE_ACPI_DOMAINS, "SRAT", 48);
        n_unique = QUIRE_ACPI_MAX_NODES;
    }
    out->domain[0] = 0;
    out->n_nodes = n_unique > 0 ? (unsigned)n_unique : 1;
    memcpy(out->domain, domains, n_unique * sizeof *domains);
}

/* Domains that count have a CPU, and no memory. */
static void look_for_memory(struct slow *s) {
    struct answers *out = s->out;
    bool told[QUIRE_ACPI_MAX_NODES] = {false};
    for (size_t at = 0; (at = step(s->srat, at, 48)) != 0;) {
        struct cpu cpu;
        if (cpu_of(s->srat, at, true, &cpu) != GOOD)
            continue;
        unsigned node = node_of(out, cpu.domain);
        bool has_memory = out->domain[node] != cpu.domain || told[node];
        for (size_t i = 0; i < out->n_memory; i++)
            has_memory |= out->memory[i].domain == cpu.domain;
        if (!has_memory) {
            tell(s, QUIRE_ACPI_NO_MEMORY, "SRAT", at);
            told[node] = true;
        }
    }
}

/* ---- distances ------------------------------------------------------------------------------------------- */

static uint64_t n_localities(const struct slow *s) {
    uint64_t n = s->slit.bytes != NULL ? number(s->slit.bytes + 36, 8) : 0;
    return n <= 10000 && n * n + 44 <= s->slit.n_bytes ? n : 0;
}

/* What the SLIT says; -1: nothing. */
static int said(const struct slow *s, unsigned from, unsigned to, size_t *where) {
    uint64_t n = n_localities(s), row = s->out->domain[from], column = s->out->domain[to];
    *where = row < n && column < n ? 44 + row * n + column : 36;
    return row < n && column < n ? s->slit.bytes[*where] : -1;
}

static void read_distances(struct slow *s) {
    struct answers *out = s->out;
    enum quire_acpi_status kinds[] = {QUIRE_ACPI_LOCALITIES, QUIRE_ACPI_DISTANCE, QUIRE_ACPI_UNREACHABLE};
    size_t first[3] = {0, 0, 0}, where;
    for (unsigned from = 0; from < out->n_nodes; from++)
        for (unsigned to = 0; to < out->n_nodes; to++) {
            int far = said(s, from, to, &where);
            int wrong = far < 0 ? 0 : far < 10 || (from == to && far != 10) ? 1 : far == 255 ? 2 : 3;
            if (wrong < 3 && first[wrong] == 0)
                first[wrong] = where;
            out->distance[from * out->n_nodes + to] = from == to ? 10 : far < 10 ? 20 : (uint8_t)far;
        }
    if (s->slit.bytes == NULL || s->srat.bytes == NULL)
        return;
    if (n_localities(s) == 0) {
        tell(s, QUIRE_ACPI_SLIT_SIZE, "SLIT", 36);
        return;
    }
    for (unsigned i = 0; i < 3; i++)
        if (first[i] != 0)
            tell(s, kinds[i], "SLIT", first[i]);
}

void answers_slow(struct answers *answers, const struct image *image) {
    struct slow s = {.image = image, .out = answers};
    answers->n_problems = 0;
    answers->n_cpus = 0;
    answers->n_memory = 0;
    answers->status = find_tables(&s);
    bool known = answers->status == QUIRE_ACPI_OK;
    if (!known)
        s.madt = s.srat = s.slit = (struct found){NULL, 0};
    read_madt(&s);
    find_local_apic(&s);
    find_nodes(&s);
    look_for_memory(&s);
    read_distances(&s);
    for (size_t i = 0; i < answers->n_cpus; i++)
        answers->cpus[i].node = node_of_cpu(&s, &answers->cpus[i]);
    for (size_t i = 0; i < answers->n_memory; i++)
        answers->memory[i].node = node_of(answers, answers->memory[i].domain);
    answers->n_counted = answers->n_problems;
}
