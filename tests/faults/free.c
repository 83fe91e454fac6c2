/* free.c: everything that can be wrong with what is freed. */
#define GROUP "free"
#include "deaths.h"

/* ---- twice ------------------------------------------------------------------------------------------------ */

DEATH(twice_on_the_same_cpu, "quire_free: " DOUBLE_FREE " (it, order 0, record 0x21800000: refs 0, tag 33)") {
    it = one(33);
    quire_free(q, it);
    WRONG(quire_free(q, it));
}

DEATH(twice_on_another_cpu, "quire_free: " DOUBLE_FREE " (it, order 0, record 0x21800000: refs 0, tag 33)") {
    it = one(33);
    quire_free(q, it);
    this_cpu = 1;
    WRONG(quire_free(q, it));
}

DEATH(twice_on_a_cpu_without_a_cache, "quire_free: " DOUBLE_FREE " (it, order 0, record 0x21800000: refs 0, tag 33)") {
    it = one(33);
    this_cpu = 2;
    quire_free(q, it);
    WRONG(quire_free(q, it));
}

DEATH(twice_as_an_order, "quire_free: " DOUBLE_FREE " (it, order 0, record 0x21800000: refs 0, tag 33)") {
    it = one(33);
    quire_free_order(q, it, 0);
    WRONG(quire_free_order(q, it, 0));
}

DEATH(twice_when_it_is_home_again, "quire_free: " DOUBLE_FREE " (it, order 0, record 0x21800000: refs 0, tag 33)") {
    it = one(33);
    quire_free(q, it);
    q_drain_all(q);
    WRONG(quire_free(q, it));
}

DEATH(twice_while_its_cache_is_being_emptied,
      "quire_free: " DOUBLE_FREE " (it, order 0, record 0x21800000: refs 0, tag 33)") {
    q_word visit;
    it = one(33);
    quire_free(q, it);
    q_guard_claim(&q->caches[0].guard, 0, &visit); /* by the other CPU, which has not left yet */
    WRONG(quire_free(q, it));
}

static void free_it(void) {
    quire_free(q, it);
}

DEATH(again_in_an_interrupt_of_its_free,
      "quire_free: " DOUBLE_FREE " (it, order 0, record 0x21800000: refs 0, tag 33)") {
    it = one(33);
    between = free_it;
    quire_free(q, it);
}

DEATH(twice_as_a_part_of_a_run, "quire_free: " DOUBLE_FREE " (it, order 0, record 0x15800000: refs 0, tag 21)") {
    it = many(4, 21);
    quire_free(q, it);
    WRONG(quire_free(q, it));
}

DEATH(twice_as_a_part_of_a_whole_block,
      "quire_free: " DOUBLE_FREE " (it, order 0, record 0x15800000: refs 0, tag 21)") {
    it = many(QUIRE_BLOCK_ORDER, 21);
    quire_free(q, it);
    WRONG(quire_free(q, it));
}

DEATH(a_run_twice, "quire_free_order: " DOUBLE_FREE " (it, order 4, record 0x16800000: refs 0, tag 22)") {
    it = many(4, 22);
    quire_free_order(q, it, 4);
    WRONG(quire_free_order(q, it, 4));
}

DEATH(a_whole_block_twice, "quire_free_order: " DOUBLE_FREE " (it, order 9, record 0x16800000: refs 0, tag 22)") {
    it = many(QUIRE_BLOCK_ORDER, 22);
    quire_free_order(q, it, QUIRE_BLOCK_ORDER);
    WRONG(quire_free_order(q, it, QUIRE_BLOCK_ORDER));
}

DEATH(two_blocks_twice, "quire_free_order: " DOUBLE_FREE " (it, order 10, record 0x16800000: refs 0, tag 22)") {
    it = many(PAIR_ORDER, 22);
    quire_free_order(q, it, PAIR_ORDER);
    WRONG(quire_free_order(q, it, PAIR_ORDER));
}

DEATH(a_frame_of_a_whole_block_that_is_free,
      "quire_free: " DOUBLE_FREE " (it+0x5000, order 0, record 0x16800000: refs 0, tag 22)") {
    it = many(QUIRE_BLOCK_ORDER, 22);
    quire_free_order(q, it, QUIRE_BLOCK_ORDER);
    WRONG(quire_free(q, it + 5 * PAGE));
}

DEATH(a_run_of_which_a_part_is_gone,
      "quire_free_order: " DOUBLE_FREE " (it+0x8000, order 4, record 0x17800000: refs 0, tag 23)") {
    it = many(4, 23);
    quire_free_order(q, it + 8 * PAGE, 2);
    WRONG(quire_free_order(q, it, 4));
}

DEATH(a_whole_block_of_which_a_part_is_gone,
      "quire_free_order: " DOUBLE_FREE " (it+0x8000, order 9, record 0x17800000: refs 0, tag 23)") {
    it = many(QUIRE_BLOCK_ORDER, 23);
    quire_free_order(q, it + 8 * PAGE, 2);
    WRONG(quire_free_order(q, it, QUIRE_BLOCK_ORDER));
}

