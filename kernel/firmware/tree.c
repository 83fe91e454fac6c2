/* tree.c: what a device tree says (firmware.h). boot/fdt.h does the reading, the lenient way: a firmware that makes
 * mistakes is no reason not to boot. */
#include <boot/fdt.h>
#include <firmware.h>
#include <kernel/firmware/tree.h>

#define MAX_TREE_BYTES (2u << 20) /* the firmware does not say how much it is before we look */
#define MAX_REQUESTS   256u       /* of memory that the tree wants reserved, and of what it has reserved, in nodes */

static struct quire_fdt tree;

static void print_problem(void *context, const struct quire_fdt_problem *problem) {
    (void)context;
    print("device tree: %s%s%s: %s\n", problem->path, *problem->property != '\0' ? ": " : "", problem->property,
          quire_fdt_status_text(problem->status));
}

void firmware_open(const void *blob) {
    if (quire_fdt_open(&tree, blob, MAX_TREE_BYTES, print_problem, NULL) != QUIRE_FDT_OK) {
        panic("device tree: %s, at byte %u", quire_fdt_status_text(tree.status), tree.where);
    }
    arch_devices(&tree);
}

const char *firmware_command_line(void) {
    return quire_fdt_bootargs(&tree);
}

size_t firmware_cpus(struct firmware_cpu *cpus, size_t n) {
    static uint64_t id[MAX_CPUS];
    static uint32_t node[MAX_CPUS];
    size_t n_found = quire_fdt_cpus(&tree, id, MAX_CPUS);
    (void)quire_fdt_cpu_nodes(&tree, node, MAX_CPUS);
    for (size_t i = 0; i < n && i < n_found && i < MAX_CPUS; i++) {
        cpus[i] = (struct firmware_cpu){.id = id[i], .node = node[i]};
    }
    return n_found;
}

bool firmware_initramfs(struct quire_region *where) {
    return quire_fdt_initrd(&tree, where);
}

void firmware_regions(struct quire_regions *map) {
    quire_fdt_regions(&tree, map);
    quire_regions_add(map, direct_pa(tree.blob), tree.n_bytes, QUIRE_RESERVED);
}

/* No driver here uses what devices ask for, but that memory would be the devices'. */
void firmware_place_requests(struct quire_regions *map) {
    static struct quire_fdt_reserved all[MAX_REQUESTS];
    size_t n = quire_fdt_reserved(&tree, all, MAX_REQUESTS);
    if (n > MAX_REQUESTS) {
        print("memory: the device tree has %lu reservations, %u are looked at\n", n, MAX_REQUESTS);
    }
    for (size_t i = 0; i < n && i < MAX_REQUESTS; i++) {
        bool is_request = all[i].base == QUIRE_NONE;
        if (!quire_fdt_place(&tree, &all[i], map)) {
            print("memory: no place for %lu KiB of %s\n", all[i].n_bytes / 1024, all[i].name);
        } else if (is_request) {
            print("memory: %lu KiB of %s at 0x%lx\n", all[i].n_bytes / 1024, all[i].name, all[i].base);
        }
    }
}

unsigned firmware_nodes(struct quire_regions *map, uint8_t *distance) {
    unsigned n_nodes = quire_fdt_n_nodes(&tree, QUIRE_MAX_NODES);
    if (!quire_fdt_set_nodes(&tree, map, n_nodes)) {
        print("memory: no room for the nodes of all memory: some counts as node 0's\n");
    }
    quire_fdt_distances(&tree, distance, n_nodes);
    return n_nodes;
}
