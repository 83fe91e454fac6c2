/* layout.c: metadata as somebody finds them who did not make them: mapped elsewhere, for reading only, made by another
 * build, damaged. */
#include "inside.h"

#include <quire/port.h>
#include <stdlib.h>
#include <string.h>

#define N_CPUS 4

static const struct quire_config config = {.n_cpus = N_CPUS};
static const struct quire_region map[] = {USABLE(BLOCK + 3 * PAGE, 5 * BLOCK - 7 * PAGE),
                                          USABLE(8 * BLOCK, 10 * BLOCK)};
static const struct quire_region added[] = {USABLE(32 * BLOCK, 33 * BLOCK), USABLE(64 * BLOCK, 64 * BLOCK + PAGE)};

static struct quire *q;
static struct quire_recovery found;

/* Something of everything, in memory that came at once and later; extents at two places at least. */
static void start(void) {
    q = unit_make(&config, map, COUNT_OF(map));
    for (size_t i = 0; i < COUNT_OF(added); i++) {
        unit_ram(&added[i], 1, QUIRE_NONE);
        assert_int_equal(quire_add(q, &added[i]), QUIRE_OK);
    }
    for (unsigned i = 0; i < 60; i++) {
        host_set_cpu(i % N_CPUS);
        quire_pa pa = must_alloc(q, (uint8_t)i);
        if (i % 3 == 0) {
            assert_int_equal(quire_free(q, pa), QUIRE_OK);
        } else if (i % 7 == 0) {
            assert_int_equal(quire_get(q, pa), QUIRE_OK);
        }
    }
    must_alloc_order(q, QUIRE_BLOCK_ORDER, 7);
    quire_pa parted = must_alloc_order(q, 4, 8);
    assert_int_equal(quire_free_order(q, parted + 8 * PAGE, 2), QUIRE_OK);
}

/* ---- who holds what --------------------------------------------------------------------------------------- */

struct runs {
    struct quire_run at[1024];
    size_t n;
};

static bool note(void *ctx, const struct quire_run *run) {
    struct runs *runs = ctx;
    assert_true(runs->n < COUNT_OF(runs->at));
    runs->at[runs->n++] = *run;
    return true;
}

static void note_all(const struct quire *of, struct runs *runs) {
    memset(runs, 0, sizeof *runs);
    quire_walk(of, note, runs);
}

static bool same(const struct runs *a, const struct runs *b) {
    return a->n == b->n && memcmp(a->at, b->at, a->n * sizeof a->at[0]) == 0;
}

static enum quire_status recover(void) {
    return quire_recover(&q, &config, map, COUNT_OF(map), &found);
}

static struct q_header *first_header(void) {
    return quire_port_map(map[0].base);
}

/* ---- mapped elsewhere ------------------------------------------------------------------------------------- */

static void recovered_under_another_mapping(void **state) {
    (void)state;
    static struct runs before, after;
    start();
    note_all(q, &before);
    for (unsigned i = 0; i < 3; i++) {
        struct quire *was = q;
        host_ram_move(true);
        assert_int_equal(recover(), QUIRE_OK);
        assert_ptr_not_equal(q, was);
        assert_null(found.why);
        note_all(q, &after);
        assert_true(same(&before, &after));
        expect_consistent(q);
    }
    const struct quire_region more = USABLE(40 * BLOCK, 42 * BLOCK);
    unit_ram(&more, 1, QUIRE_NONE);
    assert_int_equal(quire_add(q, &more), QUIRE_OK);
    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(n_free(q), 0);
    free_all(q, &all);
    expect_consistent(q);
}

/* What a walk finds, by state. */
static bool count(void *ctx, const struct quire_run *run) {
    uint64_t *n = ctx;
    n[run->state] += run->n_frames;
    return true;
}

