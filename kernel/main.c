/* main.c: the start of the kernel, in order.
 *
 * The boot CPU does all but the last step alone; it needs no lock and no CPU number for it. */
#include <boot/fdt.h>
#include <conformance.h>
#include <memory.h>
#include <options.h>
#include <process.h>

#define MAX_TREE_BYTES (2u << 20) /* of the device tree; the firmware does not say how much it is before we look */

/* A firmware that makes mistakes is no reason not to boot. */
static void print_problem(void *context, const struct quire_fdt_problem *problem) {
    (void)context;
    print("device tree: %s%s%s: %s\n", problem->path, *problem->property != '\0' ? ": " : "", problem->property,
          quire_fdt_status_text(problem->status));
}

static void open_tree(struct quire_fdt *tree, const void *blob) {
    if (quire_fdt_open(tree, blob, MAX_TREE_BYTES, print_problem, NULL) != QUIRE_FDT_OK) {
        panic("device tree: %s, at byte %u", quire_fdt_status_text(tree->status), tree->where);
    }
}

static void open_initramfs(const struct quire_fdt *tree) {
    struct quire_region initrd;
    if (!quire_fdt_initrd(tree, &initrd)) {
        panic("no initramfs: give QEMU one with -initrd");
    }
    if (initrd.end > direct_end) {
        panic("the initramfs lies where the kernel can not see it: 0x%lx", initrd.base);
    }
    initramfs_init(direct(initrd.base), initrd.end - initrd.base);
    conformance_alone(&initrd);
}

/* The boot CPU is number 0, whatever its id. */
static void find_cpus(const struct quire_fdt *tree) {
    static uint64_t id[MAX_CPUS];
    static uint32_t node[MAX_CPUS];
    size_t n_found = quire_fdt_cpus(tree, id, MAX_CPUS);
    (void)quire_fdt_cpu_nodes(tree, node, MAX_CPUS);
    n_cpus = 1;
    for (size_t i = 0; i < n_found && i < MAX_CPUS; i++) {
        if (id[i] == cpus[0].id) {
            cpus[0].node = node[i];
        } else if (n_cpus < MAX_CPUS) {
            cpus[n_cpus].number = n_cpus;
            cpus[n_cpus].node = node[i];
            cpus[n_cpus++].id = id[i];
        }
    }
    if (n_found > MAX_CPUS) {
        print("kernel: %lu CPUs are there, %u are used\n", n_found, n_cpus);
    }
}

static unsigned count_waiting(void) {
    unsigned n = 0;
    for (unsigned i = 0; i < n_cpus; i++) {
        n += atomic_load(&cpus[i].idling);
    }
    return n;
}

/* They start side by side; in the end all wait for work. */
static void start_cpus(void) {
    unsigned n_started = 1;
    for (unsigned i = 1; i < n_cpus; i++) {
        cpus[i].idle_stack = stack_make(MAX_PROCESSES + i);
        if (cpus[i].idle_stack == 0) {
            panic("no memory for the stack of CPU %u", i);
        }
        if (arch_cpu_start(&cpus[i])) {
            n_started++;
        } else {
            print("kernel: CPU %u (id %lu) does not start\n", i, cpus[i].id);
        }
    }
    conformance_together(n_started);
    while (count_waiting() < n_started - 1) {
        ;
    }
    print("CPUs: %u of %u started\n", n_started, n_cpus);
}

void kernel_main(const void *device_tree) {
    struct quire_fdt tree;
    print("\nQuire reference kernel\n");
    paging_protect_kernel();
    open_tree(&tree, device_tree);
    arch_devices(&tree);
    options_read(quire_fdt_bootargs(&tree));
    find_cpus(&tree);
    memory_init(&tree);
    open_initramfs(&tree);
    if (!stacks_init()) {
        panic("no memory for the tables of kernel stacks");
    }
    start_cpus();
    process_start_ancestor();
    run_processes();
}

/* Waits before it looks for work: many that look at once, at nothing, would only be in each other's way. */
void cpu_main(void) {
    conformance_join();
    atomic_store(&arch_cpu()->idling, true);
    arch_wait();
    run_processes();
}
