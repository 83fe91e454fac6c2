/* acpi_answers.c: what boot/acpi.h answers, and comparing. */
#include "acpi_answers.h"

#include <stdlib.h>
#include <string.h>

/* ---- asking ---------------------------------------------------------------------------------------------- */

struct asking {
    const struct image *image;
    struct answers *answers; /* NULL: problems are not noted */
    void *window;            /* what was mapped last */
};

/* Only what was promised is asked for. */
static const void *map_window(void *context, quire_pa pa, size_t n_bytes) {
    struct asking *asking = context;
    const struct image *image = asking->image;
    free(asking->window);
    asking->window = NULL;
    if (n_bytes == 0 || n_bytes > QUIRE_ACPI_MAX_BYTES || pa > UINT64_MAX - n_bytes)
        abort();
    if (pa < IMAGE_BASE || pa - IMAGE_BASE > image->n_bytes || n_bytes > image->n_bytes - (pa - IMAGE_BASE))
        return NULL;
    asking->window = malloc(n_bytes);
    memcpy(asking->window, image->bytes + (pa - IMAGE_BASE), n_bytes);
    return asking->window;
}

static void note(void *context, const struct quire_acpi_problem *problem) {
    struct asking *asking = context;
    struct answers *answers = asking->answers;
    if (answers->n_problems == MOST_PROBLEMS)
        abort();
    answers->problems[answers->n_problems++] = *problem;
}

void answers_read(struct answers *answers, const struct image *image) {
    struct asking asking = {.image = image, .answers = answers};
    struct quire_acpi acpi;
    answers->n_problems = 0;
    answers->status = quire_acpi_open(&acpi, image->bytes, image->n_bytes, map_window, note, &asking);
    answers->n_counted = acpi.status == answers->status ? acpi.n_problems : UINT32_MAX;
    answers->n_nodes = acpi.n_nodes;
    memcpy(answers->domain, acpi.domain, sizeof acpi.domain);
    answers->n_cpus = quire_acpi_cpus(&acpi, answers->cpus, MOST_CPUS);
    answers->local_apic = quire_acpi_local_apic(&acpi);
    answers->n_memory = quire_acpi_memory(&acpi, answers->memory, MOST_MEMORY);
    quire_acpi_distances(&acpi, answers->distance);
    free(asking.window);
}

/* ---- nodes in a map --------------------------------------------------------------------------------------- */

unsigned answers_node_at(const struct answers *answers, quire_pa at) {
    unsigned node = 0;
    for (size_t i = 0; i < answers->n_memory && i < MOST_MEMORY; i++) {
        const struct quire_acpi_memory *m = &answers->memory[i];
        node = at >= m->base && at - m->base < m->n_bytes ? m->node : node;
    }
    return node;
}

#define MOST_REGIONS (2 + 2 * MOST_MEMORY)

bool answers_set_nodes(const struct answers *answers, const struct image *image) {
    static struct quire_region space[MOST_REGIONS];
    struct quire_regions map = {.at = space, .capacity = MOST_REGIONS};
    struct asking asking = {.image = image};
    struct quire_acpi acpi;
    quire_acpi_open(&acpi, image->bytes, image->n_bytes, map_window, NULL, &asking);
    quire_regions_add(&map, 0x1000, 0x9E000, QUIRE_USABLE);
    quire_regions_add(&map, 0x100000, UINT64_MAX - 0x200000, QUIRE_USABLE);
    bool good = quire_regions_normalise(&map) && quire_acpi_set_nodes(&acpi, &map);
    free(asking.window);
    for (size_t i = 0; i < map.n; i++) /* what is one region is one node's */
        good &= map.at[i].node == answers_node_at(answers, map.at[i].base) &&
                map.at[i].node == answers_node_at(answers, map.at[i].end - QUIRE_PAGE_SIZE);
    return good;
}

/* ---- comparing ------------------------------------------------------------------------------------------- */

static bool same_problems(const struct answers *a, const struct answers *b) {
    bool same = a->n_problems == b->n_problems && a->n_counted == b->n_counted;
    for (size_t i = 0; same && i < a->n_problems; i++) {
        const struct quire_acpi_problem *p = &a->problems[i], *q = &b->problems[i];
        same = p->status == q->status && p->where == q->where && strcmp(p->table, q->table) == 0;
    }
    return same;
}

static bool same_cpus(const struct answers *a, const struct answers *b) {
    bool same = a->n_cpus == b->n_cpus;
    for (size_t i = 0; same && i < a->n_cpus && i < MOST_CPUS; i++) {
        const struct quire_acpi_cpu *p = &a->cpus[i], *q = &b->cpus[i];
        same =
            p->id == q->id && p->uid == q->uid && p->node == q->node && p->kind == q->kind && p->enabled == q->enabled;
    }
    return same;
}

static bool same_memory(const struct answers *a, const struct answers *b) {
    bool same = a->n_memory == b->n_memory;
    for (size_t i = 0; same && i < a->n_memory && i < MOST_MEMORY; i++) {
        const struct quire_acpi_memory *p = &a->memory[i], *q = &b->memory[i];
        same = p->base == q->base && p->n_bytes == q->n_bytes && p->node == q->node && p->domain == q->domain &&
               p->hotpluggable == q->hotpluggable && p->nonvolatile == q->nonvolatile;
    }
    return same;
}

const char *answers_differ(const struct answers *a, const struct answers *b) {
    if (a->status != b->status)
        return "the status";
    if (!same_problems(a, b))
        return "the problems";
    if (a->n_nodes != b->n_nodes || memcmp(a->domain, b->domain, a->n_nodes * sizeof *a->domain) != 0)
        return "the nodes";
    if (!same_cpus(a, b))
        return "the CPUs";
    if (a->local_apic != b->local_apic)
        return "the local APIC";
    if (!same_memory(a, b))
        return "the memory";
    return memcmp(a->distance, b->distance, (size_t)a->n_nodes * a->n_nodes) != 0 ? "the distances" : NULL;
}
