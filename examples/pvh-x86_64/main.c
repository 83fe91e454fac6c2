/* main.c: Quire on a PC that starts the kernel by PVH, as QEMU's -kernel, Firecracker and Xen do. The first 4 GiB are mapped
 * at their own addresses. */
#include "map.h"
#include <example.h>
#include <quire/port.h>

void start(quire_pa info); /* common/pc/long_mode.S */

/* ---- the port: the three functions that Quire needs --------------------------------------------------------- */

unsigned quire_port_cpu(void) {
    return 0; /* the only one that runs */
}

void *quire_port_map(quire_pa pa) {
    return (void *)pa;
}

void quire_port_fault(const struct quire_fault *fault) {
    fault_exit(fault);
}

/* ------------------------------------------------------------------------------------------------------------- */

void start(quire_pa info) {
    static struct quire_region space[128];
    struct quire_regions map = {.at = space, .capacity = 128};
    const struct quire_config config = {.n_cpus = 1};
    struct quire *frames;
    if (!pvh_memory(&map, info) || quire_init(&frames, &config, map.at, map.n) != QUIRE_OK) {
        print("no memory in %u ranges, room for %u\n", (unsigned)map.n, (unsigned)map.capacity);
        machine_exit(3);
    }
    machine_exit(exercise(frames));
}
