/* count.c: how many instructions the kernel's calls of the allocator take.
 *
 * The linker puts this before verdict() (--wrap): when the kernel is up, and nothing else runs yet, the ancestor counts
 * first and goes on as ever. The numbers are the processor's own count of retired instructions, read around a few
 * thousand calls, minus the same loop without calls: so a number is what a caller pays, the call itself and its
 * arguments included. They mean something only where QEMU counts, too (-icount shift=0,sleep=off). */
#include <verdict.h>

enum { N_ROUNDS = 16, N_FRAMES = 1024, N_CALLS = N_ROUNDS * N_FRAMES };

_Noreturn void __real_verdict(void);
_Noreturn void __wrap_verdict(void);

static quire_pa held[N_FRAMES];

static uint64_t count_loops(void) {
    uint64_t before = arch_instructions();
    for (unsigned i = 0; i < N_CALLS; i++) {
        __asm__ volatile("");
    }
    return arch_instructions() - before;
}

/* The same frame again and again. */
static uint64_t count_hot(void) {
    uint64_t before = arch_instructions();
    for (unsigned i = 0; i < N_CALLS; i++) {
        quire_free(frames, quire_alloc(frames, OWNER_KERNEL));
    }
    return arch_instructions() - before;
}

static uint64_t count_bulk(void) {
    uint64_t before = arch_instructions();
    for (unsigned round = 0; round < N_ROUNDS; round++) {
        for (unsigned i = 0; i < N_FRAMES; i++) {
            held[i] = quire_alloc(frames, OWNER_KERNEL);
        }
        for (unsigned i = 0; i < N_FRAMES; i++) {
            quire_free(frames, held[i]);
        }
    }
    return arch_instructions() - before;
}

static void say(const char *what, uint64_t n, uint64_t n_empty) {
    uint64_t hundredths = (n - n_empty) * 100 / N_CALLS;
    print("count: %s %lu.%02lu\n", what, hundredths / 100, hundredths % 100);
}

void __wrap_verdict(void) {
    bool on = arch_interrupts_off();
    uint64_t empty = count_loops();
    count_hot(); /* fills the CPU's cache */
    uint64_t hot = count_hot(), bulk = count_bulk();
    arch_interrupts_restore(on);
    say("hot", hot, empty);
    say("bulk", bulk, empty);
    __real_verdict();
}
