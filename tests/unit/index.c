/* index.c: the tree of hints by itself: that nothing in it is lost, also behind a CPU that stopped in the middle.
 *
 * Every block of memory is found by way of this tree and of nothing else. Compared with plain arrays of flags, for sizes on
 * both sides of each further level. What a stopped CPU leaves is made by hand. */
#include "unit.h"

#include "src/index.h"
#include <stdlib.h>
#include <string.h>

#define FANOUT ((size_t)Q_FANOUT)
#define MOST   (FANOUT * FANOUT * FANOUT + 1) /* with four levels */

static struct q_index ix;
static void *memory;
static size_t n_blocks;
static bool *hinted[Q_CLASSES]; /* what was said of each block; READY: that it is */

static void make(size_t n) {
    n_blocks = n;
    memory = aligned_alloc(64, q_index_bytes(n));
    assert_non_null(memory);
    memset(memory, 0xA5, q_index_bytes(n)); /* as a reset leaves it */
    q_index_open(&ix, memory, n);
    q_index_start(&ix);
    assert_ptr_equal(ix.level[ix.top] + 1, (char *)memory + q_index_bytes(n));
    for (unsigned class = 0; class < Q_CLASSES; class ++) {
        hinted[class] = calloc(n, sizeof(bool));
        assert_non_null(hinted[class]);
    }
    memset(hinted[Q_FRESH], true, n);
}

static void drop(void) {
    for (unsigned class = 0; class < Q_CLASSES; class ++) {
        free(hinted[class]);
    }
    free(memory);
}

static size_t next_hinted(enum q_class class, size_t from) {
    while (from < n_blocks && !hinted[class][from]) {
        from++;
    }
    return from < n_blocks ? from : Q_NO_BLOCK;
}

static void became_ready(size_t block) {
    assert_true(hinted[Q_FRESH][block]);
    assert_false(q_index_has(&ix, Q_READY, block));
    q_index_set_ready(&ix, block);
    assert_true(q_index_has(&ix, Q_READY, block));
    hinted[Q_FRESH][block] = false;
    hinted[Q_READY][block] = true;
}

/* All that is fresh can be claimed, the lowest first, and is there once. */
static void claim_all(void) {
    for (size_t b = 0; (b = next_hinted(Q_FRESH, b)) != Q_NO_BLOCK; b++) {
        assert_int_equal(q_index_claim(&ix), b);
        became_ready(b);
    }
    assert_true(q_index_claim(&ix) == Q_NO_BLOCK);
    assert_false(q_index_open_more(&ix));
    assert_null(q_index_wrong(&ix, 0));
}

static void expect_found(enum q_class class) {
    size_t found = q_index_next(&ix, class, Q_NOTHING, 0);
    for (size_t b = next_hinted(class, 0); b != Q_NO_BLOCK; b = next_hinted(class, b + 1)) {
        assert_int_equal(found, b);
        assert_int_equal(q_index_next(&ix, class, Q_NOTHING, b), b);
        found = q_index_next(&ix, class, Q_NOTHING, b + 1);
    }
    assert_true(found == Q_NO_BLOCK);
    assert_true(q_index_next(&ix, class, Q_NOTHING, n_blocks) == Q_NO_BLOCK);
}

static const size_t sizes[] = {1,
                               2,
                               FANOUT - 1,
                               FANOUT,
                               FANOUT + 1,
                               5 * FANOUT + 3,
                               FANOUT *FANOUT - 1,
                               FANOUT *FANOUT,
                               FANOUT *FANOUT + 1,
                               2 * FANOUT *FANOUT + FANOUT + 1,
                               MOST};

/* ---- one after the other --------------------------------------------------------------------------------- */

static void each_block_is_claimed_once(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        make(sizes[i]);
        claim_all();
        drop();
    }
}

/* Blocks that are wanted by number, from the top down, between those that are wanted whichever they are. */
static void a_given_block_is_claimed_once(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        make(sizes[i]);
        for (size_t b = n_blocks; b-- > 0; b -= b < 7 ? b : 7) {
            assert_true(q_index_claim_block(&ix, b));
            assert_false(q_index_claim_block(&ix, b));
            became_ready(b);
        }
        assert_null(q_index_wrong(&ix, 0));
        claim_all();
        drop();
    }
}

