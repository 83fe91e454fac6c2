/* content.c: what each content policy does to the bytes of frames, and what the poison finds. */
#include "unit.h"

#include <quire/port.h>
#include <string.h>

#define RUBBISH 0xA5 /* what unit_ram leaves in memory */

static struct quire *memory(enum quire_content content) {
    const struct quire_config config = {.n_cpus = 2, .content = content};
    const struct quire_region map[] = {USABLE(64 * MIB, 72 * MIB)};
    return unit_make(&config, map, 1);
}

static unsigned char *bytes_at(quire_pa pa) {
    return quire_port_map(pa);
}

static void expect_filled(quire_pa pa, unsigned order, uint8_t byte) {
    for (quire_pa at = pa; at < pa + (PAGE << order); at += PAGE) {
        const unsigned char *bytes = bytes_at(at);
        if (bytes[0] != byte || memcmp(bytes, bytes + 1, PAGE - 1) != 0) {
            fail_msg("frame %#llx begins %#x %#x, expected all %#x", (unsigned long long)at, bytes[0], bytes[1], byte);
        }
    }
}

/* What a frame holds when it is handed out for the first time, after it was freed, and when handed out again. */
struct policy {
    enum quire_content content;
    uint8_t fresh, freed, reused;
};

#define MINE 0x33 /* what its holder writes into it */

static const struct policy policies[] = {
    {QUIRE_CONTENT_NONE, RUBBISH, MINE, MINE},   {QUIRE_CONTENT_JUNK, 5, 1, 5},
    {QUIRE_CONTENT_JUNK_FREE, RUBBISH, 1, 1},    {QUIRE_CONTENT_ZERO, 0, MINE, 0},
    {QUIRE_CONTENT_POISON, RUBBISH, 0x6B, 0x6B},
};

static void each_policy_with_single_frames(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        const struct policy *p = &policies[i];
        struct quire *q = memory(p->content);
        for (unsigned n = 0; n < 2000; n++) { /* never used frames all, through several blocks */
            expect_filled(must_alloc(q, 1), 0, p->fresh);
        }
        quire_pa pa = must_alloc(q, 1);
        memset(bytes_at(pa), MINE, PAGE);
        assert_int_equal(quire_free(q, pa), QUIRE_OK);
        expect_filled(pa, 0, p->freed);
        assert_true(must_alloc(q, 1) == pa);
        expect_filled(pa, 0, p->reused);
        host_ram_clear();
    }
}

static void each_policy_with_each_order(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        const struct policy *p = &policies[i];
        struct quire *q = memory(p->content);
        for (unsigned order = PAIR_ORDER + 1; order-- > 0;) {
            quire_pa pa = must_alloc_order(q, order, 1);
            for (quire_pa at = pa; at < pa + (PAGE << order); at += PAGE) {
                memset(bytes_at(at), MINE, PAGE);
            }
            assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
            expect_filled(pa, order, p->freed);
            while (must_alloc_order(q, order, 1) != pa) {}
            expect_filled(pa, order, p->reused);
            assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        }
        expect_consistent(q);
        host_ram_clear();
    }
}

static void the_last_put_counts_as_a_free(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        const struct policy *p = &policies[i];
        struct quire *q = memory(p->content);
        quire_pa pa = must_alloc(q, 1);
        memset(bytes_at(pa), MINE, PAGE);
        assert_int_equal(quire_get(q, pa), QUIRE_OK);
        assert_int_equal(quire_put(q, pa), QUIRE_OK);
        expect_filled(pa, 0, MINE);
        assert_int_equal(quire_put(q, pa), QUIRE_OK);
        expect_filled(pa, 0, p->freed);
        host_ram_clear();
    }
}

static void cow_copies_under_every_policy(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        struct quire *q = memory(policies[i].content);
        quire_pa used = must_alloc(q, 1), pa = must_alloc(q, 1), own = 0;
        assert_int_equal(quire_free(q, used), QUIRE_OK);
        memset(bytes_at(pa), MINE, PAGE);
        assert_int_equal(quire_get(q, pa), QUIRE_OK);
        assert_int_equal(quire_cow(q, pa, &own), QUIRE_OK);
        expect_filled(own, 0, MINE);
        expect_filled(pa, 0, MINE);
        host_ram_clear();
    }
}

