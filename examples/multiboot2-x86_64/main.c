/* main.c: Quire on a PC whose loader knows Multiboot 2, as GRUB does. The first 4 GiB are mapped at their own addresses. */
#include <boot/multiboot2.h>
#include <example.h>
#include <pc/pc.h>
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

/* ---- memory ------------------------------------------------------------------------------------------------- */

/* All usable frames that are mapped: without the kernel's image, and without the first MiB. */
static bool find_memory(struct quire_regions *map, quire_pa at) {
    const struct quire_boot_view mapped = {.n_bytes = MAPPED_END};
    struct quire_boot_report report = {.tell = print_problem};
    struct quire_boot_info info = {0};
    quire_regions_add(map, 0, LOW_BYTES, QUIRE_RESERVED);
    quire_regions_add(map, MAPPED_END, UINT64_MAX, QUIRE_RESERVED);
    quire_regions_add(map, (uintptr_t)image_begin, (uintptr_t)(image_end - image_begin), QUIRE_RESERVED);
    return quire_multiboot2_read(map, &info, &mapped, at, &report) && quire_regions_normalise(map);
}

void start(quire_pa info) {
    static struct quire_region space[128];
    struct quire_regions map = {.at = space, .capacity = 128};
    const struct quire_config config = {.n_cpus = 1};
    struct quire *frames;
    if (!find_memory(&map, info) || quire_init(&frames, &config, map.at, map.n) != QUIRE_OK) {
        print("no memory in %u ranges, room for %u\n", (unsigned)map.n, (unsigned)map.capacity);
        machine_exit(3);
    }
    machine_exit(exercise(frames));
}