static void seen_from_outside(void **state) {
    (void)state;
    static struct runs before, after;
    start();
    note_all(q, &before);
    const struct quire_stats stats = stats_of(q);
    host_ram_move(false);
    size_t n_zones = 0;
    const struct q_header *h = first_header();
    assert_null(q_metadata_wrong(h, q_frame_of(map[0].base), &n_zones));
    assert_int_equal(n_zones, stats.n_zones);

    struct quire *view = aligned_alloc(_Alignof(struct quire), sizeof *view);
    struct q_zones *table = malloc(sizeof *table + n_zones * sizeof table->zone[0]);
    struct q_zone *zones = aligned_alloc(_Alignof(struct q_zone), n_zones * sizeof *zones);
    assert_true(view != NULL && table != NULL && zones != NULL);
    memset(view, 0, sizeof *view);
    memset(zones, 0, n_zones * sizeof *zones);
    q_view_open(view, h, NULL, table, zones);
    note_all(view, &after);
    assert_true(same(&before, &after));
    uint64_t n[QUIRE_STATE_METADATA + 1] = {0};
    quire_walk(view, count, n);
    assert_int_equal(n[QUIRE_STATE_FREE], stats.n_free);
    assert_int_equal(n[QUIRE_STATE_FREE] + n[QUIRE_STATE_HELD] + n[QUIRE_STATE_SHARED], stats.n_frames);
    assert_int_equal(n[QUIRE_STATE_METADATA], stats.n_metadata);
    struct quire_zone_stats zone;
    uint64_t n_frames = 0;
    for (unsigned i = 0; quire_zone_stats(view, i, &zone); i++) {
        n_frames += zone.n_frames;
    }
    assert_int_equal(n_frames, stats.n_frames);
    free(view);
    free(table);
    free(zones);
}

/* ---- made by another build --------------------------------------------------------------------------------- */

static void expect_refused(const char *why) {
    struct quire *before = q;
    assert_int_equal(recover(), QUIRE_NO_MEMORY);
    assert_null(q);
    assert_string_equal(found.why, why);
    q = before;
}

#define REFUSED(member, value, why)                                                                                    \
    do {                                                                                                               \
        const struct q_header was = *h;                                                                                \
        h->member = (value);                                                                                           \
        h->sum = q_header_sum(h);                                                                                      \
        expect_refused(why);                                                                                           \
        memcpy(h, &was, sizeof was);                                                                                   \
    } while (0)

static void another_build(void **state) {
    (void)state;
    start();
    struct q_header *h = first_header();
    const char *const sizes = "its structures have other sizes";
    REFUSED(version, Q_LAYOUT_VERSION + 1, "its metadata are laid out by another version of the library");
    REFUSED(word_bytes, 12 - sizeof(q_word), "it was made with another word size");
    REFUSED(page_shift, QUIRE_PAGE_SHIFT + 1, "it was made with another page size");
    REFUSED(block_order, QUIRE_BLOCK_ORDER - 1, "it was made with blocks of another size");
    REFUSED(header_bytes, sizeof *h + 8, sizes);
    REFUSED(zone_bytes, sizeof(struct q_zone_layout) + 8, sizes);
    REFUSED(quire_bytes, sizeof(struct quire) + 8, sizes);
    REFUSED(cache_bytes, sizeof(struct q_cache) + 8, sizes);
    REFUSED(view_bytes, sizeof(struct q_zone) + 8, sizes);
    REFUSED(node_bytes, sizeof(struct q_node) + 8, sizes);
    REFUSED(record_bytes, sizeof(q_record) + 8, sizes);
    REFUSED(seal, h->seal + 1, "some of its metadata lie in another place, or are another allocator's");
    REFUSED(base, h->base + 1, "some of its metadata lie in another place, or are another allocator's");
    atomic_store(&h->magic, __builtin_bswap32(Q_MAGIC)); /* a machine of the other byte order */
    expect_refused("no allocator lies where these arguments would put one");
    atomic_store(&h->magic, Q_MAGIC);
    assert_int_equal(recover(), QUIRE_OK);
    expect_consistent(q);
}

static void other_arguments(void **state) {
    (void)state;
    start();
    const struct quire_config other = {.n_cpus = N_CPUS + 1}, nobody = {.n_cpus = 0};
    struct quire *none;
    assert_int_equal(quire_recover(&none, &other, map, COUNT_OF(map), &found), QUIRE_NO_MEMORY);
    assert_string_equal(found.why, "it was made with other arguments");
    assert_int_equal(quire_recover(&none, &config, map, 0, &found), QUIRE_NO_MEMORY);
    assert_string_equal(found.why, "no mapped region could hold an allocator");
    assert_int_equal(quire_recover(&none, &nobody, map, COUNT_OF(map), &found), QUIRE_INVALID);
    assert_string_equal(found.why, "the arguments mean nothing");
}