/* The search for fresh blocks passes over nodes that nobody initialised, until it has them opened. */
static void all_fresh_blocks_can_be_looked_at(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        make(sizes[i]);
        assert_true(q_index_claim_block(&ix, n_blocks / 2));
        became_ready(n_blocks / 2);
        while (q_index_open_more(&ix)) {}
        assert_null(q_index_wrong(&ix, 0));
        expect_found(Q_FRESH);
        drop();
    }
}

static size_t random_block(uint64_t *x) {
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    size_t at = (size_t)(*x >> 33);
    return at % 4 == 0 ? at / 4 % n_blocks
                       : at / 4 % 70 * (n_blocks / 70 + 1) % n_blocks; /* crowded, and empty elsewhere */
}

static void hints_are_found_until_they_are_taken_away(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        uint64_t x = i;
        make(sizes[i]);
        while (q_index_claim(&ix) != Q_NO_BLOCK) {}
        for (unsigned n = 0; n < 4000; n++) {
            size_t b = random_block(&x);
            enum q_class class = n % 2 == 0 ? Q_FEW : Q_ALL;
            if (n / 500 % 2 == 0) {
                q_index_set(&ix, class, b);
            } else {
                q_index_clear(&ix, class, b);
            }
            hinted[class][b] = n / 500 % 2 == 0;
            assert_int_equal(q_index_next(&ix, class, Q_NOTHING, b), next_hinted(class, b));
            size_t few = next_hinted(Q_FEW, b), all = next_hinted(Q_ALL, b);
            assert_int_equal(q_index_next_free(&ix, Q_NOTHING, b), few < all ? few : all);
        }
        expect_found(Q_FEW);
        expect_found(Q_ALL);
        expect_found(Q_SOME);
        drop();
    }
}

/* Nothing is hinted, so the search ends at the root and never comes to a node that may not be initialised. */
static void a_tree_without_hints_has_an_empty_root(void **state) {
    (void)state;
    make(2 * FANOUT * FANOUT);
    claim_all();
    for (size_t b = 3; b < n_blocks; b += FANOUT / 2) {
        q_index_set(&ix, Q_MOST, b);
    }
    for (size_t b = 3; b < n_blocks; b += FANOUT / 2) {
        q_index_clear(&ix, Q_MOST, b);
    }
    assert_int_equal(atomic_load(&ix.level[ix.top][0].word[Q_MOST]), 0);
    assert_int_equal(atomic_load(&ix.level[ix.top][0].word[Q_FRESH]), 0);
    drop();
}

/* ---- behind a CPU that stopped --------------------------------------------------------------------------- */

static _Atomic q_word *word_above(unsigned level, enum q_class class, size_t block) {
    for (unsigned l = 0; l <= level; l++) {
        block /= FANOUT;
    }
    return &ix.level[level][block].word[class];
}

static q_word bit_above(unsigned level, size_t block) {
    for (; level > 0; level--) {
        block /= FANOUT;
    }
    return q_bit(block);
}

/* Damage to the last leaf is found, however deep the tree is. */
static void damage_to_the_last_leaf_is_found(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        make(sizes[i]);
        assert_true(q_index_claim_block(&ix, n_blocks - 1));
        became_ready(n_blocks - 1);
        assert_null(q_index_wrong(&ix, 0));
        atomic_fetch_or(word_above(0, Q_FRESH, n_blocks - 1), bit_above(0, n_blocks - 1));
        assert_non_null(q_index_wrong(&ix, 0));
        drop();
    }
}

/* ... in claiming a node that it was to initialise: what lies below is hidden, and nothing else. */
static void a_node_that_stays_claimed_hides_what_is_below(void **state) {
    (void)state;
    make(3 * FANOUT * FANOUT);
    const size_t wanted = FANOUT * FANOUT + 5 * FANOUT + 7, leaf = wanted / FANOUT * FANOUT;
    assert_true(q_index_claim_block(&ix, wanted + FANOUT)); /* so that there is a level below the root */
    became_ready(wanted + FANOUT);
    atomic_fetch_and(&ix.level[1][wanted / FANOUT / FANOUT].raw, ~q_bit(wanted / FANOUT));
    assert_false(q_index_claim_block(&ix, wanted));
    assert_false(q_index_has(&ix, Q_READY, wanted));
    for (size_t b = leaf; b < leaf + FANOUT; b++) {
        hinted[Q_FRESH][b] = false;
    }
    while (q_index_open_more(&ix)) {}
    expect_found(Q_FRESH);
    for (size_t b = 0; (b = next_hinted(Q_FRESH, b)) != Q_NO_BLOCK; b++) {
        assert_int_equal(q_index_claim(&ix), b);
        became_ready(b);
    }
    assert_true(q_index_claim(&ix) == Q_NO_BLOCK);
    drop();
}

