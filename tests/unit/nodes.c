/* nodes.c: memory that is near to some CPUs. Address classes are in classes.c. */
#include "unit.h"

#include <string.h>

#define N_CPUS 4

static const uint16_t two_and_two[N_CPUS] = {0, 0, 1, 1};

/* Nodes of 32 MiB each, one behind the other, from BASE on. */
#define BASE       (64 * MIB)
#define PER_NODE   (32 * MIB)
#define NODE_AT(i) (BASE + (i)*PER_NODE)
#define NODE(i)                                                                                                        \
    { NODE_AT(i), NODE_AT(i) + PER_NODE, QUIRE_USABLE, (i) }

static struct quire *two_nodes(void) {
    const struct quire_config config = {.n_cpus = N_CPUS, .n_nodes = 2, .node_of_cpu = two_and_two};
    const struct quire_region map[] = {NODE(0), NODE(1)};
    return unit_make(&config, map, COUNT_OF(map));
}

static unsigned node_at(quire_pa pa) {
    return (unsigned)((pa - BASE) / PER_NODE);
}

static struct quire_zone_stats zone_of(const struct quire *q, unsigned i) {
    struct quire_zone_stats zone;
    assert_true(quire_zone_stats(q, i, &zone));
    return zone;
}

static struct quire_zone_stats node_of(const struct quire *q, unsigned i) {
    struct quire_zone_stats node;
    assert_true(quire_node_stats(q, i, &node));
    return node;
}

/* ---- whose memory ------------------------------------------------------------------------------------- */

static void a_cpu_gets_its_own_nodes_memory(void **state) {
    (void)state;
    struct quire *q = two_nodes();
    assert_int_equal(stats_of(q).n_zones, 2);
    for (unsigned cpu = 0; cpu < N_CPUS; cpu++) {
        struct quire_cpu_stats stats;
        host_set_cpu(cpu);
        for (unsigned i = 0; i < 1000; i++) {
            assert_int_equal(node_at(must_alloc(q, 1)), two_and_two[cpu]);
        }
        for (unsigned order = 1; order <= QUIRE_BLOCK_ORDER; order++) {
            assert_int_equal(node_at(must_alloc_order(q, order, 2)), two_and_two[cpu]);
        }
        assert_true(quire_cpu_stats(q, cpu, &stats));
        assert_int_equal(stats.node, two_and_two[cpu]);
    }
    expect_consistent(q);
}

static void statistics_of_a_node(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1, .n_nodes = 3};
    const struct quire_region map[] = {
        NODE(0), {NODE_AT(1), NODE_AT(2), QUIRE_USABLE, 1}, {NODE_AT(2), NODE_AT(3), QUIRE_USABLE, 0}};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    struct quire_zone_stats zone[] = {zone_of(q, 0), zone_of(q, 1), zone_of(q, 2)}, node = node_of(q, 0);
    assert_true(zone[0].node == 0 && zone[1].node == 1 && zone[2].node == 0);
    assert_true(node.base == zone[0].base && node.end == zone[2].end);
    assert_int_equal(node.n_frames, zone[0].n_frames + zone[2].n_frames);
    assert_int_equal(node.n_free, zone[0].n_free + zone[2].n_free);
    assert_int_equal(node.n_free_blocks, zone[0].n_free_blocks + zone[2].n_free_blocks);
    assert_int_equal(node.n_fresh_blocks, zone[0].n_fresh_blocks + zone[2].n_fresh_blocks);
    assert_int_equal(node_of(q, 1).n_frames, PER_NODE / PAGE);
    node = node_of(q, 2); /* has CPUs, maybe, but no memory */
    assert_true(node.n_frames == 0 && node.base == QUIRE_NONE && node.node == 2);
    assert_false(quire_node_stats(q, 3, &node));
}

/* Takes everything on one CPU, and says which nodes it came of, in turn. */
static unsigned take_and_tell(struct quire *q, unsigned *node, unsigned most) {
    struct frames all = {0};
    unsigned n = 0;
    const uint64_t n_all = stats_of(q).n_frames;
    take_all(q, &all);
    assert_int_equal(all.n, n_all);
    for (size_t i = 0; i < all.n; i++) {
        if (n == 0 || node_at(all.at[i]) != node[n - 1]) {
            assert_true(n < most);
            node[n++] = node_at(all.at[i]);
        }
    }
    free_all(q, &all);
    expect_consistent(q);
    return n;
}

