/* main.c: Quire in a kernel that is a UEFI program: the firmware loads it, and it ends the firmware's services. All memory is
 * mapped at its own addresses, by the firmware's page tables. */
#include <boot/uefi.h>
#include <example.h>
#include <pc/pc.h>
#include <quire/port.h>

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

/* ---- UEFI: as much of its tables as is needed (UEFI Specification 2.10, sections 4.3, 4.4, 7.2 and 7.4) ----------------- */

struct boot_services {
    uint8_t header[24];
    void *before[4];
    uint64_t (*get_memory_map)(uint64_t *n_bytes, void *map, uint64_t *key, uint64_t *descriptor_bytes,
                               uint32_t *version);
    void *between[21];
    uint64_t (*exit_boot_services)(void *image, uint64_t key);
};

struct system_table {
    uint8_t header[24];
    void *before[9];
    const struct boot_services *boot;
};

/* ---- memory ------------------------------------------------------------------------------------------------- */

static uint8_t descriptors[64 << 10];
static struct quire_region space[1024];

/* Ends the firmware's services, and lists what is usable without them. A call may change the map, and its key with it: then
 * the second try succeeds. This image is memory of the loader, the stack is of boot services: both are left alone. */
static bool find_memory(struct quire_regions *map, void *image, const struct boot_services *boot) {
    struct quire_boot_report report = {.tell = print_problem};
    uint64_t n_bytes, key, stride, status = 1;
    uint32_t version = 0;
    for (unsigned i = 0; i < 2 && status != 0; i++) {
        n_bytes = sizeof descriptors;
        if (boot->get_memory_map(&n_bytes, descriptors, &key, &stride, &version) != 0) {
            return false;
        }
        status = boot->exit_boot_services(image, key);
    }
    __asm__ volatile("cli"); /* the firmware's interrupts are nobody's now */
    quire_uefi_regions(map, descriptors, n_bytes, stride, version, &report);
    return status == 0 && quire_regions_normalise(map);
}

uint64_t efi_main(void *image, const struct system_table *system);

uint64_t efi_main(void *image, const struct system_table *system) {
    struct quire_regions map = {.at = space, .capacity = sizeof space / sizeof space[0]};
    const struct quire_config config = {.n_cpus = 1};
    struct quire *frames;
    if (!find_memory(&map, image, system->boot) || quire_init(&frames, &config, map.at, map.n) != QUIRE_OK) {
        print("no memory in %u ranges, room for %u\n", (unsigned)map.n, (unsigned)map.capacity);
        machine_exit(3);
    }
    machine_exit(exercise(frames));
}
