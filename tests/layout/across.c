/* across.c: an allocator made by one program and recovered by another, which may be built otherwise.
 *
 *   across make FILE       makes one in memory that is a file, and uses it
 *   across recover FILE    takes it over, mapped elsewhere, and says what it found, or what stood against it
 *
 * tests/layout/builds runs it for builds with several page sizes, word sizes and block sizes. */
#define _GNU_SOURCE /* MAP_NORESERVE */
#include <quire/port.h>
#include <quire/quire.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define N_BYTES ((size_t)64 << 20)
#define BASE    ((quire_pa)1 << 20)

static char *ram;

unsigned quire_port_cpu(void) {
    return 0;
}

void *quire_port_map(quire_pa pa) {
    return pa - BASE < N_BYTES ? ram + (pa - BASE) : NULL;
}

void quire_port_fault(const struct quire_fault *fault) {
    printf("fault: %s\n", quire_fault_name(fault->kind));
    exit(1);
}

static void fail(const char *what) {
    perror(what);
    exit(2);
}

/* A mapping that was there before takes the place where the other program had it, mostly. */
static void map(const char *path, bool elsewhere) {
    int file = open(path, O_RDWR);
    if (file < 0) {
        fail(path);
    }
    if (elsewhere) {
        (void)mmap(NULL, N_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    ram = mmap(NULL, N_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (ram == MAP_FAILED) {
        fail("mmap");
    }
}

static void must(bool good, const char *what) {
    if (!good) {
        printf("%s failed\n", what);
        exit(1);
    }
}

static void make(const struct quire_config *config, const struct quire_region *region) {
    struct quire *q;
    quire_pa run;
    must(quire_init(&q, config, region, 1) == QUIRE_OK, "quire_init");
    for (unsigned i = 0; i < 100; i++) {
        must(quire_alloc(q, 7) != QUIRE_NONE, "quire_alloc");
    }
    must(quire_alloc_order(q, 4, 8, &run) == QUIRE_OK, "quire_alloc_order");
}

static void recover(const struct quire_config *config, const struct quire_region *region) {
    struct quire *q;
    struct quire_recovery found;
    struct quire_fault first;
    uint64_t n_frames[QUIRE_TAGS];
    if (quire_recover(&q, config, region, 1, &found) != QUIRE_OK) {
        printf("%s\n", found.why);
        return;
    }
    quire_tag_stats(q, n_frames);
    printf("held: %llu of tag 7, %llu of tag 8, %llu in all; validate: %s\n", (unsigned long long)n_frames[7],
           (unsigned long long)n_frames[8], (unsigned long long)found.n_held,
           quire_status_name(quire_validate(q, &first)));
}

int main(int argc, char **argv) {
    const struct quire_config config = {.n_cpus = 4};
    const struct quire_region region = {BASE, BASE + N_BYTES, QUIRE_USABLE, 0};
    bool makes = argc == 3 && strcmp(argv[1], "make") == 0, recovers = argc == 3 && strcmp(argv[1], "recover") == 0;
    if (!makes && !recovers) {
        fprintf(stderr, "use: across make|recover FILE\n");
        return 2;
    }
    map(argv[2], recovers);
    if (makes) {
        make(&config, &region);
    } else {
        recover(&config, &region);
    }
    return 0;
}