DEATH(two_blocks_of_which_one_is_gone,
      "quire_free_order: " DOUBLE_FREE " (it+0x200000, order 10, record 0x17800000: refs 0, tag 23)") {
    it = many(PAIR_ORDER, 23);
    quire_free_order(q, it + BLOCK, QUIRE_BLOCK_ORDER);
    WRONG(quire_free_order(q, it, PAIR_ORDER));
}

/* ---- twice by two CPUs at once ---------------------------------------------------------------------------- */

/* Both looked at the record before one of them wrote to it: the second free finds what the first one found. */
static void free_on_both_cpus(void) {
    it = one(33);
    const uint32_t found = *record_of(it);
    quire_free(q, it);
    *record_of(it) = found;
    this_cpu = 1;
    quire_free(q, it);
}

DEATH(racing_and_both_come_home, "quire_free: " BIT_TWICE " (it, order 0, record 0x21800000: refs 0, tag 33)") {
    free_on_both_cpus();
    q_drain_all(q);
}

DEATH(racing_and_both_are_handed_out,
      "quire_alloc: " HANDED_TWICE " (it, order 0, record 0x22000001: refs 1, tag 34)") {
    free_on_both_cpus();
    quire_alloc(q, 34);
    this_cpu = 0;
    quire_alloc(q, 35);
}

DEATH(racing_and_the_block_is_handed_out_as_runs,
      "quire_alloc_order: " HANDED_TWICE " (it, order 1, record 0x22000001: refs 1, tag 34)") {
    free_on_both_cpus();
    quire_alloc(q, 34);
    q_drain_all(q);
    for (quire_pa pa; quire_alloc_order(q, 1, 35, &pa) == QUIRE_OK;) {}
}

/* ---- never handed out ------------------------------------------------------------------------------------- */

DEATH(never_allocated, "quire_free: " NEVER_ALLOCATED " (it, order 0, record 0: refs 0, tag 0)") {
    it = one(1) + PAGE;
    WRONG(quire_free(q, it));
}

DEATH(never_allocated_in_a_block_never_used, "quire_free: " NEVER_ALLOCATED " (it, order 0, record 0: refs 0, tag 0)") {
    it = RAM_END - 3 * BLOCK;
    WRONG(quire_free(q, it));
}

DEATH(never_allocated_whole_block, "quire_free_order: " NEVER_ALLOCATED " (it, order 9, record 0: refs 0, tag 0)") {
    it = 66 * MIB;
    WRONG(quire_free_order(q, it, QUIRE_BLOCK_ORDER));
}

/* ---- no frame of ours ------------------------------------------------------------------------------------- */

DEATH(reserved_hole_in_a_zone, "quire_free: " IS_RESERVED " (0x4840000, order 0, record 0x100000: refs 0, tag 0)") {
    WRONG(quire_free(q, HOLE));
}

DEATH(run_that_reaches_into_a_hole,
      "quire_free_order: " IS_RESERVED " (it+0x40000, order 7, record 0x100000: refs 0, tag 0)") {
    it = HOLE - 64 * PAGE;
    take(it, 6, 12);
    WRONG(quire_free_order(q, it, 7));
}

DEATH(hole_between_zones, "quire_free: " UNMANAGED " (0x4800000, order 0, record 0: refs 0, tag 0)") {
    const struct quire_config config = {.n_cpus = 1};
    const struct quire_region far[] = {USABLE(64 * MIB, 68 * MIB), USABLE(80 * MIB, 84 * MIB)};
    quire_init(&q, &config, far, COUNT_OF(far));
    WRONG(quire_free(q, 72 * MIB));
}

DEATH(below_all_memory, "quire_free: " UNMANAGED " (0x400f000, order 0, record 0: refs 0, tag 0)") {
    WRONG(quire_free(q, RAM - PAGE));
}

DEATH(above_all_memory, "quire_free: " UNMANAGED " (0x4c20000, order 0, record 0: refs 0, tag 0)") {
    WRONG(quire_free(q, RAM_END));
}

DEATH(frame_zero, "quire_free: " UNMANAGED " (0, order 0, record 0: refs 0, tag 0)") {
    WRONG(quire_free(q, 0));
}

DEATH(frame_zero_where_there_is_memory, "quire_free: " NEVER_ALLOCATED " (it, order 0, record 0: refs 0, tag 0)") {
    const struct quire_config config = {.n_cpus = 1};
    const struct quire_region low[] = {USABLE(0, 16 * PAGE), USABLE(MIB, 8 * MIB)};
    quire_init(&q, &config, low, COUNT_OF(low));
    it = 0;
    WRONG(quire_free(q, it));
}

DEATH(the_allocators_own_data, "quire_free: " IS_RESERVED " (0x4010000, order 0, record 0: refs 0, tag 0)") {
    WRONG(quire_free(q, RAM));
}

DEATH(a_run_of_the_allocators_own_data,
      "quire_free_order: " IS_RESERVED " (0x4010000, order 2, record 0: refs 0, tag 0)") {
    WRONG(quire_free_order(q, RAM, 2));
}

