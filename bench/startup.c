/* startup.c: how long it takes to make an allocator, for memory larger than there is, too. Those that promise to write nothing
 * but their own data are tried in a child process. */
#include "check.h"
#include "child.h"
#include "threads.h"

#include <math.h>

enum { START_CPUS = 2 };

static double time_make(const struct peer *peer, const struct memory *memory) {
    double began = seconds();
    void *state = peer->make(memory, START_CPUS);
    double ended = seconds();
    peer->drop(state);
    return (ended - began) * 1e6;
}

static void time_in_child(const void *peer, const struct memory *memory, double *microseconds) {
    *microseconds = time_make(peer, memory);
}

double startup_microseconds(const struct peer *peer, const struct memory *memory, uint64_t n_bytes) {
    if (!(peer->traits & PEER_SPARSE)) {
        return n_bytes == memory->n_bytes ? time_make(peer, memory) : (double)NAN;
    }
    double microseconds;
    in_child(time_in_child, peer, n_bytes, &microseconds, 1);
    return microseconds;
}
