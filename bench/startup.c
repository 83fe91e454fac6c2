/* startup.c: how long it takes to make an allocator, for memory larger than there is.
 *
 * Those that promise to write nothing but their own data are tried in a child process: on a mapping that costs nothing, with
 * a limit on what they may take for themselves. Who does not get along with that ends with its process. */
#define _GNU_SOURCE /* RLIMIT_AS */
#include "check.h"
#include "host.h"
#include "threads.h"

#include <math.h>
#include <quire/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_CPUS = 2 };
#define OWN_DATA_LIMIT ((rlim_t)2 << 30) /* bytes */

static double time_make(const struct peer *peer, const struct memory *memory) {
    double began = seconds();
    void *state = peer->make(memory, START_CPUS);
    double ended = seconds();
    peer->drop(state);
    return (ended - began) * 1e6;
}

static rlim_t address_space_in_use(void) {
    unsigned long n_pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%lu", &n_pages) != 1) {
        _exit(1);
    }
    fclose(f);
    return (rlim_t)n_pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static _Noreturn void child(const struct peer *peer, uint64_t n_bytes, int result) {
    struct memory memory = {.base = 0x80000000u, .n_bytes = n_bytes};
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    host_ram_clear();
    host_ram_add(memory.base, n_bytes);
    memory.at = quire_port_map(memory.base);
    rlim_t limit = address_space_in_use() + OWN_DATA_LIMIT;
    setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit});
    double microseconds = time_make(peer, &memory);
    _exit(write(result, &microseconds, sizeof microseconds) == sizeof microseconds ? 0 : 1);
}

double startup_microseconds(const struct peer *peer, const struct memory *memory, uint64_t n_bytes) {
    if (!(peer->traits & PEER_SPARSE)) {
        return n_bytes == memory->n_bytes ? time_make(peer, memory) : (double)NAN;
    }
    int ends[2];
    double microseconds = NAN;
    fflush(NULL);
    pid_t pid = pipe(ends) == 0 ? fork() : -1;
    if (pid < 0) {
        return NAN;
    }
    if (pid == 0) {
        close(ends[0]);
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(1);
        }
        child(peer, n_bytes, ends[1]);
    }
    close(ends[1]);
    if (read(ends[0], &microseconds, sizeof microseconds) != sizeof microseconds) {
        microseconds = NAN;
    }
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return microseconds;
}
