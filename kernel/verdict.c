/* verdict.c: the ancestor of all processes, and what it says in the end.
 *
 * It starts process 1, waits for it and for all that is left behind by processes that ended before their children. Then
 * everything that was taken since must be free again: as many frames as before, and an allocator that agrees with
 * itself. The machine is switched off, and what started it can tell whether all was well. */
#include <memory.h>
#include <options.h>
#include <verdict.h>

void power_off(int status) {
    int code = status & 0xFF;
    arch_poweroff(status != 0 && code == 0 ? STATUS_FAILED : code);
}

static uint64_t n_free(void) {
    struct quire_stats stats;
    quire_stats(frames, &stats);
    return stats.n_free;
}

/* Runs process 1 and returns how it ended, when nobody is left. */
static int run_first(void) {
    struct arguments *arguments = arguments_new();
    int first = arguments == NULL ? -E_NOMEM : options_arguments(arguments);
    if (first == 0) {
        first = process_start_first(arguments);
    }
    if (arguments != NULL) {
        arguments_free(arguments);
    }
    if (first < 0) {
        print("kernel: the program that run= names can not be started: error %d\n", -first);
        return STATUS_FAILED;
    }
    int first_status = STATUS_FAILED, status, pid;
    while ((pid = process_wait(&status)) >= 0) {
        if (pid == first) {
            first_status = status;
        }
    }
    return first_status;
}

/* Nothing else runs now, and no interrupt allocates, so a recount is exact. */
static int check_frames(uint64_t n_before) {
    struct quire_fault fault;
    uint64_t n_after = n_free();
    enum quire_status status = quire_validate(frames, &fault);
    print("kernel: %lu frames free before, %lu after\n", n_before, n_after);
    if (status == QUIRE_FAULT) {
        print("kernel: the allocator's records are damaged: %s, frame 0x%lx\n", fault.detail, fault.pa);
    } else if (status != QUIRE_OK) {
        print("kernel: the allocator could not be checked: %s\n", quire_status_name(status));
    }
    if (status != QUIRE_OK) {
        return STATUS_DAMAGED;
    }
    return n_after == n_before ? 0 : STATUS_LEAKED;
}

struct outcome run_and_check(void) {
    bool exercise = memory_stop_exercise();
    uint64_t n_before = n_free();
    memory_resume_exercise(exercise);
    struct outcome outcome = {.program = run_first()};
    memory_stop_exercise();
    outcome.frames = check_frames(n_before);
    memory_resume_exercise(exercise);
    return outcome;
}

void verdict(void) {
    struct outcome outcome = run_and_check();
    int status = outcome.program != 0 ? outcome.program : outcome.frames;
    print("kernel: %lu timer interrupts\n", ticks_so_far());
    print("kernel: %s\n", status == 0 ? "passed" : "FAILED");
    power_off(status);
}
