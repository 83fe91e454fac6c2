/* peer_malloc.c: the general allocators of programs, asked for blocks of the size of frames, aligned to their size.
 *
 * Each library is loaded for itself alone and asked by address, so that the rest of the program keeps the malloc that
 * it has. None can forget what it handed out: the harness frees all of it before drop(), and what the next make() finds
 * is an allocator that has worked before. From mimalloc, jemalloc and tcmalloc a block of 4 KiB comes aligned without
 * being asked to, as the guard sees; single frames go by this way, which is the faster one. */
#include "peer.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct heap {
    struct memory memory;
    void *(*alloc)(size_t n_bytes);
    void *(*alloc_aligned)(size_t alignment, size_t n_bytes);
    void (*free)(void *block);
};

/* ---- frames --------------------------------------------------------------------------------------------- */

static inline quire_pa frame_of(const struct heap *h, const void *block) {
    return block == NULL ? QUIRE_NONE : h->memory.base + ((uintptr_t)block - (uintptr_t)h->memory.at);
}

static quire_pa heap_alloc(void *state, unsigned cpu) {
    (void)cpu;
    const struct heap *h = state;
    return frame_of(h, h->alloc(QUIRE_PAGE_SIZE));
}

static void heap_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    const struct heap *h = state;
    h->free((void *)((uintptr_t)h->memory.at + (uintptr_t)(frame - h->memory.base)));
}

static quire_pa heap_alloc_order(void *state, unsigned cpu, unsigned order) {
    (void)cpu;
    const struct heap *h = state;
    size_t n_bytes = (size_t)QUIRE_PAGE_SIZE << order;
    return frame_of(h, h->alloc_aligned(n_bytes, n_bytes));
}

static void heap_free_order(void *state, unsigned cpu, quire_pa frame, unsigned order) {
    (void)order;
    heap_free(state, cpu, frame);
}

/* ---- libraries ------------------------------------------------------------------------------------------ */

static struct heap *make(const struct memory *memory) {
    struct heap *h = malloc(sizeof *h);
    if (h == NULL) {
        abort();
    }
    h->memory = *memory;
    return h;
}

static void stop(void) {
    fprintf(stderr, "bench: %s\n", dlerror());
    fprintf(stderr, "bench: if static TLS is short, set GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096\n");
    abort();
}

static void *open_library(const char *file) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL); /* stays: the second time it is found where it is */
    if (library == NULL) {
        stop();
    }
    return library;
}

/* Sets a pointer to a function, which C can not make from what dlsym returns. */
static void find(void *library, const char *name, void *pointer) {
    void *found = dlsym(library, name);
    if (found == NULL) {
        stop();
    }
    memcpy(pointer, &found, sizeof found);
}

static void *mimalloc_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    void *library = open_library("libmimalloc.so.2");
    struct heap *h = make(memory);
    find(library, "mi_malloc", &h->alloc);
    find(library, "mi_aligned_alloc", &h->alloc_aligned);
    find(library, "mi_free", &h->free);
    return h;
}

static void *jemalloc_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    void *library = open_library("libjemalloc.so.2");
    struct heap *h = make(memory);
    find(library, "malloc", &h->alloc);
    find(library, "aligned_alloc", &h->alloc_aligned);
    find(library, "free", &h->free);
    return h;
}

static void *tcmalloc_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    void *library = open_library("libtcmalloc_minimal.so.4");
    struct heap *h = make(memory);
    find(library, "tc_malloc", &h->alloc);
    find(library, "tc_memalign", &h->alloc_aligned);
    find(library, "tc_free", &h->free);
    return h;
}

static void *page_from_libc(size_t n_bytes) {
    return aligned_alloc(QUIRE_PAGE_SIZE, n_bytes);
}

static void *libc_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    struct heap *h = make(memory);
    h->alloc = page_from_libc;
    h->alloc_aligned = aligned_alloc;
    h->free = free;
    return h;
}

const struct peer peer_mimalloc = {
    .name = "mimalloc",
    .what = "mimalloc 2, a list for each page of equal blocks and each thread",
    .traits = PEER_FOREIGN,
    .make = mimalloc_make,
    .drop = free,
    .alloc = heap_alloc,
    .free = heap_free,
    .alloc_order = heap_alloc_order,
    .free_order = heap_free_order,
};

const struct peer peer_jemalloc = {
    .name = "jemalloc",
    .what = "jemalloc 5, an array of blocks for each size and each thread",
    .traits = PEER_FOREIGN,
    .make = jemalloc_make,
    .drop = free,
    .alloc = heap_alloc,
    .free = heap_free,
    .alloc_order = heap_alloc_order,
    .free_order = heap_free_order,
};

const struct peer peer_tcmalloc = {
    .name = "tcmalloc",
    .what = "tcmalloc of gperftools, a list of blocks for each size and each thread",
    .traits = PEER_FOREIGN,
    .make = tcmalloc_make,
    .drop = free,
    .alloc = heap_alloc,
    .free = heap_free,
    .alloc_order = heap_alloc_order,
    .free_order = heap_free_order,
};

const struct peer peer_libc = {
    .name = "libc",
    .what = "aligned_alloc of the C library",
    .traits = PEER_FOREIGN,
    .make = libc_make,
    .drop = free,
    .alloc = heap_alloc,
    .free = heap_free,
    .alloc_order = heap_alloc_order,
    .free_order = heap_free_order,
};
