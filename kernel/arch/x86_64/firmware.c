/* firmware.c: what PCs say (firmware.h): the loader's map of memory, and ACPI. boot/ does the reading. */
#include <apic.h>
#include <boot/acpi.h>
#include <boot/multiboot2.h>
#include <boot/pvh.h>
#include <firmware.h>
#include <machine.h>
#include <x86.h>

#define LOW_END  0x100000u /* below, the BIOS keeps its data, and CPUs start */
#define BIOS_ROM 0xE0000u  /* where it may have left the RSDP */

static struct loaded loaded;
static struct quire_boot_module initramfs;
static struct quire_boot_info info;
static struct quire_acpi acpi;
static struct quire_acpi_cpu found[MAX_CPUS];
static size_t n_found;

/* ---- the loader ----------------------------------------------------------------------------------------- */

static void print_boot_problem(void *context, const struct quire_boot_problem *problem) {
    (void)context;
    print("%s, entry %u: %s (0x%lx, %lu bytes, type 0x%lx)\n", problem->where, problem->entry,
          quire_boot_status_text(problem->status), problem->base, problem->n_bytes, problem->type);
}

typedef bool reader(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view,
                    quire_pa at, struct quire_boot_report *report);

static reader *reader_for(uint32_t magic) {
    switch (magic) {
    case PVH_MAGIC:
        return quire_pvh_read;
    case QUIRE_MULTIBOOT2_MAGIC:
        return quire_multiboot2_read;
    case UEFI_MAGIC:
        return uefi_read;
    default:
        panic("the loader's magic number is unknown: 0x%x", magic);
    }
}

/* Once to learn what else it says, without room for a map; and once for the map. */
static void read_loader(struct quire_regions *map, struct quire_boot_report *report) {
    struct quire_boot_view memory = {.bytes = direct(0), .base = 0, .n_bytes = direct_end};
    info = (struct quire_boot_info){.modules = &initramfs, .capacity = 1};
    if (!reader_for(loaded.magic)(map, &info, &memory, loaded.info, report)) {
        panic("what the loader says is not at 0x%lx", loaded.info);
    }
}

const char *firmware_command_line(void) {
    return info.command_line;
}

bool firmware_initramfs(struct quire_region *where) {
    *where = (struct quire_region){.base = initramfs.base, .end = initramfs.base + initramfs.n_bytes};
    return info.n_modules > 0;
}

void firmware_regions(struct quire_regions *map) {
    struct quire_boot_report report = {.tell = print_boot_problem};
    read_loader(map, &report);
}

/* Nobody but CPUs that start asks for memory: a page in the first MiB. The rest of that is left alone. */
void firmware_place_requests(struct quire_regions *map) {
    const struct quire_region low = {.base = PAGE_BYTES, .end = LOW_END};
    if (!quire_regions_place(map, PAGE_BYTES, PAGE_BYTES, &low, &start_page)) {
        print("memory: no page below 1 MiB: no other CPU can start\n");
    }
    quire_regions_add(map, 0, LOW_END, QUIRE_RESERVED);
    (void)quire_regions_normalise(map);
}

/* ---- ACPI ----------------------------------------------------------------------------------------------- */

static void print_acpi_problem(void *context, const struct quire_acpi_problem *problem) {
    (void)context;
    print("ACPI: %s, byte %u: %s\n", problem->table, problem->where, quire_acpi_status_text(problem->status));
}

static const void *map_table(void *context, quire_pa pa, size_t n_bytes) {
    (void)context;
    return pa < direct_end && n_bytes <= direct_end - pa ? direct(pa) : NULL;
}

static void find_rsdp(void) {
    size_t offset;
    if (info.rsdp == QUIRE_NONE && quire_acpi_find_rsdp(direct(BIOS_ROM), LOW_END - BIOS_ROM, &offset)) {
        info.rsdp = BIOS_ROM + offset;
    }
}

/* A CPU without ACPI, or not in it, is alone. */
static void open_acpi(void) {
    enum { RSDP_BYTES = 36 };
    static struct quire_acpi_cpu all[MAX_CPUS];
    find_rsdp();
    const void *rsdp = info.rsdp == QUIRE_NONE ? NULL : map_table(NULL, info.rsdp, RSDP_BYTES);
    quire_acpi_open(&acpi, rsdp, rsdp == NULL ? 0 : RSDP_BYTES, map_table, print_acpi_problem, NULL);
    size_t n = quire_acpi_cpus(&acpi, all, MAX_CPUS);
    for (size_t i = 0; i < n && i < MAX_CPUS; i++) {
        if (all[i].enabled) {
            found[n_found++] = all[i];
        }
    }
}

/* The APIC addresses CPUs by 8 bits, of which all ones mean everybody, or by 32. */
static void open_apic(void) {
    enum { EVERYBODY = 255 };
    bool short_ids = true;
    for (size_t i = 0; i < n_found; i++) {
        short_ids = short_ids && found[i].id < EVERYBODY;
    }
    if (!short_ids && !apic_use_long_ids()) {
        print("kernel: CPUs with ids from 255 on can not be reached: the processor has no x2APIC\n");
        size_t n = 0;
        for (size_t i = 0; i < n_found; i++) {
            found[n] = found[i];
            n += found[i].id < EVERYBODY;
        }
        n_found = n;
    }
    quire_pa registers = quire_acpi_local_apic(&acpi);
    apic_open(registers == QUIRE_NONE ? 0xFEE00000 : registers);
    apic_switch_on();
}

/* The two old interrupt controllers are not used; nothing may come from them (Intel 8259A: OCW1). */
static void mask_old_interrupts(void) {
    write_port8(0x21, 0xFF);
    write_port8(0xA1, 0xFF);
}

void firmware_open(const void *from_loader) {
    loaded = *(const struct loaded *)from_loader;
    struct quire_regions none = {.n = 0};
    struct quire_boot_report silent = {.tell = NULL};
    read_loader(&none, &silent);
    open_acpi();
    mask_old_interrupts();
    open_apic();
    clock_open();
}

size_t firmware_cpus(struct firmware_cpu *cpus, size_t n) {
    for (size_t i = 0; i < n && i < n_found; i++) {
        cpus[i] = (struct firmware_cpu){.id = found[i].id, .node = found[i].node};
    }
    return n_found;
}

unsigned firmware_nodes(struct quire_regions *map, uint8_t *distance) {
    if (!quire_acpi_set_nodes(&acpi, map)) {
        print("memory: no room for the nodes of all memory: some counts as node 0's\n");
    }
    quire_acpi_distances(&acpi, distance);
    return acpi.n_nodes;
}
