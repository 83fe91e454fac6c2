/* inputs.c: arguments that mean nothing, for each function. There is no NULL among them: no function gives it a meaning,
 * but for quire_init without regions. */
#define GROUP "inputs"
#include "deaths.h"

#define N_CALLS 5

/* The functions that take a frame. */
static enum quire_status call(unsigned function, quire_pa pa, unsigned order) {
    quire_pa own = 0;
    switch (function) {
    case 0:
        return quire_free(q, pa);
    case 1:
        return quire_free_order(q, pa, order);
    case 2:
        return quire_get(q, pa);
    case 3:
        return quire_put(q, pa);
    default:
        return quire_cow(q, pa, &own) == QUIRE_FAULT && own == QUIRE_NONE ? QUIRE_FAULT : QUIRE_OK;
    }
}

/* Each function that takes a frame, with each order that fits the address, must find this wrong with it. */
static void say_how_many_refuse(quire_pa pa, enum quire_fault_kind kind) {
    struct quire_fault fault;
    unsigned n = 0;
    kept = &fault;
    for (unsigned function = 0; function < N_CALLS; function++) {
        for (unsigned order = 0; order <= (function == 1 ? PAIR_ORDER : 0); order++) {
            fault.kind = QUIRE_FAULT_NONE;
            changes_remember(q);
            bool refused = call(function, pa, order) == QUIRE_FAULT && changes_since(q) == 0;
            bool aligned = pa % (PAGE << order) == 0;
            n += refused && fault.kind == (aligned ? kind : QUIRE_FAULT_MISALIGNED) && fault.pa == pa;
        }
    }
    say("%u of %u", n, N_CALLS + PAIR_ORDER);
}

/* ---- addresses -------------------------------------------------------------------------------------------- */

DEATH(address_0, "15 of 15") {
    say_how_many_refuse(0, QUIRE_FAULT_UNMANAGED);
}

DEATH(address_1, "15 of 15") {
    say_how_many_refuse(1, QUIRE_FAULT_MISALIGNED);
}

DEATH(address_below_the_first, "15 of 15") {
    say_how_many_refuse(RAM - PAGE, QUIRE_FAULT_UNMANAGED);
}

DEATH(address_of_the_first, "15 of 15") {
    say_how_many_refuse(RAM, QUIRE_FAULT_RESERVED);
}

DEATH(address_of_the_last_byte, "15 of 15") {
    say_how_many_refuse(RAM_END - 1, QUIRE_FAULT_MISALIGNED);
}

DEATH(address_behind_the_last, "15 of 15") {
    say_how_many_refuse(RAM_END, QUIRE_FAULT_UNMANAGED);
}

DEATH(address_that_wraps_in_32_bits, "15 of 15") {
    say_how_many_refuse(((quire_pa)1 << 32) + 66 * MIB, QUIRE_FAULT_UNMANAGED);
}

DEATH(address_that_wraps_as_a_frame_of_32_bits, "15 of 15") {
    say_how_many_refuse(((quire_pa)1 << 44) + 66 * MIB, QUIRE_FAULT_UNMANAGED);
}

DEATH(address_that_wraps_onto_the_metadata, "15 of 15") {
    say_how_many_refuse(((quire_pa)1 << 44) + RAM, QUIRE_FAULT_UNMANAGED);
}

DEATH(address_2_to_the_52nd, "15 of 15") {
    say_how_many_refuse((quire_pa)1 << 52, QUIRE_FAULT_UNMANAGED);
}

DEATH(address_2_to_the_63rd, "15 of 15") {
    say_how_many_refuse((quire_pa)1 << 63, QUIRE_FAULT_UNMANAGED);
}

DEATH(address_of_the_last_frame_there_can_be, "15 of 15") {
    say_how_many_refuse(QUIRE_NONE - PAGE + 1, QUIRE_FAULT_UNMANAGED);
}

DEATH(address_of_nothing, "15 of 15") {
    say_how_many_refuse(QUIRE_NONE, QUIRE_FAULT_MISALIGNED);
}

