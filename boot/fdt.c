/* fdt.c: the kernel's command line, initial RAM disk, CPUs and devices (Devicetree Specification v0.4, chapters 2 and 3).
 *
 * Each question is one walk over the tree that looks at the nodes it is about; no walk happens often enough to keep an
 * index for it. What can not be understood is passed over: opening the blob has reported it (fdt_open.c).
 *
 * Cost: O(size of the structure block) for each question. */
#include "fdt_node.h"

/* ---- /chosen (section 3.6) ------------------------------------------------------------------------------- */

bool quire_fdt_initrd(const struct quire_fdt *fdt, struct quire_region *initrd) {
    struct q_fdt_walk walk;
    if (!q_fdt_find_top(&walk, fdt, "chosen"))
        return false;
    struct q_fdt_value start = q_fdt_own(&walk, "linux,initrd-start"), end = q_fdt_own(&walk, "linux,initrd-end");
    *initrd = (struct quire_region){.base = q_fdt_value_number(fdt, start), .end = q_fdt_value_number(fdt, end)};
    initrd->type = QUIRE_RESERVED;
    return q_fdt_is_number(start) && q_fdt_is_number(end) && initrd->base < initrd->end;
}

/* A value without a NUL is a string all the same if the byte after it is 0. Mostly it is: each value is followed by a
 * token, which begins with a zero, or by zeros up to that token's word. */
const char *quire_fdt_bootargs(const struct quire_fdt *fdt) {
    struct q_fdt_walk walk;
    if (!q_fdt_find_top(&walk, fdt, "chosen"))
        return "";
    struct q_fdt_value args = q_fdt_own(&walk, "bootargs");
    bool ends = args.n_bytes != 0 &&
                (fdt->blob[args.at + args.n_bytes - 1] == '\0' || fdt->blob[args.at + args.n_bytes] == '\0');
    return ends ? (const char *)fdt->blob + args.at : "";
}

/* ---- /cpus (sections 3.7 and 3.8) ------------------------------------------------------------------------- */

size_t quire_fdt_cpus(const struct quire_fdt *fdt, uint64_t *hart_ids, size_t capacity) {
    struct q_fdt_cpus cpus;
    size_t n = 0;
    uint64_t id;
    for (q_fdt_start_cpus(&cpus, fdt); q_fdt_next_cpu(&cpus, &id); n++)
        if (n < capacity)
            hart_ids[n] = id;
    return n;
}

uint64_t quire_fdt_timebase_hz(const struct quire_fdt *fdt) {
    struct q_fdt_walk walk;
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk)) {
        if (!q_fdt_is_top(&walk, "cpus") && !q_fdt_is_cpu(&walk))
            continue;
        struct q_fdt_value timebase = q_fdt_own(&walk, "timebase-frequency");
        if (q_fdt_is_number(timebase))
            return q_fdt_value_number(fdt, timebase);
    }
    return 0;
}

/* ---- devices -------------------------------------------------------------------------------------------- */

static bool registers_of(const struct q_fdt_walk *walk, struct quire_region *registers) {
    quire_pa base;
    uint64_t n_bytes;
    if (walk->n_open < 2)
        return false;
    struct q_fdt_ranges reg = q_fdt_ranges(q_fdt_own(walk, "reg"), q_fdt_parent_cells(walk));
    if (q_fdt_check_ranges(walk->fdt, reg, false) != QUIRE_FDT_OK || !q_fdt_take(walk->fdt, &reg, &base, &n_bytes))
        return false;
    for (unsigned bus = walk->n_open - 2; bus > 0; bus--)
        if (!q_fdt_translate(walk, bus, &base, n_bytes))
            return false;
    *registers = (struct quire_region){.base = base, .end = base + n_bytes, .type = QUIRE_RESERVED};
    return registers->end > base;
}

static bool is_compatible(const struct q_fdt_walk *walk, const char *compatible) {
    return !q_fdt_too_deep(walk) && q_fdt_here(walk)->okay &&
           q_fdt_lists(walk->fdt, q_fdt_own(walk, "compatible"), compatible);
}

bool quire_fdt_device(const struct quire_fdt *fdt, const char *compatible, struct quire_region *registers) {
    struct q_fdt_walk walk;
    q_fdt_start(&walk, fdt);
    while (q_fdt_next(&walk))
        if (is_compatible(&walk, compatible) && registers_of(&walk, registers))
            return true;
    return false;
}