static void then_what_is_nearest(void **state) {
    (void)state;
    /* that of a node to itself is nonsense, and does not count */
    static const uint8_t distance[] = {99, 12, 40, 30, /**/ 21, 10, 31, 20, /**/ 40, 31, 10, 12, /**/ 20, 20, 20, 10};
    static const uint16_t node_of_cpu[] = {0, 1, 2, 3};
    static const unsigned expected[][4] = {{0, 1, 3, 2}, {1, 3, 0, 2}, {2, 3, 1, 0}, {3, 2, 1, 0}};
    const struct quire_config config = {.n_cpus = 4, .n_nodes = 4, .node_of_cpu = node_of_cpu, .distance = distance};
    const struct quire_region map[] = {NODE(0), NODE(1), NODE(2), NODE(3)};
    for (unsigned cpu = 0; cpu < 4; cpu++) {
        struct quire *q = unit_make(&config, map, COUNT_OF(map)); /* other CPUs' caches, which come last, are empty */
        unsigned node[4];
        host_set_cpu(cpu);
        assert_int_equal(take_and_tell(q, node, 4), 4);
        assert_memory_equal(node, expected[cpu], sizeof node);
    }
}

static void all_are_as_far_unless_it_is_said(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1, .n_nodes = 3};
    const struct quire_region map[] = {NODE(0), NODE(1), NODE(2)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    unsigned node[3];
    host_set_cpu(0);
    assert_int_equal(take_and_tell(q, node, 3), 3);
    assert_true(node[0] == 0 && node[1] == 2 && node[2] == 1); /* then the higher ones first */
}

/* A CPU keeps nothing of another node's for itself. */
static void frames_of_another_node_go_home(void **state) {
    (void)state;
    for (unsigned order = 0; order <= QUIRE_BLOCK_ORDER; order++) {
        struct quire *q = two_nodes();
        struct frames theirs = {0};
        host_set_cpu(2);
        for (unsigned i = 0; i < 8; i++) {
            frames_push(&theirs, must_alloc_order(q, order, 1));
        }
        host_set_cpu(0);
        for (size_t i = 0; i < theirs.n; i++) {
            assert_int_equal(quire_free_order(q, theirs.at[i], order), QUIRE_OK);
            quire_pa mine = must_alloc_order(q, order, 1);
            assert_int_equal(node_at(mine), 0);
            if (i % 2 == 0) {
                assert_int_equal(quire_free_order(q, mine, order), QUIRE_OK);
            }
        }
        expect_consistent(q);
        frames_clear(&theirs);
    }
}

/* Node 0 has n_free frames that are free in each of its blocks, from the `first`th frame of each on; node 1 is all free. No
 * cache has any of these. */
static struct quire *few_in_each_block(size_t first, size_t n_free) {
    struct quire *q = two_nodes();
    struct frames all = {0};
    host_set_cpu(2);
    take_all(q, &all);
    for (unsigned pass = 0; pass < 2; pass++) { /* at the end a cache of node 1 has frames of node 1 only */
        for (size_t i = 0; i < all.n; i++) {
            size_t at = (size_t)(all.at[i] % BLOCK / PAGE);
            bool goes = node_at(all.at[i]) == 1 || (at >= first && at < first + n_free);
            if (goes && node_at(all.at[i]) == pass) {
                assert_int_equal(quire_free(q, all.at[i]), QUIRE_OK);
            }
        }
    }
    frames_clear(&all);
    host_set_cpu(0);
    return q;
}

/* The blocks of its own node are left alone while they are nearly full, but not for the frames of another node. */
static void the_last_frames_of_its_own_node(void **state) {
    (void)state;
    const size_t n_each = 5;
    struct quire *q = few_in_each_block(100, n_each);
    uint64_t n_there = node_of(q, 0).n_free;
    assert_true(n_there >= n_each * (PER_NODE / BLOCK - 1));
    for (uint64_t i = 0; i < n_there; i++) {
        assert_int_equal(node_at(must_alloc(q, 1)), 0);
    }
    assert_int_equal(node_at(must_alloc(q, 1)), 1);
    expect_consistent(q);
}