static void a_misuse_writes_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        struct quire *q = memory(policies[i].content);
        quire_pa pa = must_alloc(q, 1);
        memset(bytes_at(pa), MINE, PAGE);
        assert_int_equal(quire_get(q, pa), QUIRE_OK);
        assert_int_equal(quire_free(q, pa), QUIRE_FAULT);
        expect_fault(QUIRE_FAULT_SHARED, "quire_free", pa, 0, 2, 1);
        assert_int_equal(quire_free_order(q, pa, 3), QUIRE_FAULT);
        assert_int_equal(host_take_faults(NULL), 1);
        expect_filled(pa, 0, MINE);
        host_ram_clear();
    }
}

/* ---- poison ------------------------------------------------------------------------------------------- */

struct damage {
    unsigned offset, n_bytes;
    uint8_t flip;
};

static const struct damage damages[] = {
    {0, 1, 0x01}, {0, 1, 0x80},    {4095, 1, 0x10},           {2048, 1, 0x04},
    {7, 1, 0xFF}, {4088, 8, 0x6B}, {0, (unsigned)4096, 0xFF}, {1, 4095u, 0x6B ^ 0x6A},
};

/* Writes to a freed frame, allocates until it turns up, and expects it to be reported and put out of use. */
static void expect_found(struct quire *q, const struct damage *d) {
    quire_pa pa = must_alloc(q, 9);
    const uint64_t n_before = n_free(q);
    assert_int_equal(quire_free(q, pa), QUIRE_OK);
    for (unsigned i = 0; i < d->n_bytes; i++) {
        bytes_at(pa)[d->offset + i] ^= d->flip;
    }
    quire_pa other = must_alloc(q, 10);
    assert_true(other != pa);
    struct quire_fault fault = expect_fault(QUIRE_FAULT_CONTENT, "quire_alloc", pa, 0, 0, 9);
    assert_int_equal(fault.offset, d->offset);
    assert_int_equal(fault.found, QUIRE_POISON ^ d->flip);
    assert_int_equal(fault.expected, QUIRE_POISON);

    assert_int_equal(n_free(q), n_before - 1);
    assert_int_equal(run_at(q, pa).tag, QUIRE_TAG_QUARANTINE);
    assert_true(quire_refs(q, pa) > 0);
    expect_consistent(q);
}

static void a_write_after_free_is_found(void **state) {
    (void)state;
    struct quire *q = memory(QUIRE_CONTENT_POISON);
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        expect_found(q, &damages[i]);
        uint64_t held_by[QUIRE_TAGS];
        quire_tag_stats(q, held_by);
        assert_int_equal(held_by[QUIRE_TAG_QUARANTINE], i + 1);
    }
    assert_int_equal(stats_of(q).n_faults, COUNT_OF(damages));
}

static void a_quarantined_frame_is_never_handed_out(void **state) {
    (void)state;
    struct quire *q = memory(QUIRE_CONTENT_POISON);
    const uint64_t n_all = n_free(q);
    const struct damage bit = {123, 1, 0x20};
    expect_found(q, &bit);
    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(all.n, n_all - 2); /* the quarantined one and the one taken in its place */
    free_all(q, &all);
    take_all(q, &all);
    assert_int_equal(all.n, n_all - 2);
    free_all(q, &all);
}

static void every_written_frame_is_found_when_all_is_taken(void **state) {
    (void)state;
    struct quire *q = memory(QUIRE_CONTENT_POISON);
    struct frames all = {0};
    take_all(q, &all);
    const size_t n_all = all.n;
    for (size_t i = 0; i < all.n; i++) {
        host_set_cpu((unsigned)i % 2);
        assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
    }
    unsigned n_written = 0;
    for (size_t i = 0; i < all.n; i += 97) {
        bytes_at(all.at[i])[i % PAGE] ^= 0x40;
        n_written++;
    }
    frames_clear(&all);
    take_all(q, &all);
    assert_int_equal(all.n, n_all - n_written);
    assert_int_equal(host_take_faults(NULL), n_written);
    assert_int_equal(n_free(q), 0);
    free_all(q, &all);
    expect_consistent(q);
}