DEATH(of_another_allocator, "quire_free: " UNMANAGED " (it, order 0, record 0: refs 0, tag 0)") {
    it = one(12);
    const struct quire_config config = {.n_cpus = 1};
    const struct quire_region other = USABLE(128 * MIB, 132 * MIB);
    quire_init(&q, &config, &other, 1);
    WRONG(quire_free(q, it));
}

DEATH(beyond_what_a_machine_can_address,
      "quire_free: " UNMANAGED " (0x10000000000000, order 0, record 0: refs 0, tag 0)") {
    WRONG(quire_free(q, (quire_pa)1 << 52));
}

DEATH(last_frame_there_can_be, "quire_free: " UNMANAGED " (0xfffffffffffff000, order 0, record 0: refs 0, tag 0)") {
    WRONG(quire_free(q, QUIRE_NONE - PAGE + 1));
}

/* ---- not aligned, not one allocation ---------------------------------------------------------------------- */

DEATH(misaligned_by_a_byte, "quire_free: " MISALIGNED " (it+0x1, order 0, record 0: refs 0, tag 0)") {
    it = one(12);
    WRONG(quire_free(q, it + 1));
}

DEATH(no_address_at_all, "quire_free: " MISALIGNED " (no frame, order 0, record 0: refs 0, tag 0)") {
    WRONG(quire_free(q, QUIRE_NONE));
}

DEATH(misaligned_for_its_order, "quire_free_order: " MISALIGNED " (it+0x1000, order 3, record 0: refs 0, tag 0)") {
    it = many(4, 12);
    WRONG(quire_free_order(q, it + PAGE, 3));
}

DEATH(address_inside_the_run, "quire_free_order: " MISALIGNED " (it+0x8000, order 4, record 0: refs 0, tag 0)") {
    it = many(4, 12);
    WRONG(quire_free_order(q, it + 8 * PAGE, 4));
}

DEATH(address_inside_the_whole_block,
      "quire_free_order: " MISALIGNED " (it+0x8000, order 9, record 0: refs 0, tag 0)") {
    it = many(QUIRE_BLOCK_ORDER, 12);
    WRONG(quire_free_order(q, it + 8 * PAGE, QUIRE_BLOCK_ORDER));
}

DEATH(two_frames_as_one_run,
      "quire_free_order: " WRONG_ORDER " (it+0x1000, order 1, record 0xd000001: refs 1, tag 13)") {
    it = many(1, 12);
    quire_free_order(q, it, 1);
    take(it, 0, 13);
    take(it + PAGE, 0, 13);
    WRONG(quire_free_order(q, it, 1));
}

DEATH(two_whole_blocks_as_one_run,
      "quire_free_order: " WRONG_ORDER " (it+0x200000, order 10, record 0xd000001: refs 1, tag 13)") {
    it = many(PAIR_ORDER, 12);
    quire_free_order(q, it, PAIR_ORDER);
    take(it, QUIRE_BLOCK_ORDER, 13);
    take(it + BLOCK, QUIRE_BLOCK_ORDER, 13);
    WRONG(quire_free_order(q, it, PAIR_ORDER));
}

DEATH(larger_than_what_was_allocated,
      "quire_free_order: " NEVER_ALLOCATED " (it+0x4000, order 3, record 0: refs 0, tag 0)") {
    it = many(2, 15);
    WRONG(quire_free_order(q, it & ~(8 * PAGE - 1), 3));
}

DEATH(run_with_a_frame_that_has_a_new_owner,
      "quire_free_order: " WRONG_ORDER " (it+0x1000, order 3, record 0x10000001: refs 1, tag 16)") {
    it = many(3, 16);
    quire_free(q, it + PAGE);
    take(it + PAGE, 0, 16);
    WRONG(quire_free_order(q, it, 3));
}

/* ---- while somebody else holds it ------------------------------------------------------------------------- */

DEATH(while_shared, "quire_free: " SHARED " (it, order 0, record 0x37000002: refs 2, tag 55)") {
    it = one(55);
    quire_get(q, it);
    WRONG(quire_free(q, it));
}

DEATH(while_one_frame_of_it_is_shared,
      "quire_free_order: " SHARED " (it+0x7000, order 4, record 0x38600002: refs 2, tag 56)") {
    it = many(4, 56);
    quire_get(q, it + 7 * PAGE);
    WRONG(quire_free_order(q, it, 4));
}

DEATH(while_one_frame_of_the_whole_block_is_shared,
      "quire_free_order: " SHARED " (it+0x7000, order 9, record 0x38600002: refs 2, tag 56)") {
    it = many(QUIRE_BLOCK_ORDER, 56);
    quire_get(q, it + 7 * PAGE);
    WRONG(quire_free_order(q, it, QUIRE_BLOCK_ORDER));
}

DEATH(while_shared_too_often_to_count,
      "quire_free: " SHARED " (it, order 0, record 0x390fffff: refs 1048575, tag 57)") {
    it = one(57);
    *record_of(it) += QUIRE_MAX_REFS - 1;
    WRONG(quire_free(q, it));
}
