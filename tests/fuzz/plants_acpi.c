/* plants_acpi.c: an ACPI reader that does one thing wrong, which the target acpi must notice; as plants.c. */
#include "boot/acpi.h"

#include <stdlib.h>
#include <string.h>

static bool planted(const char *name) {
    const char *wanted = getenv("PLANT");
    return wanted != NULL && strcmp(wanted, name) == 0;
}

#define PLANT(type, name, ...)                                                                                         \
    type __real_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__)

/* Between the reader and its caller's functions. */
static struct {
    quire_acpi_map *map;
    quire_acpi_report *report;
    const volatile uint8_t *before; /* what was mapped the last time */
} between;

static const void *map(void *context, quire_pa pa, size_t n_bytes) {
    const volatile uint8_t *bytes = between.map(context, pa, n_bytes);
    if (planted("a byte read behind a table") && bytes != NULL && n_bytes > 36) {
        (void)bytes[n_bytes];
    }
    if (planted("a window used after the next") && bytes != NULL && between.before != NULL) {
        (void)between.before[0];
    }
    between.before = bytes;
    return bytes != NULL ? (const void *)(uintptr_t)bytes : NULL;
}

static void report(void *context, const struct quire_acpi_problem *problem) {
    if (problem->status != QUIRE_ACPI_SHORT || !planted("a problem that is not reported")) {
        between.report(context, problem);
    }
}

PLANT(enum quire_acpi_status, quire_acpi_open, struct quire_acpi *acpi, const void *rsdp, size_t n_readable,
      quire_acpi_map *to_map, quire_acpi_report *to_report, void *context) {
    between.map = to_map;
    between.report = to_report;
    between.before = NULL;
    __real_quire_acpi_open(acpi, rsdp, n_readable, map, to_report != NULL ? report : NULL, context);
    if (planted("a damaged table accepted")) {
        acpi->status = QUIRE_ACPI_OK;
    }
    return acpi->status;
}

PLANT(size_t, quire_acpi_cpus, const struct quire_acpi *acpi, struct quire_acpi_cpu *cpus, size_t capacity) {
    size_t n = __real_quire_acpi_cpus(acpi, cpus, capacity);
    if (n > 1 && planted("a CPU on another node")) {
        cpus[1].node++;
    }
    return n;
}

PLANT(bool, quire_acpi_set_nodes, const struct quire_acpi *acpi, struct quire_regions *to) {
    bool room = __real_quire_acpi_set_nodes(acpi, to);
    if (planted("a node too many")) {
        to->at[0].node++;
    }
    return room;
}

PLANT(void, quire_acpi_distances, const struct quire_acpi *acpi, uint8_t *distance) {
    __real_quire_acpi_distances(acpi, distance);
    if (acpi->n_nodes > 1 && planted("a distance forgotten")) {
        distance[1] = 20;
    }
}
