/* child.c: a process for a measurement. A mapping costs nothing before it is touched, so memory may be larger than the
 * machine's. What does not get along with the limit on the rest ends with its process. */
#define _GNU_SOURCE /* RLIMIT_AS */
#include "child.h"

#include "host.h"

#include <math.h>
#include <quire/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define OWN_DATA_LIMIT ((rlim_t)2 << 30) /* bytes */
enum { MOST_FIGURES = 8 };

static rlim_t address_space_in_use(void) {
    unsigned long n_pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%lu", &n_pages) != 1) {
        _exit(1);
    }
    fclose(f);
    return (rlim_t)n_pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static _Noreturn void child(child_body *body, const void *arg, uint64_t n_bytes, int result, unsigned n) {
    double figures[MOST_FIGURES];
    ssize_t size = (ssize_t)(n * sizeof figures[0]);
    struct memory memory = {.base = 0x80000000u, .n_bytes = n_bytes};
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    host_ram_clear();
    host_ram_add(memory.base, n_bytes);
    memory.at = quire_port_map(memory.base);
    rlim_t limit = address_space_in_use() + OWN_DATA_LIMIT;
    setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit});
    body(arg, &memory, figures);
    _exit(write(result, figures, (size_t)size) == size ? 0 : 1);
}

void in_child(child_body *body, const void *arg, uint64_t n_bytes, double *figures, unsigned n) {
    int ends[2];
    ssize_t size = (ssize_t)(n * sizeof *figures);
    fflush(NULL);
    pid_t pid = n <= MOST_FIGURES && pipe(ends) == 0 ? fork() : -1;
    if (pid == 0) {
        close(ends[0]);
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(1);
        }
        child(body, arg, n_bytes, ends[1], n);
    }
    bool done = false;
    if (pid > 0) {
        close(ends[1]);
        done = read(ends[0], figures, (size_t)size) == size;
        close(ends[0]);
        waitpid(pid, NULL, 0);
    }
    for (unsigned i = 0; i < n && !done; i++) {
        figures[i] = NAN;
    }
}
