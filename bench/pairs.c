/* pairs.c: a fixed number of operations of one contestant in one process, for a tool that counts instructions or takes
 * profiles (instructions.sh). What counts is what happens inside measured_part(). */
#include "host.h"
#include "sample.h"

#include <quire/port.h>
#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t measured_part(const struct work *work, struct worker *w);

/* Not static: the tool looks for its name. */
__attribute__((noinline)) uint64_t measured_part(const struct work *work, struct worker *w) {
    return work->run(w);
}

static const struct peer *find_peer(const char *name) {
    for (unsigned p = 0; p < n_peers; p++) {
        if (strcmp(peers[p]->name, name) == 0) {
            return peers[p];
        }
    }
    return NULL;
}

static const struct work *find_work(const char *name) {
    for (unsigned w = 0; w < N_WORKS; w++) {
        if (strcmp(works[w].name, name) == 0 && !(works[w].traits & WORK_PASSES)) {
            return &works[w];
        }
    }
    return NULL;
}

static int run_pairs(const struct peer *peer, const struct work *work, uint64_t n_pairs, uint64_t n_mib) {
    struct memory memory = {.base = 0x80000000u, .n_bytes = n_mib << 20};
    host_ram_add(memory.base, memory.n_bytes);
    memory.at = quire_port_map(memory.base);
    uint64_t n_frames = memory.n_bytes >> QUIRE_PAGE_SHIFT;
    struct worker w = {.alloc = peer->alloc, .free = peer->free, .n_workers = 1, .n_frames = n_frames};
    w.n_pairs = n_pairs;
    w.random = 88172645463325252u;
    w.held = calloc(n_frames, sizeof *w.held);
    w.state = peer->make(&memory, 1);
    if (work->prepare != NULL) {
        work->prepare(&w);
    }
    printf("%llu\n", (unsigned long long)measured_part(work, &w));
    return 0;
}

static int run_init(uint64_t n_mib) {
    struct quire_region region = {0x80000000u, 0x80000000u + (n_mib << 20), QUIRE_USABLE};
    struct quire_config config = {.n_cpus = 2};
    struct quire *q;
    host_ram_add(region.base, region.end - region.base);
    return quire_init(&q, &config, &region, 1) == QUIRE_OK ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "init") == 0) {
        return run_init(strtoull(argv[2], NULL, 10));
    }
    const struct peer *peer = argc == 5 ? find_peer(argv[1]) : NULL;
    const struct work *work = argc == 5 ? find_work(argv[2]) : NULL;
    if (peer == NULL || work == NULL) {
        fprintf(stderr, "usage: pairs CONTESTANT WORK N_PAIRS MIB, or: pairs init MIB\n");
        return 2;
    }
    return run_pairs(peer, work, strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
}
