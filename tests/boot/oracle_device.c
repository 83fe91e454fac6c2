/* oracle_device.c: where devices have their registers, answered with libfdt: each address goes up through all buses. */
#include "oracle.h"

bool translate(const void *blob, int bus, uint64_t *base, uint64_t size) {
    int up = fdt_parent_offset(blob, bus), n_bytes;
    if (up < 0)
        return true; /* the root */
    const uint8_t *ranges = fdt_getprop(blob, bus, "ranges", &n_bytes);
    unsigned c = address_cells(blob, bus), p = address_cells(blob, up), s = size_cells(blob, bus);
    if (ranges == NULL || c > 2 || p > 2 || s > 2)
        return false;
    unsigned entry = 4 * (c + p + s), n = entry != 0 ? (unsigned)n_bytes / entry : 0;
    bool found = n_bytes == 0;
    for (unsigned i = 0; i < n && !found; i++, ranges += entry) {
        uint64_t from = number(ranges, c), to = number(ranges + 4 * c, p), length = number(ranges + 4 * (c + p), s);
        if (*base < from || *base - from >= length || size > length - (*base - from))
            continue;
        found = true;
        if (to > UINT64_MAX - (*base - from))
            return false;
        *base = to + (*base - from);
    }
    return found && translate(blob, up, base, size);
}

size_t device_libfdt(const void *blob, const char *compatible, struct quire_region *registers, size_t capacity) {
    for (int node = fdt_next_node(blob, -1, NULL); node >= 0; node = fdt_next_node(blob, node, NULL)) {
        if (!says(blob, node, "compatible", compatible))
            continue;
        struct array reg = array_of_child(blob, node, "reg");
        if (depth_of(blob, node) >= (int)QUIRE_FDT_MAX_DEPTH || !okay(blob, node) || !is_whole(&reg))
            continue;
        unsigned n = 0;
        for (uint64_t base, size; n < n_pairs(&reg); n++) {
            pair(&reg, n, &base, &size);
            if (!translate(blob, fdt_parent_offset(blob, node), &base, size) || base + size <= base)
                break;
            if (n < capacity)
                registers[n] = (struct quire_region){base, base + size, QUIRE_RESERVED, 0};
        }
        if (n > 0)
            return n;
    }
    return 0;
}