/* A run that only one of its node's blocks has, though of many blocks one is looked at first. */
static void the_last_runs_of_its_own_node(void **state) {
    (void)state;
    for (unsigned order = 1; order <= 4; order++) {
        struct quire *q = few_in_each_block(7, 1);
        const quire_pa run = NODE_AT(1) - 16 * PAGE;
        host_set_cpu(2); /* which keeps nothing of node 0's but what is on its way home */
        for (quire_pa pa = run; pa < run + (PAGE << order); pa += PAGE) {
            assert_int_equal(quire_free(q, pa), QUIRE_OK);
        }
        assert_int_equal(quire_free(q, NODE_AT(0) + BLOCK - PAGE), QUIRE_OK); /* then the run is home */
        host_set_cpu(0);
        assert_int_equal(must_alloc_order(q, order, 1), run);
        assert_int_equal(node_at(must_alloc_order(q, order, 1)), 1);
        expect_consistent(q);
    }
}

/* Frames that the CPU has itself, as a run, before those of another node. */
static void the_last_frames_of_its_own_cache(void **state) {
    (void)state;
    struct quire *q = few_in_each_block(8, 8);
    uint64_t n_rest = node_of(q, 0).n_free - 8;
    quire_pa run = must_alloc_order(q, 3, 1);
    for (uint64_t i = 0; i < n_rest; i++) {
        assert_int_equal(node_at(must_alloc(q, 1)), 0);
    }
    assert_int_equal(quire_free_order(q, run, 3), QUIRE_OK);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(node_at(must_alloc(q, 1)), 0);
    }
    assert_int_equal(node_at(must_alloc(q, 1)), 1);
    expect_consistent(q);
}

/* A class that is no small part of memory is used like any other, the nearer one first. */
static void a_large_low_class_is_not_kept(void **state) {
    (void)state;
    const struct quire_config config = {
        .n_cpus = N_CPUS, .n_nodes = 2, .node_of_cpu = two_and_two, .cuts = {NODE_AT(1)}};
    const struct quire_region map[] = {NODE(0), NODE(1)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    host_set_cpu(0);
    assert_int_equal(node_at(must_alloc(q, 1)), 0);
    host_set_cpu(2);
    assert_int_equal(node_at(must_alloc(q, 1)), 1);
}

/* ---- where a zone ends -------------------------------------------------------------------------------- */

static void a_block_of_two_nodes_is_the_lower_ones(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1, .n_nodes = 2};
    const quire_pa middle = 66 * MIB + 5 * PAGE;
    const struct quire_region map[] = {{64 * MIB, middle, QUIRE_USABLE, 0}, {middle, 80 * MIB, QUIRE_USABLE, 1}};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    assert_int_equal(stats_of(q).n_zones, 2);
    assert_true(zone_of(q, 0).node == 0 && zone_of(q, 0).end == 68 * MIB);
    assert_true(zone_of(q, 1).node == 1 && zone_of(q, 1).base >= 68 * MIB && zone_of(q, 1).end == 80 * MIB);
    struct quire_stats stats = stats_of(q);
    assert_int_equal(stats.n_frames + stats.n_metadata, 16 * MIB / PAGE);
    struct frames all = {0};
    take_all(q, &all);
    assert_int_equal(all.n, stats.n_frames);
    expect_good_frames(&all, map, COUNT_OF(map));
    free_all(q, &all);
    expect_consistent(q);
}

static void nodes_within_a_block(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1, .n_nodes = 3};
    const quire_pa a = 66 * MIB;
    const struct quire_region map[] = {{64 * MIB, a + 5 * PAGE, QUIRE_USABLE, 0},
                                       {a + 5 * PAGE, a + 7 * PAGE, QUIRE_USABLE, 1},
                                       {a + 9 * PAGE, a + 11 * PAGE, QUIRE_USABLE, 2},
                                       {a + 20 * PAGE, 72 * MIB, QUIRE_USABLE, 0}};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    assert_int_equal(stats_of(q).n_zones, 1);
    assert_int_equal(zone_of(q, 0).node, 0);
    assert_int_equal(stats_of(q).n_frames + stats_of(q).n_metadata, 8 * MIB / PAGE - 2 - 9);
    expect_consistent(q);
}

/* ---- requests ----------------------------------------------------------------------------------------- */

