/* maps.h: a second opinion on memory maps (boot/e820.h, uefi.h, limine.h, pvh.h, linux.h, multiboot.h, multiboot2.h).
 *
 * For each format there are two functions with the same arguments. read_x asks the reader of boot/ and writes down what it
 * did. judge_x does the same work slowly and in another way: with structures instead of offsets, with 128-bit numbers instead
 * of care about 2^64, and with a list of facts about types instead of comparisons. maps_differ says where the two
 * differ: in a range, a problem, a module or a text. */
#ifndef TESTS_BOOT_MAPS_H
#define TESTS_BOOT_MAPS_H

#include "boot/loader.h"

enum { MAPS_LINES = 4400, MAPS_MODULES = 64 };

enum maps_kind { MAPS_RESERVED, MAPS_USABLE, MAPS_RECLAIMABLE };

struct maps_range {
    quire_pa base, end;
    enum maps_kind kind;
};

/* What was made of a map. Of lists that are longer than their arrays the first part is compared. */
struct maps_result {
    bool accepted;
    size_t n_ranges, n_problems, n_modules;
    struct maps_range ranges[MAPS_LINES];
    struct quire_boot_problem problems[MAPS_LINES];
    struct quire_boot_module modules[MAPS_MODULES];
    const char *command_line;
    quire_pa rsdp;
};

/* Bytes, and how they are to be read. */
struct maps_list {
    const uint8_t *bytes;
    size_t n_bytes;
    size_t stride;
    uint32_t version; /* of UEFI's descriptors */
};

void read_e820(struct maps_result *result, const struct maps_list *list);
void judge_e820(struct maps_result *result, const struct maps_list *list);
void read_uefi(struct maps_result *result, const struct maps_list *list);
void judge_uefi(struct maps_result *result, const struct maps_list *list);

/* Of Limine the list has the entries alone, 24 bytes each; one of which all 24 bytes are 0xAA is a NULL pointer. With a stride
 * of 0 there is no response. */
void read_limine(struct maps_result *result, const struct maps_list *list);
void judge_limine(struct maps_result *result, const struct maps_list *list);

/* A structure at a physical address. */
typedef void maps_loader(struct maps_result *result, const struct quire_boot_view *view, quire_pa at);
maps_loader read_pvh, judge_pvh, read_linux, judge_linux, read_multiboot, judge_multiboot, read_multiboot2,
    judge_multiboot2;

/* The first difference in words, or NULL: there is none. Lasts until the next call. */
const char *maps_differ(const struct maps_result *read, const struct maps_result *judged);

#endif
