/* edge.c: addresses at the edge of what a machine word can number, on machines of either word size.
 *
 * Physical addresses have 64 bits everywhere, frame numbers those of a word: a 32-bit machine can have memory above
 * 4 GiB, but an address beyond its last frame number must not be taken for the frame that it is cut down to. A program
 * of its own, since the test framework is there in one word size only: exit status 0 if all is well. */
#include <host.h>
#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE  QUIRE_PAGE_SIZE
#define BLOCK (QUIRE_BLOCK_FRAMES * PAGE)

#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool good, const char *what, int line) {
    if (!good) {
        fprintf(stderr, "edge.c:%d: %u-bit words: %s\n", line, (unsigned)sizeof(void *) * 8, what);
        exit(1);
    }
}

static struct quire *make(quire_pa base, quire_pa end, enum quire_status want) {
    const struct quire_config config = {.n_cpus = 2};
    const struct quire_region region = {base, end, QUIRE_USABLE, 0};
    struct quire *q;
    host_ram_add(base, end - base);
    CHECK(quire_init(&q, &config, &region, 1) == want);
    CHECK((q != NULL) == (want == QUIRE_OK));
    return q;
}

/* Takes all of it, each frame inside, and gives it back. */
static void expect_usable(struct quire *q, quire_pa base, quire_pa end) {
    static quire_pa held[4 * QUIRE_BLOCK_FRAMES];
    struct quire_stats stats;
    struct quire_fault first;
    uint64_t n = 0;
    quire_stats(q, &stats);
    CHECK(stats.n_frames + stats.n_metadata == (end - base) / PAGE);
    while (n < stats.n_frames) {
        held[n] = quire_alloc(q, 1);
        CHECK(held[n] >= base && held[n] <= end - PAGE);
        n++;
    }
    CHECK(quire_alloc(q, 1) == QUIRE_NONE);
    while (n > 0) {
        CHECK(quire_free(q, held[--n]) == QUIRE_OK);
    }
    CHECK(quire_validate(q, &first) == QUIRE_OK);
}

static void above_4_gib(void) {
    const quire_pa base = ((quire_pa)1 << 32) - BLOCK;
    expect_usable(make(base, base + 3 * BLOCK, QUIRE_OK), base, base + 3 * BLOCK);
    host_ram_clear();
}

/* What a word can not number, cut down, is a frame that exists; the calls must not fall for it. */
static void addresses_that_are_cut_down(void) {
    const quire_pa base = 4 * BLOCK;
    struct quire *q = make(base, base + 2 * BLOCK, QUIRE_OK);
    quire_pa pa = quire_alloc(q, 1), own;
    for (unsigned bit = 32; bit < 64; bit++) {
        quire_pa alias = pa + ((quire_pa)1 << bit);
        CHECK(quire_refs(q, alias) == 0);
        CHECK(quire_free(q, alias) == QUIRE_FAULT);
        CHECK(quire_get(q, alias) == QUIRE_FAULT);
        CHECK(quire_put(q, alias) == QUIRE_FAULT);
        CHECK(quire_cow(q, alias, &own) == QUIRE_FAULT);
        CHECK(quire_free_order(q, alias & ~(BLOCK - 1), QUIRE_BLOCK_ORDER) == QUIRE_FAULT);
        CHECK(host_take_faults(NULL) == 5);
        CHECK(quire_refs(q, pa) == 1);
    }
    CHECK(quire_free(q, pa) == QUIRE_OK);
    host_ram_clear();
}

/* The last blocks that a word can number work or are refused, and what is beyond them is refused. */
static void the_last_frame_numbers(void) {
    const unsigned number_bits = sizeof(uintptr_t) * 8 + QUIRE_PAGE_SHIFT;
    const quire_pa limit = number_bits >= 64 ? 0 - BLOCK : (quire_pa)1 << number_bits;
    const quire_pa good = limit - 8 * BLOCK;
    expect_usable(make(good, good + 3 * BLOCK, QUIRE_OK), good, good + 3 * BLOCK);
    host_ram_clear();
    if (number_bits < 64) {
        (void)make(limit, limit + 4 * BLOCK, QUIRE_INVALID);
        (void)make(limit + 8 * BLOCK, limit + 12 * BLOCK, QUIRE_INVALID);
        (void)make((quire_pa)1 << 63, ((quire_pa)1 << 63) + 4 * BLOCK, QUIRE_INVALID);
        host_ram_clear();
    }
}

int main(void) {
    host_keep_faults(true);
    above_4_gib();
    addresses_that_are_cut_down();
    the_last_frame_numbers();
    return 0;
}
