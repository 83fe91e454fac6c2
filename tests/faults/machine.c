/* machine.c: see machine.h. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS_AT_MOST 10u /* of processor time for one process; they take milliseconds */

quire_pa ram_base = 0;
unsigned this_cpu;
quire_pa not_mapped = QUIRE_NONE;
void (*between)(void);
struct quire *q;
quire_pa it = QUIRE_NONE;
struct quire_fault *kept;

static unsigned char *ram;
static char *said; /* shared with the process that is being tried */

static void *map(size_t n_bytes, int shared) {
    void *at = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, shared | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        perror("faults: mmap");
        exit(2);
    }
    return at;
}

/* ---- memory and CPUs -------------------------------------------------------------------------------------- */

unsigned char *ram_at(quire_pa pa) {
    if (ram == NULL) {
        ram = map((size_t)RAM_BYTES, MAP_PRIVATE);
    }
    return pa - ram_base < RAM_BYTES ? ram + (pa - ram_base) : NULL;
}

void machine_start(enum quire_content content) {
    const struct quire_config config = {.n_cpus = 2, .content = content};
    const struct quire_region map_of_memory[] = {USABLE(RAM, HOLE), USABLE(HOLE_END, RAM_END)};
    memset(ram_at(RAM), 0xA5, (size_t)MIB); /* where the metadata will be: rubbish, as after a reset */
    if (quire_init(&q, &config, map_of_memory, COUNT_OF(map_of_memory)) != QUIRE_OK) {
        fprintf(stderr, "faults: no allocator\n");
        exit(2);
    }
}

quire_pa one(uint8_t tag) {
    return many(0, tag);
}

quire_pa many(unsigned order, uint8_t tag) {
    quire_pa pa;
    if (quire_alloc_order(q, order, tag, &pa) != QUIRE_OK) {
        say("no memory for the test itself");
        _exit(2);
    }
    return pa;
}

void take(quire_pa pa, unsigned order, uint8_t tag) {
    while (many(order, tag) != pa) {}
}

q_record *record_of(quire_pa pa) {
    q_frame f = (q_frame)(pa >> QUIRE_PAGE_SHIFT);
    return q_zone_record(q_zone_at(q, f), f);
}

/* ---- hooks ------------------------------------------------------------------------------------------------ */

unsigned quire_port_cpu(void) {
    void (*interrupt)(void) = between;
    between = NULL;
    if (interrupt != NULL) {
        interrupt();
    }
    return this_cpu;
}

#ifdef QUIRE_PORT_LOCAL
bool quire_port_fence(unsigned of) {
    (void)of;
    return true; /* there is one thread */
}
#endif

void *quire_port_map(quire_pa pa) {
    return pa == not_mapped ? NULL : ram_at(pa);
}

static void say_changes(void) {
    size_t n = changes_since(q);
    if (n > 0) {
        say("; %zu bytes changed", n);
    }
}

void say_status(enum quire_status status) {
    say("%s", quire_status_name(status));
    say_changes();
}

void say_validate(void) {
    struct quire_fault first;
    enum quire_status status = quire_validate(q, &first);
    say("%s", status == QUIRE_FAULT ? first.detail : quire_status_name(status));
    if (first.pa == QUIRE_NONE && first.record != 0) {
        say(", of no frame with a record");
    }
}

static void say_address(quire_pa pa) {
    if (pa == QUIRE_NONE) {
        say("no frame");
    } else if (pa == it) {
        say("it");
    } else if (it != QUIRE_NONE && pa - it < 2 * BLOCK) {
        say("it+%#llx", (unsigned long long)(pa - it));
    } else {
        say("%#llx", (unsigned long long)pa);
    }
}

void quire_port_fault(const struct quire_fault *fault) {
    if (kept != NULL) {
        *kept = *fault;
        return;
    }
    say("%s: %s: %s (", fault->call, quire_fault_name(fault->kind), fault->detail);
    say_address(fault->pa);
    say(", order %u, record %#x: refs %u, tag %u", fault->order, fault->record, fault->refs, fault->tag);
    if (fault->kind == QUIRE_FAULT_CONTENT || fault->offset != 0 || fault->found != 0 || fault->expected != 0) {
        say("; offset %u: found %#x, expected %#x", fault->offset, fault->found, fault->expected);
    }
    if (fault->kind == QUIRE_FAULT_METADATA || fault->value != 0) {
        say("; value ");
        say_address(fault->value);
    }
    say(")");
    say_changes();
    _exit(0);
}

/* ---- a process of its own --------------------------------------------------------------------------------- */

void say(const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (said == NULL) { /* in no process of its own: the test itself went wrong */
        vfprintf(stderr, format, args);
    } else {
        size_t n = strlen(said);
        vsnprintf(said + n, LINE_BYTES - n, format, args);
    }
    va_end(args);
}

/* No core dump, no endless loop. */
static void limit(void) {
    const struct rlimit none = {0, 0}, seconds = {SECONDS_AT_MOST, SECONDS_AT_MOST};
    (void)setrlimit(RLIMIT_CORE, &none); /* without it all is as right, only slower */
    (void)setrlimit(RLIMIT_CPU, &seconds);
}

void machine_try(void (*what)(const void *about), const void *about, char line[LINE_BYTES]) {
    if (said == NULL) {
        said = map(LINE_BYTES, MAP_SHARED);
    }
    said[0] = '\0';
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        perror("faults: fork");
        exit(2);
    }
    if (child == 0) {
        limit();
        what(about);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        snprintf(line, LINE_BYTES, "died: %s", strsignal(WTERMSIG(status)));
        return;
    }
    snprintf(line, LINE_BYTES, "%s", said[0] != '\0' ? said : "nothing");
}