/* A run with a written frame in it is not handed out; what was good of it stays usable. */
static void a_write_inside_a_larger_run_is_found(void **state) {
    (void)state;
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        struct quire *q = memory(QUIRE_CONTENT_POISON);
        const uint64_t n_all = n_free(q);
        quire_pa pa = must_alloc_order(q, order, 9), again = 0;
        quire_pa written = pa + ((PAGE << order) >> 1);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_OK);
        bytes_at(written)[77] = 0;
        struct frames runs = {0};
        while (quire_alloc_order(q, order, 1, &again) == QUIRE_OK) {
            assert_true(again != pa);
            frames_push(&runs, again);
        }
        struct quire_fault fault = expect_fault(QUIRE_FAULT_CONTENT, "quire_alloc_order", written, order, 0, 9);
        assert_int_equal(fault.offset, 77);
        assert_int_equal(fault.found, 0);
        assert_int_equal(run_at(q, written).tag, QUIRE_TAG_QUARANTINE);
        assert_int_equal(n_free(q), n_all - 1 - (runs.n << order));
        expect_consistent(q);
        frames_clear(&runs);
        host_ram_clear();
    }
}

static void only_what_was_freed_is_verified(void **state) {
    (void)state;
    struct quire *q = memory(QUIRE_CONTENT_POISON); /* memory is full of rubbish, which nobody freed */
    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(stats_of(q).n_faults, 0);
    free_all(q, &all);
    take_all(q, &all);
    assert_int_equal(stats_of(q).n_faults, 0);
    frames_clear(&all);
}

static void unmapped_frames_are_never_touched_without_a_policy(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 2, .mapped_end = 68 * MIB};
    const struct quire_region map[] = {USABLE(64 * MIB, 72 * MIB)};
    struct quire *q = unit_make(&config, map, 1); /* the upper half does not exist: a touch is a crash */
    struct frames all = {0};
    take_all(q, &all);
    free_all(q, &all);
    quire_pa large = must_alloc_order(q, PAIR_ORDER, 1);
    assert_int_equal(quire_free_order(q, large, PAIR_ORDER), QUIRE_OK);
    expect_consistent(q);
}

/* A policy that must touch what the port has no address for: reported, not skipped in silence and not a crash. */
static void a_frame_that_must_be_touched_but_is_not_mapped(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        const struct quire_config config = {.n_cpus = 2, .mapped_end = 68 * MIB, .content = policies[i].content};
        const struct quire_region map[] = {USABLE(64 * MIB, 68 * MIB), USABLE(80 * MIB, 84 * MIB)};
        struct quire *q = unit_make(&config, map, COUNT_OF(map));
        const bool on_alloc = config.content == QUIRE_CONTENT_JUNK || config.content == QUIRE_CONTENT_ZERO;
        const bool on_free = config.content != QUIRE_CONTENT_NONE && config.content != QUIRE_CONTENT_ZERO;
        struct quire_fault fault;
        quire_pa pa = quire_alloc(q, 1); /* the highest memory goes first */
        assert_true((host_take_faults(&fault) > 0) == on_alloc);
        assert_int_equal(fault.kind, on_alloc ? QUIRE_FAULT_UNMAPPED : QUIRE_FAULT_NONE);
        assert_true(!on_alloc || fault.pa >= 80 * MIB);
        const bool refused = on_free && pa >= 80 * MIB;
        assert_int_equal(quire_free(q, pa), refused ? QUIRE_FAULT : QUIRE_OK);
        assert_int_equal(host_take_faults(&fault), refused);
        assert_int_equal(quire_refs(q, pa), refused);
        host_ram_clear();
    }
}