/* ---- the chain --------------------------------------------------------------------------------------------- */

/* A crash came when `n` copies of the link to the first added extent were written. */
static void linked_up_to(unsigned n) {
    start();
    struct q_header *h = first_header();
    for (unsigned i = n; i < Q_LINKS; i++) {
        atomic_store(&h->next[i], Q_NO_FRAME);
    }
    const unsigned n_zones = stats_of(q).n_zones;
    assert_int_equal(recover(), QUIRE_OK);
    assert_int_equal(stats_of(q).n_zones, n >= 2 ? n_zones : 2);
    expect_consistent(q);
    for (unsigned i = 0; i < Q_LINKS; i++) { /* what the copies say now holds in the next crash, too */
        assert_true((atomic_load(&h->next[i]) == Q_NO_FRAME) == (n < 2));
    }
    if (n < 2) {
        assert_int_equal(quire_add(q, &added[0]), QUIRE_OK);
        expect_consistent(q);
    }
    host_ram_clear();
}

static void a_link_half_written(void **state) {
    (void)state;
    for (unsigned n = 0; n <= Q_LINKS; n++) {
        linked_up_to(n);
    }
}

static void a_link_beyond_repair(void **state) {
    (void)state;
    start();
    atomic_store(&first_header()->next[0], 1);
    atomic_store(&first_header()->next[2], 2);
    expect_refused("the chain of its metadata is damaged");
}

static void an_extent_that_is_not_mapped(void **state) {
    (void)state;
    start();
    q_link(first_header(), q_frame_of(1000 * BLOCK));
    expect_refused("some of its metadata are not mapped");
}

/* A chain that comes back to where it was. */
static void a_chain_without_end(void **state) {
    (void)state;
    start();
    q_link(q_next_extent(first_header()), (q_frame)first_header()->base);
    expect_refused("some of its metadata lie in another place, or are another allocator's");
}

/* ---- damaged ------------------------------------------------------------------------------------------------ */

/* All metadata, to be put back. */
static struct saved {
    quire_pa base;
    size_t n_bytes;
    char *copy;
} saved[8];
static size_t n_saved;

static bool save(void *ctx, const struct quire_run *run) {
    (void)ctx;
    if (run->state == QUIRE_STATE_METADATA) {
        size_t n_bytes = (size_t)(run->n_frames * PAGE);
        assert_true(n_saved < COUNT_OF(saved));
        saved[n_saved] = (struct saved){run->base, n_bytes, malloc(n_bytes)};
        assert_non_null(saved[n_saved].copy);
        memcpy(saved[n_saved].copy, quire_port_map(run->base), n_bytes);
        n_saved++;
    }
    return true;
}

static void put_back(void) {
    for (size_t i = 0; i < n_saved; i++) {
        memcpy(quire_port_map(saved[i].base), saved[i].copy, saved[i].n_bytes);
    }
}

static bool nothing_written(void) {
    bool equal = true;
    for (size_t i = 0; i < n_saved; i++) {
        equal = equal && memcmp(quire_port_map(saved[i].base), saved[i].copy, saved[i].n_bytes) == 0;
    }
    return equal;
}

static void forget_saved(void) {
    while (n_saved > 0) {
        free(saved[--n_saved].copy);
    }
}

static const struct runs *holders;

/* After a recovery that went well: all as it was. */
static bool is_right(void) {
    static struct runs after;
    struct quire_fault first;
    note_all(q, &after);
    return same(holders, &after) && quire_validate(q, &first) == QUIRE_OK;
}

/* Overwrites a word of metadata and recovers. `exact`: it is refused with words and nothing is written, or all is as it
 * was; else any answer will do. */
