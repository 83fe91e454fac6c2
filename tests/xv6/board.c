/* board.c: scenarios that are the same for the two RISC-V kernels. See board.h. */
#include "board.h"

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "defs.h"
/* clang-format on */
#include "common.h"
#include "kernel.h"
#include "quire-xv6.h"
#include "trees.h"
#include <quire/port.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

void freerange(void *pa_start, void *pa_end);

/* ---- how much memory there is -------------------------------------------------------------------------------- */

#define MIB       ((uint64)1 << 20)
#define K         ((uint64)KERNBASE)
#define MAX_BANKS 20

static const struct {
    const char *why;
    struct bank memory[MAX_BANKS + 1], reserved[2];
    uint64 end;
} trees[] = {
    {"as much as the kernel counts on", {{K, 128 * MIB}}, {{0}}, PHYSTOP},
    {"less than that", {{K, 33 * MIB}}, {{0}}, K + 33 * MIB},
    {"more than that", {{K, 256 * MIB}}, {{0}}, PHYSTOP},
    {"a gap", {{K, 16 * MIB}, {K + 64 * MIB, 16 * MIB}}, {{0}}, K + 16 * MIB},
    {"memory below the kernel", {{K - 512 * MIB, 16 * MIB}, {K, 32 * MIB}}, {{0}}, K + 32 * MIB},
    {"something reserved", {{K, 64 * MIB}}, {{K + 8 * MIB, PAGE}}, K + 8 * MIB},
    {"no memory", {{0}}, {{0}}, PHYSTOP},
};

static void expect_end(uint64 end, const char *why) {
    char what[128];
    quire_pa found = xv6_ram_end();
    snprintf(what, sizeof what, "the end of memory is %llx, not %llx: %s", (unsigned long long)found,
             (unsigned long long)end, why);
    expect(found == end, what);
}

static void too_many_banks(void) {
    struct bank memory[MAX_BANKS + 1] = {{0}}, none[] = {{0}};
    for (unsigned i = 0; i < MAX_BANKS; i++) {
        memory[i] = (struct bank){K + 2 * i * MIB, MIB};
    }
    make_tree((void *)rom_device_tree, memory, none);
    expect_end(PHYSTOP, "more pieces than there is room for");
}

void ram_that_trees_tell(void) {
    map_ram(PHYSTOP - KERNBASE);
    expect_end(PHYSTOP, "no device tree");
    rom_device_tree = K + 4 * MIB;
    expect_end(PHYSTOP, "no device tree where there should be one");
    for (unsigned i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        make_tree((void *)rom_device_tree, trees[i].memory, trees[i].reserved);
        expect_end(trees[i].end, trees[i].why);
    }
    too_many_banks();
}

/* ---- memory added later ---------------------------------------------------------------------------------------- */

#define AT(mib) ((char *)KERNBASE + (mib)*MIB)

/* The kernel was told of 33 MiB; there is all. */
static void boot_with_a_part(void) {
    machine_ram = 33 * MIB;
    boot();
    limit_ram(PHYSTOP - KERNBASE);
}

void added_later(void) {
    boot_with_a_part();
    size_t before = take_all();
    give_all();
    freerange(AT(33), (void *)PHYSTOP);
    size_t all = take_all(), added = (PHYSTOP - (uint64)AT(33)) / PAGE;
    expect(all <= before + added && all > before + added - added / 50, "not the pages that were added");
    give_all();
    expect(take_all() == all, "pages were lost");
}

struct range {
    char *base, *end;
};

static void add(void *range) {
    const struct range *r = range;
    freerange(r->base, r->end);
}

void added_badly(void) {
    static const struct {
        struct range range;
        const char *words;
    } bad[] = {
        {{AT(0), AT(64)}, "panic: freerange"},
        {{(char *)KERNEL_END - 1, AT(64)}, "panic: freerange"},
        {{AT(64), AT(128) + 1}, "panic: freerange"},
        {{AT(32), AT(64)}, "panic: freerange: from 0x82000000 to 0x84000000 some memory is the allocator's already"},
    };
    boot_with_a_part();
    size_t before = take_all();
    struct range page = {AT(64), AT(64) + PAGE};
    expect_stop(
        add, &page, /* with no free page, its own data would have to lie in this one */
        "panic: freerange: from 0x84000000 to 0x84001000 there is too little memory for the allocator's own data");
    give_all();
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct range range = bad[i].range;
        expect_stop(add, &range, bad[i].words);
    }
    freerange(AT(64) + 1, AT(64) + PAGE); /* no page */
    freerange(AT(65), AT(64));
    expect(take_all() == before, "a range without a page has changed something");
}

/* Every few instructions of one freerange another CPU calls it, too: it succeeds, or is told to wait. */
static unsigned n_steps, n_added, n_refused;

static void add_meanwhile(void) {
    char output[128] = "";
    int ends[2];
    expect(pipe(ends) == 0, "pipe");
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        on_cpu(1);
        freerange(AT(64), AT(65));
        _exit(0);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], output, sizeof output - 1);
    close(ends[0]);
    waitpid(pid, NULL, 0);
    static const char words[] = "panic: freerange: from 0x84000000 to 0x84100000: another CPU is adding memory at this "
                                "moment\n";
    n_added += n == 0;
    n_refused += n == sizeof words - 1 && __builtin_memcmp(output, words, sizeof words - 1) == 0;
}

static bool now_and_then(const uint8_t *executed) {
    (void)executed;
    if (n_steps++ % 16 == 0) {
        add_meanwhile();
    }
    return true;
}

static void add_a_megabyte(void) {
    freerange(AT(40), AT(41));
}

void added_at_once(void) {
    boot_with_a_part();
    take_all();
    step(add_a_megabyte, now_and_then);
    expect(n_added > 0 && n_refused > 0, "never at once: this test sees nothing");
    expect(n_added + n_refused == (n_steps + 15) / 16, "a freerange beside another one ends otherwise");
    expect(take_all() > MIB / PAGE - 16, "the pages are not there");
}

/* ---- faults ------------------------------------------------------------------------------------------------------ */

/* The seed reports none. */
extern void quire_port_fault(const struct quire_fault *fault) __attribute__((weak));

static void report(void *call) {
    const struct quire_fault fault = {.kind = QUIRE_FAULT_METADATA, .call = call, .pa = QUIRE_NONE};
    quire_port_fault(&fault);
}

/* Those that are about no page, of calls that the kernel has no word for, and too long. */
void strange_faults(void) {
    char name[201], words[256];
    expect(quire_port_fault != NULL, "faults are not reported");
    expect_stop(report, (char[]){"quire_validate"}, "panic: quire_validate: ...");
    for (unsigned i = 0; i < sizeof name - 1; i++) {
        name[i] = 'q';
    }
    name[sizeof name - 1] = 0;
    snprintf(words, sizeof words, "panic: %.159s", name);
    expect_stop(report, name, words);
}
