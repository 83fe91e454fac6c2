/* main.c: Quire on RISC-V, started by SBI firmware, which passes a device tree. Paging is off: physical addresses are
 * pointers. */
#include <boot/fdt.h>
#include <example.h>
#include <quire/port.h>

extern char image_begin[], image_end[]; /* kernel.ld */
void start(const void *device_tree);    /* start.S */

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

/* ---- the machine -------------------------------------------------------------------------------------------- */

/* Legacy Console Putchar (SBI specification, chapter 5): the one console that all firmware has. */
void console_put(char c) {
    register uint64_t character __asm__("a0") = (unsigned char)c;
    register uint64_t extension __asm__("a7") = 1;
    __asm__ volatile("ecall" : "+r"(character) : "r"(extension) : "memory");
}

static volatile uint32_t *finisher; /* QEMU's "sifive,test0": ends it with a status */

void machine_exit(int status) {
    if (finisher != NULL) {
        *finisher = status == 0 ? 0x5555 : (uint32_t)status << 16 | 0x3333;
    }
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/* ---- memory ------------------------------------------------------------------------------------------------- */

static void problem(void *context, const struct quire_fdt_problem *problem) {
    (void)context;
    print("device tree: %s: %s\n", problem->path, quire_fdt_status_text(problem->status));
}

/* What the device tree says, without this image and the tree itself. */
static void find_memory(struct quire_regions *map, const void *device_tree) {
    struct quire_fdt fdt;
    struct quire_region device;
    if (quire_fdt_open(&fdt, device_tree, 1u << 20, problem, NULL) != QUIRE_FDT_OK) {
        machine_exit(3);
    }
    if (quire_fdt_device(&fdt, "sifive,test0", &device)) {
        finisher = (volatile uint32_t *)device.base;
    }
    quire_fdt_regions(&fdt, map);
    quire_regions_add(map, (uintptr_t)device_tree, fdt.n_bytes, QUIRE_RESERVED);
    quire_regions_add(map, (uintptr_t)image_begin, (uintptr_t)(image_end - image_begin), QUIRE_RESERVED);
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
