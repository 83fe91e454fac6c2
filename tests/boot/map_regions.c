/* map_regions.c: reads a memory map with boot/, and prints what became of it. tests/boot/maps.py runs it.
 *
 *     map_regions FORMAT FILE [NUMBER...]
 *
 * e820 and uefi take the length of an entry, uefi also a version; the formats in physical memory take the address at which
 * the file's bytes begin and that of the structure. Output: a line for each problem, for each module, for the command line
 * and the root pointer, for each usable range, and for each that is usable later. Exit status 1: refused. */
#include "boot/e820.h"
#include "boot/limine.h"
#include "boot/linux.h"
#include "boot/multiboot.h"
#include "boot/multiboot2.h"
#include "boot/pvh.h"
#include "boot/uefi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 8192, MODULES = 16 };

typedef unsigned long long ull;

static uint8_t bytes[1 << 20];
static size_t n_bytes;
static struct quire_region space[2][MOST];
static struct quire_regions map = {.at = space[0], .capacity = MOST}, later = {.at = space[1], .capacity = MOST};

static void tell(void *context, const struct quire_boot_problem *p) {
    (void)context;
    printf("problem %s %u %#llx %#llx %llu: %s\n", p->where, p->entry, (ull)p->base, (ull)p->n_bytes, (ull)p->type,
           quire_boot_status_text(p->status));
}

static struct quire_boot_report report = {.tell = tell};

/* An entry of which all bytes are 0xAA stands for a NULL pointer. */
static void read_limine(void) {
    static const void *pointers[MOST];
    static uint64_t entries[MOST][3];
    struct {
        uint64_t revision, n;
        const void **entries;
    } response = {0, n_bytes / sizeof *entries, pointers};
    for (size_t i = 0; i < response.n; i++) {
        memcpy(entries[i], bytes + i * sizeof *entries, sizeof *entries);
        pointers[i] = entries[i][0] == 0xAAAAAAAAAAAAAAAA ? NULL : entries[i];
    }
    quire_limine_regions(&map, &response, &report);
}

typedef bool reader(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                    quire_pa at, struct quire_boot_report *report);

static bool read_loader(reader *read, quire_pa base, quire_pa at) {
    static struct quire_boot_module modules[MODULES];
    struct quire_boot_info info = {.modules = modules, .capacity = MODULES};
    const struct quire_boot_view view = {bytes, base, n_bytes};
    bool accepted = read(&map, &info, &view, at, &report);
    printf("command line %s\nrsdp %#llx\n", info.command_line, (ull)info.rsdp);
    for (size_t i = 0; i < info.n_modules && i < MODULES; i++) {
        printf("module %#llx %#llx %s\n", (ull)modules[i].base, (ull)modules[i].n_bytes, modules[i].text);
    }
    return accepted;
}

static bool read_map(const char *format, const ull *number) {
    static const struct {
        const char *name;
        reader *read;
    } loaders[] = {{"pvh", quire_pvh_read},
                   {"linux", quire_linux_read},
                   {"multiboot", quire_multiboot_read},
                   {"multiboot2", quire_multiboot2_read}};
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++) {
        if (strcmp(format, loaders[i].name) == 0) {
            return read_loader(loaders[i].read, number[0], number[1]);
        }
    }
    if (strcmp(format, "e820") == 0) {
        quire_e820_regions(&map, bytes, n_bytes, (size_t)number[0], &report);
    } else if (strcmp(format, "uefi") == 0) {
        quire_uefi_regions(&map, bytes, n_bytes, (size_t)number[0], (uint32_t)number[1], &report);
    } else if (strcmp(format, "limine") == 0) {
        read_limine();
    } else {
        fprintf(stderr, "map_regions: %s: no such format\n", format);
        exit(2);
    }
    return true;
}

static void print_regions(const char *name, const struct quire_regions *list) {
    for (size_t i = 0; i < list->n; i++) {
        printf("%s %#llx %#llx\n", name, (ull)list->at[i].base, (ull)list->at[i].end);
    }
}

int main(int argc, char **argv) {
    FILE *file = argc >= 3 ? fopen(argv[2], "rb") : NULL;
    ull number[2] = {argc > 3 ? strtoull(argv[3], NULL, 0) : 0, argc > 4 ? strtoull(argv[4], NULL, 0) : 0};
    if (file == NULL) {
        fprintf(stderr, "map_regions: give a format, and a file that can be read\n");
        return 2;
    }
    n_bytes = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    bool accepted = read_map(argv[1], number);
    if (!quire_regions_split(&map, &later)) {
        fprintf(stderr, "map_regions: room for %d regions, needed are %zu\n", MOST, map.n);
        return 2;
    }
    print_regions("now", &map);
    print_regions("later", &later);
    return accepted ? 0 : 1;
}
