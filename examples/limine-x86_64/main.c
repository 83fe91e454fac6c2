/* main.c: Quire in a kernel that Limine loads. The loader has mapped all memory at an offset, and answers the requests that it
 * finds in the image before it enters at start, in 64 bits and on a stack of its own. */
#include <boot/limine.h>
#include <example.h>
#include <pc/pc.h>
#include <quire/port.h>

/* ---- requests: The Limine Boot Protocol, "Base protocol revisions", "HHDM Feature", "Memory Map Feature" ----------- */

#define REQUEST __attribute__((used, section(".limine_requests")))
#define LIMINE  0xC7B1DD30DF4C8B88, 0x0A82E883A194F07B

struct request {
    uint64_t id[4], revision;
    const void *response; /* NULL: it is not answered */
};

struct direct_map {
    uint64_t revision, offset;
};

/* The loader sets the last number to 0 if it knows that revision. */
REQUEST volatile uint64_t base_revision[3] = {0xF9562B2D5C95A6C8, 0x6A7B384944536BDC, 3};
REQUEST volatile struct request direct_map_request = {.id = {LIMINE, 0x48DCF1CB8AD2B852, 0x63984E959A98244B}};
REQUEST volatile struct request memory_map_request = {.id = {LIMINE, 0x67CF3D9D378A806F, 0xE304ACDFC50C3C62}};

/* ---- the port: the three functions that Quire needs --------------------------------------------------------- */

static uint64_t direct_offset;

unsigned quire_port_cpu(void) {
    return 0; /* the only one that runs */
}

void *quire_port_map(quire_pa pa) {
    return (void *)(direct_offset + pa);
}

void quire_port_fault(const struct quire_fault *fault) {
    fault_exit(fault);
}

/* ------------------------------------------------------------------------------------------------------------- */

void start(void);

void start(void) {
    static struct quire_region space[512];
    struct quire_regions map = {.at = space, .capacity = sizeof space / sizeof space[0]};
    struct quire_boot_report report = {.tell = print_problem};
    const struct quire_config config = {.n_cpus = 1};
    const struct direct_map *direct = direct_map_request.response;
    struct quire *frames;
    if (base_revision[2] != 0 || direct == NULL) {
        print("this loader does not know revision 3 of the protocol\n");
        machine_exit(3);
    }
    direct_offset = direct->offset;
    quire_limine_regions(&map, memory_map_request.response, &report);
    if (!quire_regions_normalise(&map) || quire_init(&frames, &config, map.at, map.n) != QUIRE_OK) {
        print("no memory in %u ranges, room for %u\n", (unsigned)map.n, (unsigned)map.capacity);
        machine_exit(3);
    }
    machine_exit(exercise(frames));
}