static void try_word(void *word, const void *value, size_t n_bytes, bool exact) {
    struct quire *before = q;
    uint64_t was = 0;
    memcpy(&was, word, n_bytes);
    memcpy(word, value, n_bytes);
    enum quire_status status = recover();
    if (status == QUIRE_OK) {
        assert_true(!exact || is_right());
    } else {
        assert_int_equal(status, QUIRE_NO_MEMORY);
        assert_non_null(found.why);
        memcpy(word, &was, n_bytes);
        assert_true(nothing_written());
    }
    q = before;
    put_back();
}

/* Words of 32 bits, and those of the machine. */
static void try_words(void *from, size_t n_bytes, bool exact) {
    uint32_t *word = from;
    for (size_t i = 0; i < n_bytes / sizeof *word; i += UNIT_ONE_IN) {
        const uint32_t values[] = {0,           1,           UINT32_MAX,         word[i] ^ 1u, word[i] ^ 1u << 31,
                                   word[i] + 1, word[i] - 1, word[i] ^ 1u << 12, 0x00101000u,  0xA5A5A5A5u};
        for (size_t k = 0; k < COUNT_OF(values); k++) {
            try_word(&word[i], &values[k], sizeof values[k], exact);
        }
    }
    q_word *long_word = from;
    for (size_t i = 0; i < n_bytes / sizeof *long_word; i += UNIT_ONE_IN) {
        const q_word values[] = {0, Q_ALL_BITS, long_word[i] + 1, ~long_word[i], Q_ALL_BITS / 3, (q_word)from};
        for (size_t k = 0; k < COUNT_OF(values); k++) {
            try_word(&long_word[i], &values[k], sizeof values[k], exact);
        }
    }
}

static void start_to_damage(struct runs *before) {
    start();
    note_all(q, before);
    holders = before;
    assert_int_equal(recover(), QUIRE_OK); /* a recovery puts all that it makes anew in its place */
    quire_walk(q, save, NULL);
}

/* What lies in front of the lines of an extent's first zone. */
static size_t front_of(const struct q_header *h) {
    const struct q_zone_layout *zones = (const void *)((const char *)h + h->zones_at);
    return (size_t)zones[0].lines_at;
}

static void each_word_in_front_of_the_zones(void **state) {
    (void)state;
    static struct runs before;
    start_to_damage(&before);
    struct q_header *h = first_header();
    assert_true(front_of(h) >= 8192);
    unsigned n_extents = 0;
    for (; h != NULL; h = q_next_extent(h), n_extents++) {
        try_words(h, front_of(h), true);
    }
    assert_int_equal(n_extents, 1 + COUNT_OF(added));
    assert_int_equal(recover(), QUIRE_OK);
    assert_true(is_right());
    forget_saved();
}

/* Lines and counts are made anew. Records and READY bits are the truth, of which nothing else is known: any answer will do,
 * but an answer. */
static void each_word_of_the_zones(void **state) {
    (void)state;
    static struct runs before;
    start_to_damage(&before);
    for (struct q_header *h = first_header(); h != NULL; h = q_next_extent(h)) {
        const struct q_zone_layout *zones = (const void *)((const char *)h + h->zones_at);
        for (uint32_t i = 0; i < h->n_zones; i++) {
            char *at = (char *)h;
            try_words(at + zones[i].lines_at, (size_t)(zones[i].records_at - zones[i].lines_at), true);
            try_words(at + zones[i].records_at, 1024, false);
            try_words(at + zones[i].index_at, (size_t)(zones[i].counts_at - zones[i].index_at), false);
            try_words(at + zones[i].counts_at, (size_t)zones[i].n_blocks * sizeof(q_count), false);
            try_words(at + zones[i].wholes_at, (size_t)zones[i].n_blocks * sizeof(q_record), false);
        }
    }
    forget_saved();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(recovered_under_another_mapping),
        unit_case(seen_from_outside),
        unit_case(another_build),
        unit_case(other_arguments),
        unit_case(a_link_half_written),
        unit_case(a_link_beyond_repair),
        unit_case(an_extent_that_is_not_mapped),
        unit_case(a_chain_without_end),
        unit_case(each_word_in_front_of_the_zones),
        unit_case(each_word_of_the_zones),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
