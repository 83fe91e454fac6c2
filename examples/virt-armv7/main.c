/* main.c: Quire on a 32-bit Arm machine with a device tree. Physical addresses are pointers: start.S maps the lowest 4 GiB. */
#include <boot/fdt.h>
#include <example.h>
#include <quire/port.h>

#define MAPPED_END 0x100000000u

extern char image_begin[], image_end[]; /* kernel.ld */
void start(const void *device_tree);    /* start.S */
void semihosting(uint32_t call, const void *parameters);

/* ---- the port: the three functions that Quire needs --------------------------------------------------------- */

unsigned quire_port_cpu(void) {
    return 0; /* the only one that runs */
}

void *quire_port_map(quire_pa pa) {
    return (void *)(uintptr_t)pa;
}

void quire_port_fault(const struct quire_fault *fault) {
    fault_exit(fault);
}

/* ---- the machine -------------------------------------------------------------------------------------------- */

static volatile uint32_t *uart =
    (volatile uint32_t *)0x09000000; /* a PL011; QEMU's, until the device tree says better */

void console_put(char c) {
    while ((uart[0x18 / 4] & 0x20) != 0) { /* it is full */
    }
    uart[0] = (unsigned char)c;
}

/* SYS_EXIT_EXTENDED of Arm's semihosting: QEMU ends with this status. */
void machine_exit(int status) {
    const uint32_t reason[2] = {0x20026, (uint32_t)status};
    semihosting(0x20, reason);
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/* ---- memory ------------------------------------------------------------------------------------------------- */

static void problem(void *context, const struct quire_fdt_problem *problem) {
    (void)context;
    print("device tree: %s: %s\n", problem->path, quire_fdt_status_text(problem->status));
}

/* What the device tree says, without this image, the tree itself, and what is not mapped. */
static void find_memory(struct quire_regions *map, const void *device_tree) {
    struct quire_fdt fdt;
    struct quire_region device;
    if (quire_fdt_open(&fdt, device_tree, 2u << 20, problem, NULL) != QUIRE_FDT_OK) {
        machine_exit(3);
    }
    if (quire_fdt_device(&fdt, "arm,pl011", &device)) {
        uart = (volatile uint32_t *)(uintptr_t)device.base;
    }
    quire_fdt_regions(&fdt, map);
    quire_regions_add(map, (uintptr_t)device_tree, fdt.n_bytes, QUIRE_RESERVED);
    quire_regions_add(map, (uintptr_t)image_begin, (uintptr_t)(image_end - image_begin), QUIRE_RESERVED);
    quire_regions_add(map, MAPPED_END, UINT64_MAX - MAPPED_END, QUIRE_RESERVED);
}

void start(const void *device_tree) {
    static struct quire_region space[64];
    struct quire_regions map = {.at = space, .capacity = 64};
    const struct quire_config config = {.n_cpus = 1};
    struct quire *frames;
    find_memory(&map, device_tree);
    if (!quire_regions_normalise(&map) || quire_init(&frames, &config, map.at, map.n) != QUIRE_OK) {
        print("no memory in %u ranges, room for %u\n", (unsigned)map.n, (unsigned)map.capacity);
        machine_exit(3);
    }
    machine_exit(exercise(frames));
}