/* Its poison can not be written: the frame stays with its holder, also where it is only one of those that are freed. */
static void a_free_that_can_not_fill_changes_nothing(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 2, .mapped_end = 68 * MIB, .content = QUIRE_CONTENT_POISON};
    const struct quire_region map[] = {USABLE(64 * MIB, 68 * MIB), USABLE(80 * MIB, 84 * MIB)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    for (unsigned order = 0; order <= PAIR_ORDER; order += QUIRE_BLOCK_ORDER) {
        quire_pa pa = must_alloc_order(q, order, 7);
        assert_true(pa >= 80 * MIB);
        const uint64_t before = digest(q);
        assert_int_equal(quire_free_order(q, pa, order), QUIRE_FAULT);
        expect_fault(QUIRE_FAULT_UNMAPPED, order == 0 ? "quire_free" : "quire_free_order", pa, order, 1, 7);
        assert_int_equal(digest(q), before);
        assert_int_equal(quire_put(q, pa), QUIRE_FAULT);
        expect_fault(QUIRE_FAULT_UNMAPPED, "quire_put", pa, 0, 1, 7);
        assert_int_equal(quire_refs(q, pa), 1);
        expect_consistent(q);
    }
}

/* The frame is mapped, the one that its copy would go to is not. */
static void cow_to_a_frame_that_is_not_mapped(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 2, .mapped_end = 68 * MIB};
    const struct quire_region map[] = {USABLE(64 * MIB, 68 * MIB), USABLE(80 * MIB, 84 * MIB)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    struct frames all = {0};
    take_all(q, &all);
    quire_pa last = all.at[0], shared = all.at[all.n - 1], own = 0;
    assert_true(last >= 80 * MIB && shared < 68 * MIB);
    assert_int_equal(quire_free(q, last), QUIRE_OK); /* the only one there is */
    assert_int_equal(quire_get(q, shared), QUIRE_OK);
    assert_int_equal(quire_cow(q, shared, &own), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_UNMAPPED, "quire_cow", last, 0, 2, 1);
    assert_true(own == QUIRE_NONE);
    assert_int_equal(quire_refs(q, shared), 2);
    assert_int_equal(quire_refs(q, last), 0);
    frames_clear(&all);
}

static void cow_of_a_frame_that_is_not_mapped(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 2, .mapped_end = 68 * MIB};
    const struct quire_region map[] = {USABLE(64 * MIB, 68 * MIB), USABLE(80 * MIB, 84 * MIB)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    quire_pa pa = must_alloc(q, 7), own = 0;
    assert_true(pa >= 80 * MIB);
    assert_int_equal(quire_get(q, pa), QUIRE_OK);
    const uint64_t n_before = n_free(q);
    assert_int_equal(quire_cow(q, pa, &own), QUIRE_FAULT);
    assert_true(own == QUIRE_NONE);
    struct quire_fault fault;
    assert_int_equal(host_take_faults(&fault), 1);
    assert_int_equal(fault.kind, QUIRE_FAULT_UNMAPPED);
    assert_string_equal(fault.call, "quire_cow");
    assert_int_equal(quire_refs(q, pa), 2);
    assert_int_equal(n_free(q), n_before);
    expect_consistent(q);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(each_policy_with_single_frames),
        unit_case(each_policy_with_each_order),
        unit_case(the_last_put_counts_as_a_free),
        unit_case(cow_copies_under_every_policy),
        unit_case(a_misuse_writes_nothing),
        unit_case(a_write_after_free_is_found),
        unit_case(a_quarantined_frame_is_never_handed_out),
        unit_case(every_written_frame_is_found_when_all_is_taken),
        unit_case(a_write_inside_a_larger_run_is_found),
        unit_case(only_what_was_freed_is_verified),
        unit_case(unmapped_frames_are_never_touched_without_a_policy),
        unit_case(a_frame_that_must_be_touched_but_is_not_mapped),
        unit_case(a_free_that_can_not_fill_changes_nothing),
        unit_case(cow_of_a_frame_that_is_not_mapped),
        unit_case(cow_to_a_frame_that_is_not_mapped),
    };
    return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
