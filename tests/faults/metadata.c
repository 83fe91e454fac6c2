/* metadata.c: damage to the allocator's own data that calls come across by themselves, and some that is larger than the
 * single bits of flips.c. */
#define GROUP "metadata"
#include "deaths.h"

#include <string.h>

static struct q_zone *zone(void) {
    return q_zones(q)->zone[0];
}

static size_t block_of(quire_pa pa) {
    return q_zone_block_of(zone(), (q_frame)(pa >> QUIRE_PAGE_SHIFT));
}

static void set_free_bit(quire_pa pa) {
    size_t i = (size_t)(pa % BLOCK / PAGE);
    atomic_fetch_or(&zone()->lines[block_of(pa)].word[i / Q_WORD_BITS], q_bit(i));
}

/* ---- bits ------------------------------------------------------------------------------------------------- */

DEATH(bit_of_a_held_frame_set, "quire_free: " BIT_TWICE " (it, order 0, record 0x51800000: refs 0, tag 81)") {
    it = one(81);
    set_free_bit(it);
    quire_free(q, it);
    q_drain_all(q);
}

DEATH(bit_of_a_frame_in_a_held_run_set,
      "quire_free: " BIT_TWICE " (it+0x5000, order 0, record 0x51800000: refs 0, tag 81)") {
    it = many(6, 81);
    q_drain_all(q); /* so that the run goes home at once */
    set_free_bit(it + 5 * PAGE);
    quire_free_order(q, it, 6);
    q_drain_all(q);
}

DEATH(bit_of_a_held_frame_set_and_found_first,
      "quire_alloc: " HANDED_TWICE " (it, order 0, record 0x52000001: refs 1, tag 82)") {
    it = one(82);
    q_drain_all(q);
    set_free_bit(it);
    for (;;) {
        one(83);
    }
}

DEATH(bit_of_a_hole_set, "quire_alloc: " HANDED_TWICE " (it, order 0, record 0x100000: refs 0, tag 0)") {
    it = HOLE;
    set_free_bit(it);
    for (;;) {
        one(83);
    }
}

/* ---- records ---------------------------------------------------------------------------------------------- */

DEATH(record_of_a_free_frame_says_held,
      "quire_alloc: " HANDED_TWICE " (it, order 0, record 0x55000001: refs 1, tag 85)") {
    it = one(84);
    quire_free(q, it);
    *record_of(it) = q_held(85);
    one(86);
}

DEATH(record_in_a_free_run_says_held,
      "quire_alloc_order: " HANDED_TWICE " (it+0x1000, order 3, record 0x55000001: refs 1, tag 85)") {
    it = many(3, 84);
    quire_free_order(q, it, 3);
    *record_of(it + PAGE) = q_held(85);
    take(it, 3, 86);
}

DEATH(record_of_a_held_frame_all_zero, "quire_free: " NEVER_ALLOCATED " (it, order 0, record 0: refs 0, tag 0)") {
    it = one(87);
    *record_of(it) = 0;
    quire_free(q, it);
}

DEATH(record_of_a_held_frame_all_one, "quire_free: " SHARED " (it, order 0, record 0xffffffff: refs 1048575, tag 0)") {
    it = one(87);
    *record_of(it) = UINT32_MAX;
    quire_free(q, it);
}

DEATH(record_of_a_held_frame_says_reserved,
      "quire_free: " IS_RESERVED " (it, order 0, record 0x100000: refs 0, tag 0)") {
    it = one(87);
    *record_of(it) = Q_RESERVED;
    quire_free(q, it);
}

DEATH(join_in_a_held_run_lost,
      "quire_free_order: " WRONG_ORDER " (it+0x4000, order 3, record 0x58600001: refs 1, tag 88)") {
    it = many(3, 88);
    *record_of(it + 3 * PAGE) &= ~Q_JOIN_NEXT;
    quire_free_order(q, it, 3);
}

/* ---- what is believed in passing -------------------------------------------------------------------------- */

DEATH(count_of_a_block_out_of_range,
      "quire_free: metadata damaged: q_is_count(n) (no frame, order 0, record 0: refs 0, tag 0; value 0x100001)") {
    it = one(89);
    q_drain_all(q);
    atomic_store(&zone()->counts[block_of(it)], 1 << 20);
    quire_free(q, it);
    q_drain_all(q);
}

DEATH(number_of_warm_frames_out_of_range, "quire_free: metadata damaged: c->n_warm <= Q_WARM (no frame, "
                                          "order 0, record 0: refs 0, tag 0; value 0x81)") {
    it = one(89);
    atomic_store(&q->caches[0].guard.word, Q_VISIT + (Q_WARM + 1) * Q_WARM_FRAME);
    q_drain_all(q);
}

DEATH(number_of_warm_frames_out_of_range_at_a_free, "quire_free: metadata damaged: c->n_warm <= Q_WARM (no frame, "
                                                    "order 0, record 0: refs 0, tag 0; value 0x81)") {
    it = one(89);
    atomic_store(&q->caches[0].guard.word, Q_VISIT + (Q_WARM + 1) * Q_WARM_FRAME);
    quire_free(q, it);
}

/* ---- what a recount finds --------------------------------------------------------------------------------- */

DEATH(count_of_a_block_that_disagrees_with_its_bits, "a block's count is not the number of its free bits") {
    it = one(90);
    q_drain_all(q);
    atomic_fetch_add(&zone()->counts[block_of(it)], 1);
    say_validate();
}

DEATH(region_cut_short_by_a_block, "a zone's span leaves out one of its frames") {
    atomic_fetch_sub(&zone()->end, Q_BLOCK);
    say_validate();
}

DEATH(region_that_reaches_too_far, "a zone's span begins or ends with no frame of its own") {
    atomic_fetch_add(&zone()->end, 1);
    say_validate();
}

DEATH(frames_that_are_in_a_cache_and_in_memory, "a block's count is not the number of its free bits") {
    it = one(90);
    size_t bit = (size_t)(it >> QUIRE_PAGE_SHIFT) % Q_BLOCK;
    (void)quire_free(q, it); /* into the cache */
    atomic_fetch_or(&zone()->lines[block_of(it)].word[bit / Q_WORD_BITS], q_bit(bit));
    say_validate();
}

DEATH(all_of_the_metadata_zero, "the allocator's fixed data are damaged") {
    const struct q_zone *z = zone();
    memset(ram_at(q_pa(z->meta_base)), 0, (size_t)(q_pa(z->meta_end) - q_pa(z->meta_base)));
    say_validate();
}

DEATH(all_of_the_metadata_one, "the allocator's fixed data are damaged") {
    const struct q_zone *z = zone();
    memset(ram_at(q_pa(z->meta_base)), 0xFF, (size_t)(q_pa(z->meta_end) - q_pa(z->meta_base)));
    say_validate();
}
