/* trees.c: device trees for the RISC-V machine, made by libfdt. See trees.h. */
#include "trees.h"
#include "kernel.h"
#include <libfdt.h>
#include <stdbool.h>
#include <stdio.h>

/* The Devicetree Specification, release v0.4, section 3.4. */
static bool put_memory(void *at, const struct bank *memory) {
    bool is_whole = true;
    for (; memory->n_bytes != 0; memory++) {
        fdt64_t reg[] = {cpu_to_fdt64(memory->base), cpu_to_fdt64(memory->n_bytes)};
        char name[32];
        snprintf(name, sizeof name, "memory@%llx", (unsigned long long)memory->base);
        is_whole = is_whole && fdt_begin_node(at, name) == 0 &&
                   fdt_property(at, "device_type", "memory", sizeof "memory") == 0 &&
                   fdt_property(at, "reg", reg, sizeof reg) == 0 && fdt_end_node(at) == 0;
    }
    return is_whole;
}

void make_tree(void *at, const struct bank *memory, const struct bank *reserved) {
    bool is_whole = fdt_create(at, (int)TREE_BYTES) == 0;
    for (; reserved->n_bytes != 0; reserved++) {
        is_whole = is_whole && fdt_add_reservemap_entry(at, reserved->base, reserved->n_bytes) == 0;
    }
    is_whole = is_whole && fdt_finish_reservemap(at) == 0 && fdt_begin_node(at, "") == 0 &&
               fdt_property_u32(at, "#address-cells", 2) == 0 && fdt_property_u32(at, "#size-cells", 2) == 0 &&
               put_memory(at, memory) && fdt_end_node(at) == 0 && fdt_finish(at) == 0;
    expect(is_whole, "no device tree could be made");
}
