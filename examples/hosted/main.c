/* main.c: Quire managing something that is not RAM: the pages of a file.
 *
 * A volume is a list of pages of the file. A snapshot of it shares them all, and costs no page; the first write to a page that
 * is shared goes to a copy. That is what file systems and virtual disks do, and what fork does with memory. To Quire an
 * address is a number: here the distance from the beginning of the file. Its own data lie in the file, too. */
#include <example.h>
#include <fcntl.h>
#include <quire/port.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FILE_BYTES (64ul << 20)
#define N_PAGES    2000u /* of a volume */

enum owner { OWNER_VOLUME = 1 };

struct volume {
    quire_pa page[N_PAGES];
};

/* ---- the port ----------------------------------------------------------------------------------------------- */

static char *file; /* mapped */

unsigned quire_port_cpu(void) {
    return 0; /* one thread; a program with several numbers them, or asks sched_getcpu() */
}

void *quire_port_map(quire_pa pa) {
    return file + pa;
}

void quire_port_fault(const struct quire_fault *fault) {
    fault_exit(fault);
}

void console_put(char c) {
    putchar(c);
}

void machine_exit(int status) {
    exit(status);
}

/* ---- volumes ------------------------------------------------------------------------------------------------ */

static void expect(bool is_so, const char *wrong) {
    if (!is_so) {
        print("verdict: %s\n", wrong);
        machine_exit(1);
    }
}

static void volume_create(struct quire *pages, struct volume *volume) {
    size_t n = quire_alloc_bulk(pages, N_PAGES, N_PAGES, OWNER_VOLUME, volume->page);
    expect(n == N_PAGES, "the file is too small");
}

static void volume_snapshot(struct quire *pages, const struct volume *from, struct volume *snapshot) {
    *snapshot = *from;
    for (unsigned i = 0; i < N_PAGES; i++) {
        quire_get(pages, snapshot->page[i]);
    }
}

static void volume_write(struct quire *pages, struct volume *volume, unsigned i, int byte) {
    expect(quire_cow(pages, volume->page[i], &volume->page[i]) == QUIRE_OK, "the file is full");
    memset(file + volume->page[i], byte, QUIRE_PAGE_SIZE);
}

static void volume_delete(struct quire *pages, struct volume *volume) {
    for (unsigned i = 0; i < N_PAGES; i++) {
        quire_put(pages, volume->page[i]);
    }
}

/* ---- the story ---------------------------------------------------------------------------------------------- */

static void open_file(const char *name) {
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)FILE_BYTES) != 0) {
        perror(name);
        machine_exit(2);
    }
    file = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    expect(file != MAP_FAILED, "the file can not be mapped");
}

static void tell(struct quire *pages) {
    static struct volume disk, snapshot;
    uint64_t n_free = quire_n_free(pages);
    volume_create(pages, &disk);
    for (unsigned i = 0; i < N_PAGES; i++) {
        volume_write(pages, &disk, i, 'a');
    }
    picture(pages, "a volume of 2000 pages");
    volume_snapshot(pages, &disk, &snapshot);
    expect(quire_n_free(pages) == n_free - N_PAGES, "a snapshot takes pages");
    picture(pages, "and a snapshot of it");
    for (unsigned i = 0; i < 100; i++) {
        volume_write(pages, &disk, i, 'b');
    }
    expect(quire_n_free(pages) == n_free - N_PAGES - 100, "100 written pages are not 100 copies");
    expect(file[disk.page[7]] == 'b' && file[snapshot.page[7]] == 'a', "a write to the volume is seen in the snapshot");
    picture(pages, "100 pages of the volume are written to");
    volume_delete(pages, &disk);
    picture(pages, "without the volume");
    expect(file[snapshot.page[1999]] == 'a', "a snapshot does not outlive its volume");
    volume_delete(pages, &snapshot);
    expect(quire_n_free(pages) == n_free, "some pages did not come back");
}

int main(int argc, char **argv) {
    const struct quire_region all = {.base = 0, .end = FILE_BYTES, .type = QUIRE_USABLE};
    const struct quire_config config = {.n_cpus = 1};
    struct quire_fault fault;
    struct quire *pages;
    open_file(argc > 1 ? argv[1] : "pages");
    expect(quire_init(&pages, &config, &all, 1) == QUIRE_OK, "no allocator for this file");
    picture_key();
    picture(pages, "an empty file");
    expect(port_is_right(pages), "the port is not right");
    tell(pages);
    picture(pages, "without the snapshot");
    expect(quire_validate(pages, &fault) == QUIRE_OK, "the allocator's own data do not agree");
    print("\nverdict: passed\n");
    return 0;
}
