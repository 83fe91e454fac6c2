/* count.c: how many instructions the kernel's calls of its allocator take.
 *
 * The linker puts this before kernel_main() and verdict() (--wrap). When the kernel is up and nothing else runs yet,
 * the ancestor counts, and goes on as ever: with the program that run= names, and the check that no frame is missing.
 *
 * A number is the difference of the processor's own count of retired instructions around a few thousand calls, minus
 * the same loop without calls. So it is what a caller pays: the call itself and its arguments are in it. Where QEMU
 * does not count (-icount), the processor's count is a clock, and the ten instructions that are known do not come out
 * as ten. */
#include <verdict.h>

enum { N_ROUNDS = 4, N_FRAMES = 1024, N_CALLS = N_ROUNDS * N_FRAMES };

void __real_kernel_main(const void *found);
void __wrap_kernel_main(const void *found);
_Noreturn void __real_verdict(void);
_Noreturn void __wrap_verdict(void);

static uint64_t at_start;
static quire_pa held[N_FRAMES];

static uint64_t count_nothing(void) {
    uint64_t before = arch_instructions();
    for (unsigned i = 0; i < N_CALLS; i++) {
        __asm__ volatile("");
    }
    return arch_instructions() - before;
}

static uint64_t count_ten(void) {
    uint64_t before = arch_instructions();
    for (unsigned i = 0; i < N_CALLS; i++) {
        __asm__ volatile(".rept 10\n nop\n .endr");
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

static void say(const char *what, uint64_t n, uint64_t n_nothing) {
    uint64_t hundredths = (n - n_nothing) * 100 / N_CALLS;
    print("count: %s %lu.%02lu\n", what, hundredths / 100, hundredths % 100);
}

void __wrap_kernel_main(const void *found) {
    at_start = arch_instructions();
    __real_kernel_main(found);
}

void __wrap_verdict(void) {
    uint64_t at_first_process = arch_instructions();
    bool on = arch_interrupts_off();
    uint64_t nothing = count_nothing(), ten = count_ten();
    count_hot(); /* before it counts: what is done once, and the CPU's cache filled */
    uint64_t hot = count_hot(), bulk = count_bulk();
    arch_interrupts_restore(on);
    print("count: boot %lu\n", at_first_process - at_start);
    say("ten", ten, nothing);
    say("hot", hot, nothing);
    say("bulk", bulk, nothing);
    arch_let_programs_count();
    __real_verdict();
}
