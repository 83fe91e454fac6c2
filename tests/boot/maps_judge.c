/* maps_judge.c: the second opinion of maps.h. It shares nothing with boot/ but the names of what it finds. */
#include "maps.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;
#define SPACE ((wide)1 << 64)

struct facts {
    uint64_t first, last; /* of types */
    enum maps_kind kind;
};

static struct maps_result *out;
static const char *format;

static void begin(struct maps_result *result, const char *name) {
    out = result;
    format = name;
    out->accepted = true;
    out->n_ranges = out->n_problems = out->n_modules = 0;
    out->command_line = "";
    out->rsdp = QUIRE_NONE;
}

static void problem(enum quire_boot_status status, uint32_t entry, uint64_t base, uint64_t n_bytes, uint64_t type) {
    if (out->n_problems < MAPS_LINES) {
        out->problems[out->n_problems] = (struct quire_boot_problem){status, format, entry, base, n_bytes, type};
    }
    out->n_problems++;
}

/* A region is half-open and ends at 2^64 - 1 at most. */
static void range(wide base, wide n_bytes, enum maps_kind kind) {
    wide end = base + n_bytes;
    if (end > SPACE - 1) {
        end = SPACE - 1;
    }
    if (base >= end) {
        return;
    }
    if (out->n_ranges < MAPS_LINES) {
        out->ranges[out->n_ranges] = (struct maps_range){(uint64_t)base, (uint64_t)end, kind};
    }
    out->n_ranges++;
}

/* Whether no fact was about the last type that was asked for. */
static bool is_unknown;

static enum maps_kind kind_of(const struct facts *facts, uint64_t type) {
    is_unknown = false;
    for (; facts->last != 0 || facts->first == 0; facts++) {
        if (facts->first <= type && type <= facts->last) {
            return facts->kind;
        }
    }
    is_unknown = true;
    return MAPS_RESERVED;
}

static void entry(uint32_t i, uint64_t base, uint64_t n_bytes, uint64_t type, enum maps_kind kind) {
    bool runs_out = (wide)base + n_bytes > SPACE || (wide)n_bytes + 1 == SPACE;
    if (n_bytes == 0) {
        problem(QUIRE_BOOT_EMPTY, i, base, n_bytes, type);
        return;
    }
    if (is_unknown) {
        problem(QUIRE_BOOT_TYPE, i, base, n_bytes, type);
    }
    if (runs_out) {
        problem(QUIRE_BOOT_WRAP, i, base, n_bytes, type);
    }
    if (kind == MAPS_RESERVED || !runs_out) {
        range(base, n_bytes, kind);
    }
}

/* ---- E820 ----------------------------------------------------------------------------------------------- */

#define END_OF_FACTS                                                                                                   \
    { 1, 0, MAPS_RESERVED }

static const struct facts e820_facts[] = {
    {1, 1, MAPS_USABLE},
    {2, 2, MAPS_RESERVED},
    {3, 3, MAPS_RECLAIMABLE},
    {4, 8, MAPS_RESERVED},
    {12, 12, MAPS_RESERVED},
    {128, 128, MAPS_RESERVED},
    {0xEFFFFFFF, 0xFFFFFFFF, MAPS_RESERVED},
    END_OF_FACTS,
};

struct e820_entry {
    uint64_t base, n_bytes;
    uint32_t type, attributes;
};

static struct e820_entry e820_at(const uint8_t *bytes, size_t n_bytes) {
    struct e820_entry e = {0};
    memcpy(&e, bytes, n_bytes < sizeof e ? n_bytes : sizeof e);
    return e;
}

static void e820_whole(const struct e820_entry *e, uint32_t i) {
    entry(i, e->base, e->n_bytes, e->type, kind_of(e820_facts, e->type));
}

static void e820_list(const uint8_t *bytes, size_t n_bytes, size_t stride, bool marks_count) {
    if (stride < 20) {
        problem(QUIRE_BOOT_STRIDE, 0, 0, 0, 0);
        return;
    }
    size_t n = n_bytes / stride;
    for (size_t i = 0; i < n; i++) {
        struct e820_entry e = e820_at(bytes + i * stride, stride);
        if (!marks_count || e.attributes % 2 == 1) {
            e820_whole(&e, (uint32_t)i);
            continue;
        }
        problem(QUIRE_BOOT_INVALID, (uint32_t)i, e.base, e.n_bytes, e.type);
        if (e.type != 1 && e.type != 3) {
            range(e.base, e.n_bytes, MAPS_RESERVED);
        }
    }
    if (n * stride != n_bytes) {
        problem(QUIRE_BOOT_CUT, 0, 0, 0, 0);
    }
}