static void requests_name_a_node(void **state) {
    (void)state;
    struct quire *q = two_nodes();
    quire_pa pa;
    for (uint64_t n = 1; n <= 2 * QUIRE_BLOCK_FRAMES; n = n + n / 2 + 1) {
        for (unsigned cpu = 0; cpu < N_CPUS; cpu++) {
            for (uint16_t node = 0; node <= 2; node++) {
                struct quire_request r = {.n_frames = n, .node = node, .node_only = cpu % 2 == 0};
                host_set_cpu(cpu);
                assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
                assert_int_equal(node_at(pa), node == 0 ? two_and_two[cpu] : node - 1u);
                assert_int_equal(quire_free_frames(q, pa, n), QUIRE_OK);
            }
        }
    }
    const uint64_t before = digest(q);
    const struct quire_request none = {.node = 3};
    assert_int_equal(quire_alloc_for(q, &none, &pa), QUIRE_INVALID);
    assert_int_equal(quire_largest(q, &none, &pa), 0);
    assert_int_equal(digest(q), before);
    expect_consistent(q);
}

static void no_other_node_will_do(void **state) {
    (void)state;
    struct quire *q = two_nodes();
    struct quire_request r = {.n_frames = 1, .node = 1, .node_only = true};
    quire_pa pa, at;
    host_set_cpu(2);
    const uint64_t n_there = quire_largest(q, &r, &at);
    assert_int_equal(n_there, zone_of(q, 0).n_frames);
    assert_int_equal(node_at(at), 0);
    for (uint64_t i = 0; i < n_there; i++) {
        assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
        assert_int_equal(node_at(pa), 0);
    }
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_FRAGMENTED);
    assert_true(pa == QUIRE_NONE && quire_largest(q, &r, &at) == 0);
    r.node_only = false;
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_OK);
    assert_int_equal(node_at(pa), 1);
    r = (struct quire_request){.n_frames = n_there + 1, .node = 1, .node_only = true};
    assert_int_equal(quire_alloc_for(q, &r, &pa), QUIRE_UNSATISFIABLE); /* the nodes' memory lies side by side */
    expect_consistent(q);
}

/* Frames of two zones that lie side by side are the caller's as any others are, but no allocation is of both. */
static void runs_over_the_end_of_a_node(void **state) {
    (void)state;
    struct quire *q = two_nodes();
    const quire_pa middle = NODE_AT(1);
    const struct quire_request below = {.n_frames = 512, .low = middle - BLOCK, .end = middle, .tag = 3};
    const struct quire_request above = {.n_frames = 512, .low = middle, .end = middle + BLOCK, .tag = 4};
    const struct quire_request both = {.n_frames = 1024, .low = middle - BLOCK, .end = middle + BLOCK, .tag = 5};
    quire_pa pa;
    assert_int_equal(quire_alloc_for(q, &both, &pa), QUIRE_UNSATISFIABLE);
    assert_int_equal(quire_alloc_for(q, &below, &pa), QUIRE_OK);
    assert_int_equal(quire_retag(q, middle - BLOCK, 1024, 9), QUIRE_FAULT); /* one half is nobody's */
    expect_fault(QUIRE_FAULT_GET_FREE, "quire_retag", middle, QUIRE_BLOCK_ORDER, 0, 0);
    assert_int_equal(run_at(q, middle - PAGE).tag, 3);
    assert_int_equal(quire_alloc_for(q, &above, &pa), QUIRE_OK);
    assert_int_equal(quire_free_order(q, middle - BLOCK, QUIRE_BLOCK_ORDER + 1), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_MISALIGNED, "quire_free_order", middle - BLOCK, QUIRE_BLOCK_ORDER + 1, 0, 0);
    assert_int_equal(quire_retag(q, middle - BLOCK, 1024, 9), QUIRE_OK);
    assert_true(run_at(q, middle - PAGE).tag == 9 && run_at(q, middle).tag == 9);
    assert_int_equal(quire_free_frames(q, middle - BLOCK, 1024), QUIRE_OK);
    expect_consistent(q);
}

