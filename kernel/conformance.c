/* conformance.c: the option `kit`: the conformance kit (kit/kit.h) tries this kernel's own port, before there are programs.
 *
 * First on the boot CPU, before the others are started and take frames for their stacks; then on all of them, with a timer that
 * interrupts each, and allocates in the middle of what it does. */
#include <conformance.h>
#include <kit/kit.h>
#include <memory.h>
#include <options.h>

#define TAG     254u /* of no owner in abi.h */
#define TICK_US 500u
#define SCARCE  10u /* frames that are left to who makes page tables: more than it takes */

static struct kit kit;
static struct kit_quiet initramfs; /* nobody writes to it, and it lies between frames */
static atomic_bool all_run;

static void print_line(void *unused, const char *line) {
    (void)unused;
    print("%s\n", line);
}

static void make_tables(void *unused) {
    (void)unused;
    quire_pa root = paging_new();
    if (root != QUIRE_NONE) {
        (void)paging_make(root, PAGE_BYTES);
        paging_free(root);
    }
}

static void expect(bool good) {
    if (!good) {
        panic("the port of Quire is wrong");
    }
}

void conformance_alone(const struct quire_region *quiet) {
    if (!options.kit) {
        return;
    }
    initramfs = (struct kit_quiet){.base = quiet->base, .end = quiet->end};
    kit.q = frames;
    kit.print = print_line;
    kit.tag = TAG;
    kit.is_nested = true;
    kit.quiet = &initramfs;
    kit.n_quiet = 1;
    kit_begin(&kit);
    kit_run_one_cpu(&kit);
    kit_run_scarce(&kit, SCARCE, make_tables, NULL);
    expect(kit_end(&kit));
}

bool conformance_runs(void) {
    return atomic_load(&all_run);
}

void conformance_tick(void) {
    kit_nested(&kit);
}

static void run_here(void) {
    arch_timer_set(TICK_US);
    arch_interrupts_restore(true);
    kit_run_each_cpu(&kit);
    (void)arch_interrupts_off();
}

void conformance_join(void) {
    while (options.kit && !conformance_runs()) {
        ;
    }
    if (options.kit) {
        run_here();
    }
}

void conformance_together(unsigned n_started) {
    if (!options.kit) {
        return;
    }
    kit.n_cpus = n_started;
    kit_begin(&kit);
    atomic_store(&all_run, true);
    run_here();
    atomic_store(&all_run, false);
    bool exercise = memory_stop_exercise(); /* kit_end counts */
    expect(kit_end(&kit));
    memory_resume_exercise(exercise);
    if (options.kit_fault) {
        kit_provoke_fault(&kit);
        expect(false);
    }
}
