/* words.c: the caller's own words for each frame. */
#include "unit.h"

#define WORDS 3

static bool all_zero(const uintptr_t *word) {
    return word[0] == 0 && word[1] == 0 && word[2] == 0;
}

static void each_frame_has_its_words(void **state) {
    (void)state;
    const struct quire_config config = {.n_cpus = 1, .user_bytes = WORDS * sizeof(uintptr_t)};
    const struct quire_region map[] = {{64 * MIB + 3 * PAGE, 72 * MIB, QUIRE_USABLE, 0},
                                       {GIB, GIB + 4 * MIB, QUIRE_USABLE, 0}};
    const struct quire_region more = {2 * GIB, 2 * GIB + 9 * PAGE, QUIRE_USABLE, 0};
    struct quire *q = unit_make(&config, map, COUNT_OF(map));
    host_set_cpu(0);
    unit_ram(&more, 1, QUIRE_NONE);
    assert_int_equal(quire_add(q, &more), QUIRE_OK);
    struct frames all = {0};
    take_all(q, &all);
    for (size_t i = 0; i < all.n; i++) { /* none is another one's: they are still 0 */
        uintptr_t *word = quire_user(q, all.at[i]);
        assert_non_null(word);
        assert_int_equal((uintptr_t)word % sizeof *word, 0);
        assert_true(all_zero(word));
        word[0] = word[1] = word[2] = (uintptr_t)all.at[i];
    }
    const struct frames kept = all;
    for (size_t i = 0; i < kept.n; i++) {
        assert_int_equal(quire_free(q, kept.at[i]), QUIRE_OK);
        const uintptr_t *word = quire_user(q, kept.at[i] + PAGE / 2);
        assert_true(word[0] == (uintptr_t)kept.at[i] && word[2] == word[0]); /* free frames keep theirs */
    }
    frames_clear(&all);
    expect_consistent(q);
}

static void words_that_are_not_there(void **state) {
    (void)state;
    struct quire *q = unit_simple(64 * MIB, 8 * MIB);
    assert_null(quire_user(q, must_alloc(q, 1))); /* none are asked for */
    const struct quire_config config = {.n_cpus = 1, .user_bytes = sizeof(uintptr_t)};
    const struct quire_region map[] = {{64 * MIB, 128 * MIB, QUIRE_USABLE, 0}, {GIB, GIB + 4 * MIB, QUIRE_USABLE, 0}};
    q = unit_make(&config, map, COUNT_OF(map));
    const quire_pa held = must_alloc(q, 1);
    assert_non_null(quire_user(q, held));
    static const quire_pa nowhere[] = {0, 63 * MIB, 64 * MIB, 128 * MIB, GIB - 1, 2 * GIB, QUIRE_NONE};
    for (size_t i = 0; i < COUNT_OF(nowhere); i++) {
        assert_null(quire_user(q, nowhere[i]));
    }
    assert_null(quire_user(q, 126 * MIB)); /* a block that was never used */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        unit_case(each_frame_has_its_words),
        unit_case(words_that_are_not_there),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
