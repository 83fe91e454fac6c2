/* main.c: the start of the kernel, in order.
 *
 * The boot CPU does all but the last step alone; it needs no lock and no CPU number for it. */
#include <conformance.h>
#include <firmware.h>
#include <memory.h>
#include <options.h>
#include <process.h>

static void open_initramfs(void) {
    struct quire_region initrd;
    if (!firmware_initramfs(&initrd)) {
        panic("no initramfs: give QEMU one with -initrd");
    }
    if (initrd.end > direct_end) {
        panic("the initramfs lies where the kernel can not see it: 0x%lx", initrd.base);
    }
    initramfs_init(direct(initrd.base), initrd.end - initrd.base);
    conformance_alone(&initrd);
}

/* The boot CPU is number 0, whatever its id. */
static void find_cpus(void) {
    static struct firmware_cpu found[MAX_CPUS];
    size_t n_found = firmware_cpus(found, MAX_CPUS);
    n_cpus = 1;
    for (size_t i = 0; i < n_found && i < MAX_CPUS; i++) {
        if (found[i].id == cpus[0].id) {
            cpus[0].node = found[i].node;
        } else if (n_cpus < MAX_CPUS) {
            cpus[n_cpus].number = n_cpus;
            cpus[n_cpus].node = found[i].node;
            cpus[n_cpus++].id = found[i].id;
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

void kernel_main(const void *found) {
    print("\nQuire reference kernel\n");
    paging_protect_kernel();
    firmware_open(found);
    options_read(firmware_command_line());
    find_cpus();
    memory_init();
    open_initramfs();
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
