/* lines.c: `quire-replay-lines`: what each call of a replay does to memory: accesses, locked instructions, cache lines
 * touched, lines that another CPU had changed or must give up.
 *
 * Contestants are compiled with a call at each access, and a directory of lines follows who has which (bench/scale).
 * Nothing is timed: the figures are the same on every machine and in every run. Lines of the stack are not counted. */
#include "directory.h"
#include "host.h"
#include "replay.h"
#include "stop.h"

#include <math.h>
#include <quire/port.h>
#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One frame or more, taken or given back. */
enum call { ALLOC, FREE, ALLOC_ORDER, FREE_ORDER, N_CALLS };
static const char *const call_names[N_CALLS] = {"alloc", "free", "alloc, order > 0", "free, order > 0"};

struct sum {
    uint64_t n_calls;
    struct counts counts;
};

/* For accessed(), which is told nothing but the access. */
static struct {
    struct directory *directory; /* NULL: nobody is watched */
    unsigned cpu;
    uint64_t operation;
    struct counts *counts;
} now;

void accessed(const struct access *access) {
    if (now.directory != NULL) {
        directory_access(now.directory, now.cpu, now.operation, access, now.counts);
    }
}

static void do_op(const struct peer *peer, void *state, const struct op *op, unsigned cpu, quire_pa *slots) {
    struct calls calls = calls_of(peer, op);
    for (uint64_t i = 0; i < calls.n; i++) {
        quire_pa *slot = &slots[op->slot + i];
        if (!op->is_free) {
            *slot = take(peer, state, cpu, calls.order);
        } else if (*slot != QUIRE_NONE) {
            give(peer, state, cpu, *slot, calls.order);
        }
    }
}

static void count(const struct trace *t, const struct peer *peer, const struct memory *memory,
                  struct sum sums[N_CALLS]) {
    quire_pa *slots = make_room(t->n_slots, sizeof *slots);
    struct directory *directory = directory_make(t->n_cpus, 1);
    void *state = peer->make(memory, t->n_cpus);
    for (uint32_t i = 0; i < t->n_ops; i++) {
        const struct op *op = &t->ops[i];
        struct sum *sum = &sums[(op->order > 0) * ALLOC_ORDER + op->is_free];
        struct counts before = {0};
        bool counted = i >= t->n_before;
        host_set_cpu(op->cpu);
        now.cpu = op->cpu;
        now.operation = i + 1;
        now.counts = counted ? &sum->counts : &before;
        now.directory = directory;
        do_op(peer, state, op, op->cpu, slots);
        now.directory = NULL;
        sum->n_calls += counted;
    }
    peer->drop(state);
    directory_drop(directory);
    free(slots);
}

static void report(const struct peer *peer, const struct sum sums[N_CALLS]) {
    for (unsigned i = 0; i < N_CALLS; i++) {
        const struct counts *c = &sums[i].counts;
        double n = (double)sums[i].n_calls;
        if (n > 0) {
            printf("%-10s%-18s%10.0f%12.2f%10.3f%10.3f%12.4f\n", peer->name, call_names[i], n,
                   (double)c->n_accesses / n, (double)c->n_locked / n, (double)c->n_lines / n,
                   (double)c->n_transfers / n);
        }
    }
}

static void count_trace(const char *path) {
    struct trace t;
    trace_read(&t, path);
    if (t.n_cpus > MAX_CPUS) {
        stop(STATUS_BAD_INPUT, "%s: more than %u CPUs", path, MAX_CPUS);
    }
    struct memory memory = {.base = 0x80000000u, .n_bytes = trace_memory(&t)};
    host_ram_add(memory.base, memory.n_bytes);
    memory.at = quire_port_map(memory.base);
    printf("\n%s\n%-10s%-18s%10s%12s%10s%10s%12s\n", t.name, "", "per call", "calls", "accesses", "locked", "lines",
           "transfers");
    for (unsigned i = 0; i < n_peers; i++) {
        struct sum sums[N_CALLS] = {{0}};
        count(&t, peers[i], &memory, sums);
        report(peers[i], sums);
    }
    host_ram_clear();
    trace_drop(&t);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        printf(
            "usage: quire-replay-lines TRACE...\nCounts what each call of a replay does to memory, for each allocator: "
            "accesses, locked instructions,\ncache lines touched, and lines that came from another CPU or were taken "
            "away "
            "from one.\n");
        return 0;
    }
    if (argc < 2 || argv[1][0] == '-') {
        stop(STATUS_BAD_INPUT, "a trace is expected; --help says more");
    }
    for (int i = 1; i < argc; i++) {
        count_trace(argv[i]);
    }
    return 0;
}
