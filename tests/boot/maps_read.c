/* maps_read.c: what the readers of boot/ do, written down; and how two such records differ. */
#include "boot/e820.h"
#include "boot/limine.h"
#include "boot/linux.h"
#include "boot/multiboot.h"
#include "boot/multiboot2.h"
#include "boot/pvh.h"
#include "boot/uefi.h"
#include "maps.h"

#include <stdio.h>
#include <string.h>

/* ---- recording ------------------------------------------------------------------------------------------ */

static struct quire_region space[MAPS_LINES];

struct recording {
    struct maps_result *result;
    struct quire_regions map;
    struct quire_boot_info info;
    struct quire_boot_report report;
};

static void write_down(void *context, const struct quire_boot_problem *problem) {
    struct maps_result *result = context;
    if (result->n_problems < MAPS_LINES) {
        result->problems[result->n_problems] = *problem;
    }
    result->n_problems++;
}

static struct recording start(struct maps_result *result) {
    result->accepted = true;
    result->n_ranges = result->n_problems = result->n_modules = 0;
    result->command_line = "";
    result->rsdp = QUIRE_NONE;
    return (struct recording){.result = result,
                              .map = {.at = space, .capacity = MAPS_LINES},
                              .info = {.modules = result->modules, .capacity = MAPS_MODULES},
                              .report = {.tell = write_down, .context = result}};
}

static void end_list(struct recording *r) {
    r->result->n_ranges = r->map.n;
    for (size_t i = 0; i < r->map.n && i < MAPS_LINES; i++) {
        enum maps_kind kind = space[i].type == QUIRE_USABLE     ? MAPS_USABLE
                              : space[i].type == QUIRE_RESERVED ? MAPS_RESERVED
                                                                : MAPS_RECLAIMABLE;
        r->result->ranges[i] = (struct maps_range){space[i].base, space[i].end, kind};
    }
    if (r->report.n_problems != r->result->n_problems) {
        r->result->n_problems = SIZE_MAX; /* which the other side never says */
    }
}

void read_e820(struct maps_result *result, const struct maps_list *list) {
    struct recording r = start(result);
    quire_e820_regions(&r.map, list->bytes, list->n_bytes, list->stride, &r.report);
    end_list(&r);
}

void read_uefi(struct maps_result *result, const struct maps_list *list) {
    struct recording r = start(result);
    quire_uefi_regions(&r.map, list->bytes, list->n_bytes, list->stride, list->version, &r.report);
    end_list(&r);
}

void read_limine(struct maps_result *result, const struct maps_list *list) {
    static uint64_t entries[MAPS_LINES][3];
    static const void *pointers[MAPS_LINES];
    struct {
        uint64_t revision, n;
        const void **entries;
    } response = {3, list->n_bytes / sizeof *entries, pointers};
    struct recording r = start(result);
    uint8_t null[sizeof *entries];
    memset(null, 0xAA, sizeof null);
    if (response.n != 0) {
        memcpy(entries, list->bytes, response.n * sizeof *entries);
    }
    for (size_t i = 0; i < response.n; i++) {
        pointers[i] = memcmp(entries[i], null, sizeof null) == 0 ? NULL : entries[i];
    }
    quire_limine_regions(&r.map, list->stride == 0 ? NULL : &response, &r.report);
    end_list(&r);
}

typedef bool loader_reader(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                           quire_pa at, struct quire_boot_report *report);

static void read_loader(loader_reader *reader, struct maps_result *result, const struct quire_boot_view *view,
                        quire_pa at) {
    struct recording r = start(result);
    result->accepted = reader(&r.map, &r.info, view, at, &r.report);
    end_list(&r);
    result->n_modules = r.info.n_modules;
    result->command_line = r.info.command_line;
    result->rsdp = r.info.rsdp;
}

void read_pvh(struct maps_result *result, const struct quire_boot_view *view, quire_pa at) {
    read_loader(quire_pvh_read, result, view, at);
}

void read_linux(struct maps_result *result, const struct quire_boot_view *view, quire_pa at) {
    read_loader(quire_linux_read, result, view, at);
}

