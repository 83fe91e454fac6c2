/* host.c: the three hooks on POSIX. See host.h. */
#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE, mremap */
#include "host.h"

#include <pthread.h>
#include <quire/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct ram {
    quire_pa base;
    uint64_t n_bytes;
    char *at;
};

static struct ram ram[HOST_RAM_MAX];
static unsigned n_ram;

_Thread_local unsigned host_this_cpu;

static pthread_mutex_t fault_lock = PTHREAD_MUTEX_INITIALIZER;
static bool keep_faults;
static unsigned n_kept;
static struct quire_fault last_kept;

void host_ram_add(quire_pa base, uint64_t n_bytes) {
    if (n_ram == HOST_RAM_MAX || n_bytes > SIZE_MAX) {
        fprintf(stderr, "host: no room for simulated memory at %#llx\n", (unsigned long long)base);
        abort();
    }
    void *at = mmap(NULL, (size_t)n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        perror("host: mmap of simulated memory");
        abort();
    }
    ram[n_ram++] = (struct ram){base, n_bytes, at};
}

void host_ram_clear(void) {
    while (n_ram > 0) {
        n_ram--;
        munmap(ram[n_ram].at, (size_t)ram[n_ram].n_bytes);
    }
}

void host_ram_move(bool writable) {
    for (unsigned i = 0; i < n_ram; i++) {
        size_t n = (size_t)ram[i].n_bytes;
        void *to = mmap(NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (to == MAP_FAILED || mremap(ram[i].at, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to ||
            mprotect(to, n, writable ? PROT_READ | PROT_WRITE : PROT_READ) != 0) {
            perror("host: moving simulated memory");
            abort();
        }
        ram[i].at = to;
    }
}

void host_set_cpu(unsigned cpu) {
    host_this_cpu = cpu;
}

void host_keep_faults(bool keep) {
    keep_faults = keep;
}

unsigned host_take_faults(struct quire_fault *last) {
    pthread_mutex_lock(&fault_lock);
    unsigned n = n_kept;
    n_kept = 0;
    if (last != NULL) {
        *last = last_kept;
    }
    last_kept = (struct quire_fault){.kind = QUIRE_FAULT_NONE};
    pthread_mutex_unlock(&fault_lock);
    return n;
}

unsigned quire_port_cpu(void) {
    return host_this_cpu;
}

void *quire_port_map(quire_pa pa) {
    for (unsigned i = 0; i < n_ram; i++) {
        if (pa - ram[i].base < ram[i].n_bytes) {
            return ram[i].at + (pa - ram[i].base);
        }
    }
    return NULL;
}

static void print_fault(const struct quire_fault *f) {
    fprintf(stderr, "quire: %s: %s: %s (pa %#llx, order %u, record %#x: refs %u, tag %u", f->call,
            quire_fault_name(f->kind), f->detail, (unsigned long long)f->pa, f->order, f->record, f->refs, f->tag);
    if (f->kind == QUIRE_FAULT_CONTENT) {
        fprintf(stderr, "; offset %u: found %#x, expected %#x", f->offset, f->found, f->expected);
    }
    fprintf(stderr, ")\n");
}

void quire_port_fault(const struct quire_fault *fault) {
    if (!keep_faults) {
        print_fault(fault);
        abort();
    }
    pthread_mutex_lock(&fault_lock);
    n_kept++;
    last_kept = *fault;
    pthread_mutex_unlock(&fault_lock);
}