void judge_e820(struct maps_result *result, const struct maps_list *list) {
    begin(result, "E820");
    size_t n_marked = 0, n = list->stride >= 24 ? list->n_bytes / list->stride : 0;
    for (size_t i = 0; i < n; i++) {
        n_marked += e820_at(list->bytes + i * list->stride, 24).attributes & 1;
    }
    if (n != 0 && n_marked == 0) {
        problem(QUIRE_BOOT_UNMARKED, 0, 0, 0, 0);
    }
    e820_list(list->bytes, list->n_bytes, list->stride, n_marked != 0);
}

/* ---- UEFI ----------------------------------------------------------------------------------------------- */

struct descriptor {
    uint32_t type, padding;
    uint64_t base, virtual_base, n_pages, attribute;
};

static const struct facts uefi_facts[] = {
    {0, 0, MAPS_RESERVED}, {1, 4, MAPS_RECLAIMABLE}, {5, 6, MAPS_RESERVED},   {7, 7, MAPS_USABLE},
    {8, 8, MAPS_RESERVED}, {9, 9, MAPS_RECLAIMABLE}, {10, 15, MAPS_RESERVED}, {0x70000000, 0xFFFFFFFF, MAPS_RESERVED},
    END_OF_FACTS,
};

static bool has_bit(uint64_t attribute, unsigned bit) {
    return attribute >> bit & 1;
}

static void uefi_descriptor(const struct descriptor *d, uint32_t i) {
    wide n_wide = (wide)d->n_pages * 4096;
    uint64_t n_bytes = n_wide < SPACE ? (uint64_t)n_wide : UINT64_MAX;
    enum maps_kind kind = kind_of(uefi_facts, d->type);
    if (d->base % 4096 != 0) {
        problem(QUIRE_BOOT_UNALIGNED, i, d->base, n_bytes, d->type);
    }
    if (has_bit(d->attribute, 63) || has_bit(d->attribute, 18) || has_bit(d->attribute, 15)) {
        kind = MAPS_RESERVED;
    } else if (kind != MAPS_RESERVED && !has_bit(d->attribute, 3)) {
        problem(QUIRE_BOOT_UNCACHED, i, d->base, n_bytes, d->type);
        kind = MAPS_RESERVED;
    }
    entry(i, d->base, n_bytes, d->type, kind);
}

static void uefi_list(const uint8_t *bytes, size_t n_bytes, size_t stride, uint32_t version) {
    if (stride < sizeof(struct descriptor)) {
        problem(QUIRE_BOOT_STRIDE, 0, 0, 0, 0);
        return;
    }
    if (version != 1) {
        problem(QUIRE_BOOT_VERSION, 0, 0, 0, 0);
    }
    size_t n = n_bytes / stride;
    for (size_t i = 0; i < n; i++) {
        struct descriptor d;
        memcpy(&d, bytes + i * stride, sizeof d);
        uefi_descriptor(&d, (uint32_t)i);
    }
    if (n * stride != n_bytes) {
        problem(QUIRE_BOOT_CUT, 0, 0, 0, 0);
    }
}

void judge_uefi(struct maps_result *result, const struct maps_list *list) {
    begin(result, "UEFI");
    uefi_list(list->bytes, list->n_bytes, list->stride, list->version);
}

/* ---- Limine --------------------------------------------------------------------------------------------- */

static const struct facts limine_facts[] = {
    {0, 0, MAPS_USABLE},   {1, 1, MAPS_RESERVED},    {2, 2, MAPS_RECLAIMABLE},
    {3, 4, MAPS_RESERVED}, {5, 5, MAPS_RECLAIMABLE}, {6, 8, MAPS_RESERVED},
    END_OF_FACTS,
};

void judge_limine(struct maps_result *result, const struct maps_list *list) {
    begin(result, "Limine");
    size_t n = list->stride == 0 ? 0 : list->n_bytes / 24;
    if (n == 0) {
        problem(QUIRE_BOOT_NO_MAP, 0, 0, 0, 0);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t e[3];
        memcpy(e, list->bytes + 24 * i, sizeof e);
        if (e[0] == 0xAAAAAAAAAAAAAAAA && e[1] == e[0] && e[2] == e[0]) {
            problem(QUIRE_BOOT_OUTSIDE, (uint32_t)i, 0, 0, 0);
        } else {
            entry((uint32_t)i, e[0], e[1], e[2], kind_of(limine_facts, e[2]));
        }
    }
}