/* ... in claiming the last block of a leaf, before it said so further up: others take the wrong hints away. */
static void hints_for_fresh_blocks_that_are_gone(void **state) {
    (void)state;
    for (unsigned first = 1; first < 3; first++) {
        make(3 * FANOUT * FANOUT);
        claim_all();
        for (unsigned level = first; level <= ix.top; level++) {
            atomic_fetch_or(word_above(level, Q_FRESH, 17 * FANOUT), bit_above(level, 17 * FANOUT));
        }
        assert_true(q_index_claim(&ix) == Q_NO_BLOCK);
        assert_int_equal(atomic_load(&ix.level[ix.top][0].word[Q_FRESH]), 0);
        drop();
    }
}

/* The same while others are left, behind those that are gone. */
static void fresh_blocks_behind_wrong_hints(void **state) {
    (void)state;
    make(2 * FANOUT * FANOUT);
    const size_t n_gone = FANOUT * FANOUT + 3 * FANOUT;
    for (size_t b = 0; b < n_gone; b++) {
        became_ready(q_index_claim(&ix));
    }
    for (size_t b = 0; b < n_gone; b += FANOUT) {
        atomic_fetch_or(word_above(1, Q_FRESH, b), bit_above(1, b));
        atomic_fetch_or(word_above(2, Q_FRESH, b), bit_above(2, b));
    }
    claim_all();
    assert_int_equal(atomic_load(&ix.level[ix.top][0].word[Q_FRESH]), 0);
    drop();
}

/* ... in taking a wrong hint away: found is what is there, and the rest of the hint goes. */
static void a_hint_that_was_half_taken_away(void **state) {
    (void)state;
    for (unsigned first = 1; first < 3; first++) {
        make(3 * FANOUT * FANOUT);
        claim_all();
        const size_t gone = 20 * FANOUT + 3, last = FANOUT * FANOUT + 5 * FANOUT;
        q_index_set(&ix, Q_SOME, last);
        for (unsigned level = first; level <= ix.top; level++) {
            atomic_fetch_or(word_above(level, Q_SOME, gone), bit_above(level, gone));
        }
        assert_int_equal(q_index_next(&ix, Q_SOME, Q_NOTHING, 0), last);
        assert_int_equal(atomic_load(word_above(first, Q_SOME, gone)) & bit_above(first, gone), 0);
        assert_true(q_index_next(&ix, Q_SOME, Q_NOTHING, last + 1) == Q_NO_BLOCK);
        assert_int_equal(q_index_next(&ix, Q_SOME, Q_NOTHING, last), last);
        drop();
    }
}

/* ... in setting a hint, from the bottom up: who sets one beside it, or the same again, sets it all the way. */
static void a_hint_that_was_half_set(void **state) {
    (void)state;
    for (unsigned n_set = 1; n_set < 3; n_set++) {
        for (size_t beside = 0; beside < 2; beside++) {
            make(3 * FANOUT * FANOUT);
            claim_all();
            const size_t half = 2 * FANOUT * FANOUT + 4 * FANOUT + 5;
            for (unsigned level = 0; level < n_set; level++) {
                atomic_fetch_or(word_above(level, Q_ALL, half), bit_above(level, half));
            }
            q_index_set(&ix, Q_ALL, half + beside);
            hinted[Q_ALL][half] = hinted[Q_ALL][half + beside] = true;
            expect_found(Q_ALL);
            drop();
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_block_is_claimed_once),
        cmocka_unit_test(a_given_block_is_claimed_once),
        cmocka_unit_test(all_fresh_blocks_can_be_looked_at),
        cmocka_unit_test(hints_are_found_until_they_are_taken_away),
        cmocka_unit_test(a_tree_without_hints_has_an_empty_root),
        cmocka_unit_test(a_node_that_stays_claimed_hides_what_is_below),
        cmocka_unit_test(damage_to_the_last_leaf_is_found),
        cmocka_unit_test(hints_for_fresh_blocks_that_are_gone),
        cmocka_unit_test(fresh_blocks_behind_wrong_hints),
        cmocka_unit_test(a_hint_that_was_half_taken_away),
        cmocka_unit_test(a_hint_that_was_half_set),
    };
    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
