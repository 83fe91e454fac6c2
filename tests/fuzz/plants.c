/* plants.c: readers that do one thing wrong, which the targets fdt and regions must notice. The mistake stands between the
 * target and boot/ (the linker's --wrap puts it there); PLANT in the environment names it. For the target api,
 * tests/model/plants.c does the same. */
#include "boot/fdt.h"
#include "boot/regions.h"

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

PLANT(enum quire_fdt_status, quire_fdt_open_strict, struct quire_fdt *fdt, const void *blob, size_t n_readable) {
    enum quire_fdt_status status = __real_quire_fdt_open_strict(fdt, blob, n_readable);
    if (planted("a broken blob accepted")) {
        fdt->status = QUIRE_FDT_OK;
    }
    if (planted("a good blob refused") && fdt->n_bytes % 8 == 4) {
        fdt->status = QUIRE_FDT_NO_END;
    }
    return status;
}

struct told {
    quire_fdt_report *report;
    void *context;
};

static void pass_on(void *context, const struct quire_fdt_problem *problem) {
    const struct told *told = context;
    if (problem->status != QUIRE_FDT_REG || !planted("a problem that is not reported")) {
        told->report(told->context, problem);
    }
}

PLANT(enum quire_fdt_status, quire_fdt_open, struct quire_fdt *fdt, const void *blob, size_t n_readable,
      quire_fdt_report *report, void *context) {
    struct told told = {report, context};
    enum quire_fdt_status status = __real_quire_fdt_open(fdt, blob, n_readable, pass_on, &told);
    if (planted("a byte read behind the blob")) {
        fdt->boot_cpu ^= (uint32_t)(((const volatile uint8_t *)blob)[n_readable] & 0);
    }
    return status;
}

PLANT(void, quire_fdt_regions, const struct quire_fdt *fdt, struct quire_regions *map) {
    __real_quire_fdt_regions(fdt, map);
    map->n -= map->n > 2 && planted("a region left out");
}

PLANT(bool, quire_regions_normalise, struct quire_regions *map) {
    bool fits = __real_quire_regions_normalise(map);
    if (fits && map->n > 1 && planted("a frame too many")) {
        map->at[0].end += QUIRE_PAGE_SIZE;
    }
    if (fits && map->n > 1 && planted("a region left out")) {
        map->n--;
    }
    return fits || planted("too many entries accepted");
}

PLANT(bool, quire_regions_split, struct quire_regions *map, struct quire_regions *later) {
    bool fits = __real_quire_regions_split(map, later);
    later->n -= fits && later->n > 0 && planted("memory for later left out");
    return fits;
}
