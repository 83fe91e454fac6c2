/* references.c: everything that can be wrong with a reference. */
#define GROUP "references"
#include "deaths.h"

static quire_pa own;

/* ---- to a frame that nobody holds ------------------------------------------------------------------------- */

DEATH(get_of_a_free_frame, "quire_get: " GET_FREE " (it, order 0, record 0x2c800000: refs 0, tag 44)") {
    it = one(44);
    quire_free(q, it);
    WRONG(quire_get(q, it));
}

DEATH(get_of_a_frame_never_used, "quire_get: " GET_FREE " (it, order 0, record 0: refs 0, tag 0)") {
    it = one(44) + PAGE;
    WRONG(quire_get(q, it));
}

DEATH(get_in_a_block_never_used, "quire_get: " GET_FREE " (it, order 0, record 0: refs 0, tag 0)") {
    it = 66 * MIB;
    WRONG(quire_get(q, it));
}

DEATH(get_of_a_frame_freed_with_its_block,
      "quire_get: " GET_FREE " (it+0x3000, order 0, record 0x2c800000: refs 0, tag 44)") {
    it = many(QUIRE_BLOCK_ORDER, 44);
    quire_free_order(q, it, QUIRE_BLOCK_ORDER);
    WRONG(quire_get(q, it + 3 * PAGE));
}

DEATH(put_at_zero, "quire_put: " PUT_FREE " (it, order 0, record 0x2d800000: refs 0, tag 45)") {
    it = one(45);
    quire_put(q, it);
    WRONG(quire_put(q, it));
}

DEATH(put_after_a_free, "quire_put: " PUT_FREE " (it, order 0, record 0x2d800000: refs 0, tag 45)") {
    it = one(45);
    quire_free(q, it);
    WRONG(quire_put(q, it));
}

DEATH(free_after_the_last_put, "quire_free: " DOUBLE_FREE " (it, order 0, record 0x2d800000: refs 0, tag 45)") {
    it = one(45);
    quire_put(q, it);
    WRONG(quire_free(q, it));
}

DEATH(put_in_a_block_never_used, "quire_put: " PUT_FREE " (it, order 0, record 0: refs 0, tag 0)") {
    it = 66 * MIB;
    WRONG(quire_put(q, it));
}

DEATH(put_of_a_part_that_is_gone, "quire_put: " PUT_FREE " (it+0x1000, order 0, record 0x2e800000: refs 0, tag 46)") {
    it = many(4, 46);
    quire_put(q, it + PAGE);
    WRONG(quire_put(q, it + PAGE));
}

DEATH(cow_of_a_free_frame, "quire_cow: " GET_FREE " (it, order 0, record 0x2f800000: refs 0, tag 47)") {
    it = one(47);
    quire_free(q, it);
    WRONG(quire_cow(q, it, &own));
}

DEATH(cow_in_a_block_never_used, "quire_cow: " GET_FREE " (it, order 0, record 0: refs 0, tag 0)") {
    it = 66 * MIB;
    WRONG(quire_cow(q, it, &own));
}

/* ---- to no frame of ours ---------------------------------------------------------------------------------- */

DEATH(get_of_a_hole, "quire_get: " IS_RESERVED " (it, order 0, record 0x100000: refs 0, tag 0)") {
    it = HOLE;
    WRONG(quire_get(q, it));
}

DEATH(put_of_the_allocators_own_data, "quire_put: " IS_RESERVED " (it, order 0, record 0: refs 0, tag 0)") {
    it = RAM;
    WRONG(quire_put(q, it));
}

DEATH(cow_of_no_memory, "quire_cow: " UNMANAGED " (it, order 0, record 0: refs 0, tag 0)") {
    it = GIB;
    WRONG(quire_cow(q, it, &own));
}

DEATH(get_of_an_address_inside_a_frame, "quire_get: " MISALIGNED " (it+0x8, order 0, record 0: refs 0, tag 0)") {
    it = one(48);
    WRONG(quire_get(q, it + 8));
}

/* ---- too many --------------------------------------------------------------------------------------------- */

/* No misuse: a frame may be mapped as often as anybody likes. It is only that it stays. */
DEATH(one_more_than_can_be_counted, "reference count full; 1048575 references") {
    it = one(49);
    *record_of(it) += QUIRE_MAX_REFS - 2;
    say("%s", quire_status_name(quire_get(q, it)));
    say("; %u references", quire_refs(q, it));
}

DEATH(two_more_than_can_be_counted, "reference count full; 1048575 references") {
    it = one(49);
    *record_of(it) += QUIRE_MAX_REFS - 1;
    say_status(WRONG(quire_get(q, it)));
    say("; %u references", quire_refs(q, it));
}

