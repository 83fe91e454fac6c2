/* pairs.c: some workloads of one contestant, short and always the same, for a tool that counts instructions or takes profiles
 * (instructions.sh). What counts is what happens inside measured_part(). Prints a line "workload,pairs" for each time that
 * this is called. */
#include "host.h"
#include "threads.h"
#include "work.h"

#include <quire/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_PAIRS = 16384 };
#define N_BYTES ((uint64_t)64 << 20)

uint64_t measured_part(const struct work *work, struct worker *w);

/* Not static: the tool looks for its name. */
__attribute__((noinline)) uint64_t measured_part(const struct work *work, struct worker *w) {
    return work->run(w);
}

static void run_pairs(const struct peer *peer, const struct work *work, const struct memory *memory) {
    uint64_t n_frames = memory->n_bytes >> QUIRE_PAGE_SHIFT;
    struct worker w = {.peer = *peer, .n_workers = 1, .n_frames = n_frames, .n_pairs = N_PAIRS};
    w.random = 88172645463325252u;
    w.held = calloc(n_frames, sizeof *w.held);
    w.state = peer->make(memory, 1);
    if (work->prepare != NULL) {
        work->prepare(&w);
    }
    uint64_t n_pairs = measured_part(work, &w);
    printf("%s,%llu\n", work->name, (unsigned long long)n_pairs);
    peer->drop(w.state);
    free(w.held);
}

int main(int argc, char **argv) {
    static const struct work *const counted[] = {&work_same,  &work_bulk,  &work_random,    &work_burst_64,
                                                 &work_calls, &work_block, &work_block_bulk};
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (unsigned p = 0; p < n_peers; p++) {
            puts(peers[p]->name);
        }
        return 0;
    }
    unsigned p = 0;
    while (argc == 2 && p < n_peers && strcmp(peers[p]->name, argv[1]) != 0) {
        p++;
    }
    if (argc != 2 || p == n_peers) {
        fprintf(stderr, "usage: pairs CONTESTANT, or: pairs --list\n");
        return 2;
    }
    struct memory memory = {.base = 0x80000000u, .n_bytes = N_BYTES};
    host_ram_add(memory.base, memory.n_bytes);
    memory.at = quire_port_map(memory.base);
    become_cpu(0);
    for (unsigned w = 0; w < sizeof counted / sizeof counted[0]; w++) {
        bool has_orders = peers[p]->alloc_order != NULL && !(peers[p]->traits & PEER_FILLS);
        if ((has_orders || !(counted[w]->traits & WORK_ORDERS)) &&
            (peers[p]->alloc_bulk != NULL || !(counted[w]->traits & WORK_CALLS))) {
            run_pairs(peers[p], counted[w], &memory);
        }
    }
    return 0;
}