/* Aligned so that an order covers frames of both. */
static void an_order_over_the_end_of_a_node(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1, .cuts = {66 * MIB}};
    const struct quire_region map[] = {{60 * MIB, 80 * MIB, QUIRE_USABLE, 0}};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    const struct quire_request half = {.n_frames = 512, .low = 64 * MIB, .end = 66 * MIB, .tag = 3};
    const struct quire_request other = {.n_frames = 512, .low = 66 * MIB, .end = 68 * MIB, .tag = 4};
    quire_pa pa;
    assert_int_equal(quire_free_order(q, 64 * MIB, QUIRE_BLOCK_ORDER + 1), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_NEVER_ALLOCATED, "quire_free_order", 64 * MIB, QUIRE_BLOCK_ORDER + 1, 0, 0);
    assert_int_equal(quire_alloc_for(q, &half, &pa), QUIRE_OK);
    assert_int_equal(quire_alloc_for(q, &other, &pa), QUIRE_OK);
    assert_int_equal(quire_free_order(q, 64 * MIB, QUIRE_BLOCK_ORDER + 1), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_WRONG_ORDER, "quire_free_order", 66 * MIB, QUIRE_BLOCK_ORDER + 1, 1, 4);
    assert_int_equal(quire_free_frames(q, 66 * MIB, 512), QUIRE_OK);
    assert_int_equal(quire_free_order(q, 64 * MIB, QUIRE_BLOCK_ORDER + 1), QUIRE_FAULT);
    expect_fault(QUIRE_FAULT_DOUBLE_FREE, "quire_free_order", 66 * MIB, QUIRE_BLOCK_ORDER + 1, 0, 4);
    expect_consistent(q);
}

/* ---- more memory -------------------------------------------------------------------------------------- */

static void added_memory_is_of_its_node(void **state) {
    (void)state;
    struct quire *q = two_nodes();
    const struct quire_region more[] = {{NODE_AT(4), NODE_AT(5), QUIRE_USABLE, 0},
                                        {NODE_AT(6), NODE_AT(7), QUIRE_USABLE, 1}};
    for (unsigned i = 0; i < 2; i++) {
        unit_ram(&more[i], 1, QUIRE_NONE);
        assert_int_equal(quire_add(q, &more[i]), QUIRE_OK);
    }
    assert_true(zone_of(q, 2).node == 0 && zone_of(q, 3).node == 1);
    host_set_cpu(3);
    for (uint64_t n = node_of(q, 1).n_free; n > 0; n--) {
        quire_pa pa = must_alloc(q, 1);
        assert_true(node_at(pa) == 1 || node_at(pa) == 6);
    }
    quire_pa pa = must_alloc(q, 1);
    assert_true(node_at(pa) == 0 || node_at(pa) == 4);
    const uint64_t before = digest(q);
    const struct quire_region no_node = {NODE_AT(9), NODE_AT(10), QUIRE_USABLE, 2};
    assert_int_equal(quire_add(q, &no_node), QUIRE_INVALID);
    assert_int_equal(digest(q), before);
    expect_consistent(q);
}

static void added_memory_is_cut(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = N_CPUS, .cuts = {64 * MIB, 512 * MIB}};
    const struct quire_region map[] = {{MIB, 32 * MIB, QUIRE_USABLE, 0}};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    const struct quire_region more[] = {{48 * MIB, 80 * MIB, QUIRE_USABLE, 0},   /* over the first cut */
                                        {510 * MIB, 512 * MIB, QUIRE_USABLE, 0}, /* what surrounds it ends at one */
                                        {512 * MIB, 513 * MIB, QUIRE_USABLE, 0}};
    static const unsigned n_zones[] = {3, 4, 5};
    for (unsigned i = 0; i < COUNT_OF(more); i++) {
        unit_ram(&more[i], 1, QUIRE_NONE);
        assert_int_equal(quire_add(q, &more[i]), QUIRE_OK);
        assert_int_equal(stats_of(q).n_zones, n_zones[i]);
        expect_consistent(q);
    }
    assert_true(zone_of(q, 1).end == 64 * MIB && zone_of(q, 2).base == 64 * MIB);
    struct frames all = {0};
    take_all(q, &all);
    assert_true(all.at[0] >= 512 * MIB); /* the highest class first */
    free_all(q, &all);
}

/* ---- recovery ----------------------------------------------------------------------------------------- */

static const uint8_t near_and_far[] = {10, 20, 20, 10};

static struct quire_config all_of_it(void) {
    return (struct quire_config){.n_cpus = N_CPUS,
                                 .n_nodes = 2,
                                 .node_of_cpu = two_and_two,
                                 .distance = near_and_far,
                                 .cuts = {NODE_AT(0) + 4 * MIB},
                                 .user_bytes = 2 * sizeof(uintptr_t)};
}