/* ---- structures in physical memory ------------------------------------------------------------------------ */

static const struct quire_boot_view *seen;

static bool in_view(wide base, wide n_bytes) {
    return base >= seen->base && base + n_bytes <= (wide)seen->base + seen->n_bytes;
}

static uint8_t byte_at(uint64_t address) {
    return ((const uint8_t *)seen->bytes)[address - seen->base];
}

static void copy(void *to, uint64_t from, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; i++) {
        ((uint8_t *)to)[i] = byte_at(from + i);
    }
}

static uint32_t u32_at(uint64_t address) {
    uint32_t number;
    copy(&number, address, sizeof number);
    return number;
}

static uint64_t u64_at(uint64_t address) {
    uint64_t number;
    copy(&number, address, sizeof number);
    return number;
}

static const uint8_t *pointer_to(uint64_t address) {
    return (const uint8_t *)seen->bytes + (address - seen->base);
}

/* Something that a structure points to. Returns false where it can not be read. */
static bool pointed_to(uint64_t base, uint64_t n_bytes) {
    if (in_view(base, n_bytes)) {
        range(base, n_bytes, MAPS_RESERVED);
        return true;
    }
    problem(QUIRE_BOOT_OUTSIDE, 0, base, n_bytes, 0);
    return false;
}

static const char *text_at(uint64_t base) {
    uint64_t n = 0;
    if (base == 0) {
        return "";
    }
    for (; in_view((wide)base + n, 1) && n <= 0xFFFF; n++) {
        if (byte_at(base + n) == 0) {
            range(base, n + 1, MAPS_RESERVED);
            return (const char *)pointer_to(base);
        }
    }
    problem(QUIRE_BOOT_TEXT, 0, base, n > 0xFFFF ? 0xFFFF : n, 0);
    return "";
}

static void module(uint64_t base, uint64_t n_bytes, const char *text) {
    if (out->n_modules < MAPS_MODULES) {
        out->modules[out->n_modules] = (struct quire_boot_module){base, n_bytes, text};
    }
    out->n_modules++;
    range(base, n_bytes, MAPS_RESERVED);
}

/* Whether the structure can be read. */
static bool is_there(struct maps_result *result, const char *name, const struct quire_boot_view *view, quire_pa at,
                     uint64_t n_bytes) {
    begin(result, name);
    seen = view;
    out->accepted = in_view(at, n_bytes);
    if (!out->accepted) {
        problem(QUIRE_BOOT_OUTSIDE, 0, at, n_bytes, 0);
    }
    return out->accepted;
}

static bool begins_with(uint32_t number, uint64_t field, quire_pa at, uint64_t n_bytes) {
    if (u32_at(field) == number) {
        return true;
    }
    problem(QUIRE_BOOT_MAGIC, 0, at, n_bytes, 0);
    out->accepted = false;
    return false;
}

/* ---- PVH ------------------------------------------------------------------------------------------------ */

struct pvh_info {
    uint32_t magic, version, flags, n_modules;
    uint64_t modules, command_line, rsdp;
    uint64_t map; /* from here on: version 1 */
    uint32_t n_entries, reserved;
};

static void pvh_map(const struct pvh_info *info) {
    bool found = false;
    if (info->n_entries != 0) {
        uint64_t n_bytes = info->n_entries * (uint64_t)24;
        if (n_bytes >> 32 != 0) {
            problem(QUIRE_BOOT_OUTSIDE, 0, info->map, UINT64_MAX, 0);
        } else {
            found = pointed_to(info->map, n_bytes);
        }
        if (found) {
            e820_list(pointer_to(info->map), n_bytes, 24, false);
        }
    }
    if (!found) {
        problem(QUIRE_BOOT_NO_MAP, 0, 0, 0, 0);
    }
}

void judge_pvh(struct maps_result *result, const struct quire_boot_view *view, quire_pa at) {
    struct pvh_info info = {0};
    if (!is_there(result, "PVH", view, at, 40) || !begins_with(0x336EC578, at, at, 40)) {
        return;
    }
    copy(&info, at, 40);
    if (info.version != 0 && in_view(at, 56)) {
        copy(&info, at, 56);
    }
    range(at, info.version != 0 ? 56 : 40, MAPS_RESERVED);
    pvh_map(&info);
    out->command_line = text_at(info.command_line);
    out->rsdp = info.rsdp == 0 ? QUIRE_NONE : info.rsdp;
    if (info.n_modules == 0 || !pointed_to(info.modules, 32 * (uint64_t)info.n_modules)) {
        return;
    }
    for (uint64_t m = info.modules; m != info.modules + 32 * (uint64_t)info.n_modules; m += 32) {
        const char *text = text_at(u64_at(m + 16));
        module(u64_at(m), u64_at(m + 8), text);
    }
}