/* Nobody knows how many there are: so puts do nothing any more, and the frame stays. */
DEATH(put_of_more_than_can_be_counted, "ok; 1048575 references") {
    it = one(49);
    *record_of(it) += QUIRE_MAX_REFS - 1;
    say_status(WRONG(quire_put(q, it)));
    say("; %u references", quire_refs(q, it));
}

/* ---- looked up by address --------------------------------------------------------------------------------- */

DEATH(lookups_of_what_is_not_to_be_had, "no 8 times") {
    unsigned n = 0;
    it = one(56);
    quire_pa full = one(57), freed = one(58);
    quire_free(q, freed);
    *record_of(full) += QUIRE_MAX_REFS - 1;
    const quire_pa at[] = {RAM, HOLE, GIB, it + 8, it + PAGE, freed, full, QUIRE_NONE};
    for (size_t i = 0; i < COUNT_OF(at); i++) {
        n += !WRONG(quire_try_get(q, at[i])) && changes_since(q) == 0;
    }
    say("no %u times", n);
}

DEATH(put_of_what_was_not_to_be_had, "quire_put: " PUT_FREE " (it, order 0, record 0x3b800000: refs 0, tag 59)") {
    it = one(59);
    quire_put(q, it);
    if (!quire_try_get(q, it)) {
        WRONG(quire_put(q, it));
    }
}

/* ---- too few ---------------------------------------------------------------------------------------------- */

DEATH(underflow_by_two_cpus, "quire_put: " PUT_FREE " (it, order 0, record 0x32800000: refs 0, tag 50)") {
    it = one(50);
    quire_get(q, it);
    quire_put(q, it);
    this_cpu = 1;
    quire_put(q, it);
    this_cpu = 0;
    WRONG(quire_put(q, it));
}

static void put_both_on_cpu_1(void) {
    const unsigned cpu = this_cpu;
    this_cpu = 1;
    quire_put(q, it);
    quire_put(q, it);
    this_cpu = cpu;
}

/* The other CPU drops both references, its own and one that it does not hold, while this one copies. */
DEATH(underflow_in_the_middle_of_a_copy, "quire_cow: " PUT_FREE " (it, order 0, record 0x32800000: refs 0, tag 50)") {
    it = one(50);
    quire_get(q, it);
    between = put_both_on_cpu_1;
    quire_cow(q, it, &own);
}

/* The same when the frame has nowhere to go but into the copy. */
DEATH(copied_onto_itself, "quire_cow: " PUT_FREE " (it, order 0, record 0x32800000: refs 0, tag 50)") {
    it = one(50);
    quire_get(q, it);
    this_cpu = 1;
    between = put_both_on_cpu_1;
    quire_cow(q, it, &own);
}

/* Given to somebody else without a reference for them: both put, there was one. */
DEATH(handed_over_without_a_reference, "quire_put: " PUT_FREE " (it, order 0, record 0x33800000: refs 0, tag 51)") {
    it = one(51);
    quire_put(q, it);
    this_cpu = 1;
    WRONG(quire_put(q, it));
}

/* A pointer that was kept beyond the last reference brings nothing back to life. */
DEATH(resurrection, "quire_get: " GET_FREE " (it, order 0, record 0x34800000: refs 0, tag 52)") {
    it = one(52);
    quire_get(q, it);
    quire_put(q, it);
    quire_put(q, it);
    WRONG(quire_get(q, it));
}

/* The same when somebody else has the frame by now: the count is theirs, and so is the frame's end. */
DEATH(reference_of_the_owner_before, "quire_put: " PUT_FREE " (it, order 0, record 0x36800000: refs 0, tag 54)") {
    it = one(53);
    quire_put(q, it);
    take(it, 0, 54);
    quire_put(q, it); /* not known to be wrong: the record says held */
    WRONG(quire_put(q, it));
}

/* A device's reference, a pin, counts like any other: the writer gets a copy, the device keeps its frame. */
DEATH(cow_of_a_pinned_frame, "ok; a copy, 1 reference to each") {
    it = one(55);
    quire_get(q, it);
    say_status(quire_cow(q, it, &own));
    say("; %s, %u reference to each", own == it ? "the same" : "a copy", quire_refs(q, it) & quire_refs(q, own));
}

DEATH(cow_of_a_frame_that_is_pinned_no_more, "ok; the same, 1 reference to each") {
    it = one(55);
    quire_get(q, it);
    quire_put(q, it);
    say_status(quire_cow(q, it, &own));
    say("; %s, %u reference to each", own == it ? "the same" : "a copy", quire_refs(q, it) & quire_refs(q, own));
}