static void recovered_with_its_nodes(void **state) {
    (void)state;
    const struct quire_config config = all_of_it();
    const struct quire_region map[] = {NODE(0), NODE(1)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    host_set_cpu(2);
    quire_pa held = must_alloc(q, 7);
    uintptr_t *word = quire_user(q, held);
    word[1] = 77;
    struct quire_recovery found;
    assert_int_equal(quire_recover(&q, &config, map, COUNT_OF(map), &found), QUIRE_OK);
    assert_int_equal(stats_of(q).n_zones, 3);
    word = quire_user(q, held);
    assert_int_equal(word[1], 77);
    for (unsigned cpu = 0; cpu < N_CPUS; cpu++) {
        host_set_cpu(cpu);
        assert_int_equal(node_at(must_alloc(q, 1)), two_and_two[cpu]);
    }
    expect_consistent(q);
}

static void recovered_with_other_arguments(void **state) {
    (void)state;
    static const uint16_t other_cpus[N_CPUS] = {0, 1, 1, 1};
    static const uint8_t other_distance[] = {10, 20, 21, 10};
    struct quire_config config = all_of_it();
    struct quire_region map[] = {NODE(0), NODE(1)};
    struct quire *q = unit_make(&config, map, COUNT_OF(map)), *again;
    const uint64_t before = digest(q);
    for (unsigned i = 0; i < 6; i++) {
        struct quire_config other = config;
        struct quire_recovery found;
        map[1].node = i == 0 ? 0 : 1;
        other.n_nodes = i == 1 ? 3 : 2;
        other.distance = i == 1 ? NULL : i == 2 ? other_distance : near_and_far;
        other.node_of_cpu = i == 3 ? other_cpus : two_and_two;
        other.cuts[0] += i == 4 ? 4 * MIB : 0;
        other.user_bytes = i == 5 ? 0 : config.user_bytes;
        assert_int_equal(quire_recover(&again, &other, map, COUNT_OF(map), &found), QUIRE_NO_MEMORY);
        assert_null(again);
        assert_string_equal(found.why, "it was made with other arguments");
        assert_int_equal(digest(q), before);
    }
}

/* ---- what means nothing ------------------------------------------------------------------------------- */

static void refused(void **state) {
    (void)state;
    static const uint16_t no_such[N_CPUS] = {0, 0, 2, 1};
    const struct quire_region map[] = {NODE(0), NODE(1)};
    const struct quire_config good = {.n_cpus = N_CPUS, .n_nodes = 2};
    unit_ram(map, COUNT_OF(map), QUIRE_NONE);
    for (unsigned i = 0; i < 8; i++) {
        struct quire_config bad = good;
        struct quire *q;
        bad.n_nodes = i == 0 ? 1 : i == 1 ? QUIRE_MAX_NODES + 1 : 2; /* a region is of node 1 */
        bad.node_of_cpu = i == 2 ? no_such : NULL;
        bad.cuts[0] = i == 3 ? 2 * GIB : i == 4 ? GIB : 0;
        bad.cuts[1] = i == 3 ? GIB : i == 4 ? GIB : i == 5 ? GIB : 0;
        bad.user_bytes = i == 6 ? sizeof(uintptr_t) + 1 : i == 7 ? QUIRE_MAX_USER_BYTES + sizeof(uintptr_t) : 0;
        assert_int_equal(quire_init(&q, &bad, map, COUNT_OF(map)), QUIRE_INVALID);
        assert_null(q);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(a_cpu_gets_its_own_nodes_memory),
        unit_case(statistics_of_a_node),
        unit_case(then_what_is_nearest),
        unit_case(all_are_as_far_unless_it_is_said),
        unit_case(frames_of_another_node_go_home),
        unit_case(the_last_frames_of_its_own_node),
        unit_case(the_last_runs_of_its_own_node),
        unit_case(the_last_frames_of_its_own_cache),
        unit_case(a_large_low_class_is_not_kept),
        unit_case(a_block_of_two_nodes_is_the_lower_ones),
        unit_case(nodes_within_a_block),
        unit_case(requests_name_a_node),
        unit_case(no_other_node_will_do),
        unit_case(runs_over_the_end_of_a_node),
        unit_case(an_order_over_the_end_of_a_node),
        unit_case(added_memory_is_of_its_node),
        unit_case(added_memory_is_cut),
        unit_case(recovered_with_its_nodes),
        unit_case(recovered_with_other_arguments),
        unit_case(refused),
    };
    return cmocka_run_group_tests_name("nodes", tests, NULL, NULL);
}