/* ---- Linux ---------------------------------------------------------------------------------------------- */

static void linux_setup_data(uint64_t at) {
    struct {
        uint64_t next;
        uint32_t type, n_bytes;
    } node;
    for (uint32_t i = 0; at != 0; i++, at = node.next) {
        node.n_bytes = 0;
        if (in_view(at, sizeof node)) {
            copy(&node, at, sizeof node);
        }
        if (i == 64) {
            problem(QUIRE_BOOT_TAG, i, at, 0, 0);
            return;
        }
        if (!pointed_to(at, sizeof node + (uint64_t)node.n_bytes)) {
            return;
        }
        if (node.type == 1) {
            e820_list(pointer_to(at + 16), node.n_bytes, 20, false);
        } else if (node.type == 1u << 31 && node.n_bytes >= 24) {
            range(u64_at(at + 16 + 16), u64_at(at + 16 + 8), MAPS_RESERVED);
        }
    }
}

void judge_linux(struct maps_result *result, const struct quire_boot_view *view, quire_pa at) {
    if (!is_there(result, "Linux", view, at, 4096) || !begins_with(0x53726448, at + 0x202, at, 4096)) {
        return;
    }
    range(at, 4096, MAPS_RESERVED);
    unsigned n = byte_at(at + 0x1E8);
    if (n == 0) {
        problem(QUIRE_BOOT_NO_MAP, 0, 0, 0, 0);
    }
    if (n > 128) {
        problem(QUIRE_BOOT_CUT, n, 0, 0, 0);
        n = 128;
    }
    e820_list(pointer_to(at + 0x2D0), n * (size_t)20, 20, false);
    linux_setup_data(u64_at(at + 0x250));
    out->command_line = text_at(u32_at(at + 0x228) + ((uint64_t)u32_at(at + 0xC8) << 32));
    out->rsdp = u64_at(at + 0x70) == 0 ? QUIRE_NONE : u64_at(at + 0x70);
    uint64_t disk_bytes = u32_at(at + 0x21C) + ((uint64_t)u32_at(at + 0xC4) << 32);
    if (disk_bytes != 0) {
        module(u32_at(at + 0x218) + ((uint64_t)u32_at(at + 0xC0) << 32), disk_bytes, "");
    }
}

/* ---- Multiboot ------------------------------------------------------------------------------------------ */

static void basic(uint64_t lower, uint64_t upper) {
    range(0, lower * 1024, MAPS_USABLE);
    range(1024 * 1024, upper * 1024, MAPS_USABLE);
}

static void short_module(uint32_t i, uint32_t start, uint32_t end, const char *text) {
    if (start > end) {
        problem(QUIRE_BOOT_MODULE, i, start, 0, 0);
    } else {
        module(start, end - start, text);
    }
}

struct multiboot_info {
    uint32_t flags, lower, upper, device, command_line, n_modules, modules, symbols[4], map_bytes, map;
};

static void multiboot_map(uint64_t at, uint64_t end) {
    for (uint32_t i = 0; at < end; i++) {
        if (end - at < 4) {
            problem(QUIRE_BOOT_CUT, i, 0, 0, 0);
            return;
        }
        uint64_t size = u32_at(at), next = at + 4 + size;
        if (size < 20) {
            problem(QUIRE_BOOT_STRIDE, i, 0, 0, 0);
            return;
        }
        if (next > end) {
            problem(QUIRE_BOOT_CUT, i, 0, 0, 0);
            return;
        }
        struct e820_entry e = e820_at(pointer_to(at + 4), 20);
        e820_whole(&e, i);
        at = next;
    }
}

void judge_multiboot(struct maps_result *result, const struct quire_boot_view *view, quire_pa at) {
    struct multiboot_info info;
    if (!is_there(result, "Multiboot", view, at, sizeof info)) {
        return;
    }
    range(at, 116, MAPS_RESERVED);
    copy(&info, at, sizeof info);
    bool has_map = (info.flags >> 6) % 2 == 1 && info.map_bytes > 0;
    if (has_map && pointed_to(info.map, info.map_bytes)) {
        multiboot_map(info.map, (uint64_t)info.map + info.map_bytes);
    } else {
        problem(QUIRE_BOOT_NO_MAP, 0, 0, 0, 0);
        if (info.flags % 2 == 1) {
            basic(info.lower, info.upper);
        }
    }
    if ((info.flags >> 2) % 2 == 1) {
        out->command_line = text_at(info.command_line);
    }
    bool has_modules = (info.flags >> 3) % 2 == 1 && info.n_modules > 0;
    if (!has_modules || !pointed_to(info.modules, 16 * (uint64_t)info.n_modules)) {
        return;
    }
    for (uint32_t i = 0; i < info.n_modules; i++) {
        uint64_t m = info.modules + (uint64_t)16 * i;
        const char *text = text_at(u32_at(m + 8));
        short_module(i, u32_at(m), u32_at(m + 4), text);
    }
}