DEATH(references_to_no_frame, "0") {
    const quire_pa low[] = {0, 1, RAM - PAGE, RAM, HOLE, RAM_END - 1, RAM_END, GIB, 66 * MIB, RAM_END - PAGE};
    const quire_pa high[] = {(quire_pa)1 << 32, (quire_pa)1 << 44, (quire_pa)1 << 52, QUIRE_NONE - PAGE + 1,
                             QUIRE_NONE};
    uint32_t n = 0;
    for (size_t i = 0; i < COUNT_OF(low); i++) {
        n += WRONG(quire_refs(q, low[i])) + (uint32_t)changes_since(q);
    }
    for (size_t i = 0; i < COUNT_OF(high); i++) {
        n += WRONG(quire_refs(q, high[i])) + (uint32_t)changes_since(q);
    }
    say("%u", n);
}

/* ---- orders ----------------------------------------------------------------------------------------------- */

static const unsigned no_orders[] = {QUIRE_MAX_ORDER + 1, 31, 32, 63, 64, 255, 1u << 31, UINT_MAX};

DEATH(orders_to_allocate_that_are_too_large, "8 of 8") {
    unsigned n = 0;
    for (size_t i = 0; i < COUNT_OF(no_orders); i++) {
        quire_pa pa = 0;
        bool refused = WRONG(quire_alloc_order(q, no_orders[i], 1, &pa)) == QUIRE_INVALID && pa == QUIRE_NONE;
        n += refused && changes_since(q) == 0;
    }
    say("%u of %zu", n, COUNT_OF(no_orders));
}

DEATH(orders_to_free_that_are_too_large, "8 of 8") {
    unsigned n = 0;
    it = one(98);
    for (size_t i = 0; i < COUNT_OF(no_orders); i++) {
        n += WRONG(quire_free_order(q, it, no_orders[i])) == QUIRE_INVALID && changes_since(q) == 0;
    }
    say("%u of %zu", n, COUNT_OF(no_orders));
}

DEATH(the_largest_order, "ok") {
    say_status(quire_free_order(q, many(PAIR_ORDER, 98), PAIR_ORDER));
}

DEATH(tag_of_the_quarantine, "12 of 12") {
    unsigned n = WRONG(quire_alloc(q, QUIRE_TAG_QUARANTINE)) == QUIRE_NONE && changes_since(q) == 0;
    for (unsigned order = 0; order <= PAIR_ORDER; order++) {
        quire_pa pa = 0;
        bool refused = WRONG(quire_alloc_order(q, order, QUIRE_TAG_QUARANTINE, &pa)) == QUIRE_INVALID;
        n += refused && pa == QUIRE_NONE && changes_since(q) == 0;
    }
    say("%u of %u", n, PAIR_ORDER + 2);
}

/* ---- numbers ---------------------------------------------------------------------------------------------- */

DEATH(statistics_of_no_zone, "yes no no no") {
    struct quire_zone_stats zone;
    const unsigned numbers[] = {0, 1, 2, UINT_MAX};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        say("%s%s", i > 0 ? " " : "", quire_zone_stats(q, numbers[i], &zone) ? "yes" : "no");
    }
}

DEATH(statistics_of_no_cpu, "yes no no no") {
    struct quire_cpu_stats cpu;
    const unsigned numbers[] = {1, 2, 3, UINT_MAX};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        say("%s%s", i > 0 ? " " : "", quire_cpu_stats(q, numbers[i], &cpu) ? "yes" : "no");
    }
}

static bool stop(void *ctx, const struct quire_run *run) {
    (void)run;
    ++*(unsigned *)ctx;
    return false;
}

DEATH(walk_that_is_stopped_at_once, "1") {
    unsigned n = 0;
    quire_walk(q, stop, &n);
    say("%u", n);
}

DEATH(faults_and_statuses_that_do_not_exist, "unknown fault, unknown status") {
    say("%s, %s", quire_fault_name(QUIRE_FAULT_KINDS), quire_status_name((enum quire_status)(QUIRE_GAVE_UP + 1)));
}