void read_multiboot(struct maps_result *result, const struct quire_boot_view *view, quire_pa at) {
    read_loader(quire_multiboot_read, result, view, at);
}

void read_multiboot2(struct maps_result *result, const struct quire_boot_view *view, quire_pa at) {
    read_loader(quire_multiboot2_read, result, view, at);
}

/* ---- comparing ------------------------------------------------------------------------------------------ */

static char difference[512];

#define DIFFER(...) return (snprintf(difference, sizeof difference, __VA_ARGS__), difference)

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

typedef unsigned long long ull;

static const char *problems_differ(const struct maps_result *read, const struct maps_result *judged) {
    for (size_t i = 0; i < least(least(read->n_problems, judged->n_problems), MAPS_LINES); i++) {
        const struct quire_boot_problem *a = &read->problems[i], *b = &judged->problems[i];
        if (a->status != b->status || strcmp(a->where, b->where) != 0 || a->entry != b->entry || a->base != b->base ||
            a->n_bytes != b->n_bytes || a->type != b->type) {
            DIFFER("problem %zu: %s %u: %s (%#llx, %#llx, %llx), expected %s %u: %s (%#llx, %#llx, %llx)", i, a->where,
                   a->entry, quire_boot_status_text(a->status), (ull)a->base, (ull)a->n_bytes, (ull)a->type, b->where,
                   b->entry, quire_boot_status_text(b->status), (ull)b->base, (ull)b->n_bytes, (ull)b->type);
        }
    }
    if (read->n_problems != judged->n_problems) {
        DIFFER("%zu problems, expected %zu", read->n_problems, judged->n_problems);
    }
    return NULL;
}

static const char *ranges_differ(const struct maps_result *read, const struct maps_result *judged) {
    for (size_t i = 0; i < least(least(read->n_ranges, judged->n_ranges), MAPS_LINES); i++) {
        const struct maps_range *a = &read->ranges[i], *b = &judged->ranges[i];
        if (a->base != b->base || a->end != b->end || a->kind != b->kind) {
            DIFFER("range %zu is %#llx..%#llx kind %d, expected %#llx..%#llx kind %d", i, (ull)a->base, (ull)a->end,
                   (int)a->kind, (ull)b->base, (ull)b->end, (int)b->kind);
        }
    }
    if (read->n_ranges != judged->n_ranges) {
        DIFFER("%zu ranges, expected %zu", read->n_ranges, judged->n_ranges);
    }
    return NULL;
}

static const char *info_differs(const struct maps_result *read, const struct maps_result *judged) {
    if (read->n_modules != judged->n_modules || read->rsdp != judged->rsdp) {
        DIFFER("%zu modules, RSDP %#llx, expected %zu and %#llx", read->n_modules, (ull)read->rsdp, judged->n_modules,
               (ull)judged->rsdp);
    }
    for (size_t i = 0; i < least(read->n_modules, MAPS_MODULES); i++) {
        const struct quire_boot_module *a = &read->modules[i], *b = &judged->modules[i];
        if (a->base != b->base || a->n_bytes != b->n_bytes || strcmp(a->text, b->text) != 0) {
            DIFFER("module %zu is %#llx, %#llx bytes, %s, expected %#llx, %#llx, %s", i, (ull)a->base, (ull)a->n_bytes,
                   a->text, (ull)b->base, (ull)b->n_bytes, b->text);
        }
    }
    if (strcmp(read->command_line, judged->command_line) != 0) {
        DIFFER("the command line is \"%s\", expected \"%s\"", read->command_line, judged->command_line);
    }
    return NULL;
}

const char *maps_differ(const struct maps_result *read, const struct maps_result *judged) {
    if (read->accepted != judged->accepted) {
        return read->accepted ? "accepted, expected a refusal" : "refused, expected to be accepted";
    }
    const char *found = problems_differ(read, judged);
    found = found != NULL ? found : ranges_differ(read, judged);
    return found != NULL ? found : info_differs(read, judged);
}