/* ---- Multiboot 2 ---------------------------------------------------------------------------------------- */

static const char *multiboot2_text(uint64_t tag, uint32_t from, uint32_t i) {
    uint32_t size = u32_at(tag + 4);
    for (uint32_t k = from; k < size; k++) {
        if (byte_at(tag + k) == 0) {
            return (const char *)pointer_to(tag + from);
        }
    }
    problem(QUIRE_BOOT_TEXT, i, 0, 0, u32_at(tag));
    return "";
}

/* Whether a tag is one that is looked for, and long enough. */
static bool multiboot2_tag(uint32_t type, uint32_t size, uint32_t i) {
    static const uint32_t needs[] = {[1] = 8, [3] = 16, [4] = 16, [6] = 16, [14] = 28, [15] = 44, [17] = 16, [18] = 8};
    if (type >= sizeof needs / sizeof *needs || needs[type] == 0) {
        return false;
    }
    if (size < needs[type]) {
        problem(QUIRE_BOOT_STRIDE, i, 0, 0, type);
    }
    return size >= needs[type];
}

static void multiboot2_walk(uint64_t at, wide end, uint64_t *first) {
    uint32_t i = 0;
    for (wide tag = (wide)at + 8;; i++) {
        uint32_t type = 0, size = 0;
        if (tag + 8 <= end) {
            type = u32_at((uint64_t)tag);
            size = u32_at((uint64_t)tag + 4);
        }
        if (size < 8 || tag + size > end) {
            problem(QUIRE_BOOT_TAG, i, 0, size, 0);
            return;
        }
        if (type == 0) {
            return;
        }
        if (multiboot2_tag(type, size, i)) {
            if (type == 3) {
                const char *text = multiboot2_text((uint64_t)tag, 16, i);
                short_module(i, u32_at((uint64_t)tag + 8), u32_at((uint64_t)tag + 12), text);
            } else if (first[type] == 0) {
                first[type] = (uint64_t)tag;
            }
        }
        tag += (size + 7) / 8 * (wide)8;
    }
}

static void multiboot2_memory(const uint64_t *first) {
    uint64_t best = first[17] != 0 ? first[17] : first[6];
    uint32_t n_bytes = best != 0 ? u32_at(best + 4) - 16 : 0, stride = best != 0 ? u32_at(best + 8) : 0,
             version = best != 0 ? u32_at(best + 12) : 0;
    if (first[18] != 0) {
        problem(QUIRE_BOOT_SERVICES, 0, 0, 0, 0);
    } else if (first[17] != 0) {
        uefi_list(pointer_to(best + 16), n_bytes, stride, version);
    } else if (first[6] != 0) {
        if (version != 0) {
            problem(QUIRE_BOOT_VERSION, 0, 0, 0, 0);
        }
        e820_list(pointer_to(best + 16), n_bytes, stride, false);
    } else {
        problem(QUIRE_BOOT_NO_MAP, 0, 0, 0, 0);
        if (first[4] != 0) {
            basic(u32_at(first[4] + 8), u32_at(first[4] + 12));
        }
    }
}

void judge_multiboot2(struct maps_result *result, const struct quire_boot_view *view, quire_pa at) {
    uint64_t first[19] = {0}; /* no tag is at address 0, where the structure would be before it */
    if (!is_there(result, "Multiboot 2", view, at, 8)) {
        return;
    }
    wide end = (wide)at + u32_at(at), view_end = (wide)view->base + view->n_bytes;
    range(at, u32_at(at), MAPS_RESERVED);
    if (end > view_end) {
        problem(QUIRE_BOOT_OUTSIDE, 0, at, u32_at(at), 0);
        end = view_end;
    }
    multiboot2_walk(at, end, first);
    multiboot2_memory(first);
    if (first[1] != 0) {
        out->command_line = multiboot2_text(first[1], 8, 0);
    }
    if (first[14] + first[15] != 0) {
        out->rsdp = (first[15] != 0 ? first[15] : first[14]) + 8;
    }
}
