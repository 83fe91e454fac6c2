/* memory.c: see unit.h. Simulated memory with an allocator over it, and the faults that it reports. */
#include "unit.h"

#include <quire/port.h>
#include <string.h>

int unit_setup(void **state) {
    (void)state;
    host_keep_faults(true);
    host_set_cpu(0);
    return 0;
}

int unit_teardown(void **state) {
    (void)state;
    struct quire_fault last;
    unsigned n = host_take_faults(&last);
    host_ram_clear();
    if (n != 0) {
        print_error("%u faults that nobody expected, the last: %s: %s: %s\n", n, last.call, quire_fault_name(last.kind),
                    last.detail);
    }
    return n == 0 ? 0 : -1;
}

/* ---- making one --------------------------------------------------------------------------------------- */

#define RUBBISH_BYTES (64 * MIB) /* more of a region than this stays untouched, or huge memories would not be free */

void unit_ram(const struct quire_region *regions, size_t n_regions, quire_pa mapped_end) {
    for (size_t i = 0; i < n_regions; i++) {
        quire_pa base = regions[i].base & ~(PAGE - 1);
        quire_pa end = regions[i].end < mapped_end ? (regions[i].end + PAGE - 1) & ~(PAGE - 1) : mapped_end;
        if (regions[i].type != QUIRE_USABLE || base >= end) {
            continue;
        }
        host_ram_add(base, end - base);
        uint64_t n_bytes = end - base < RUBBISH_BYTES ? end - base : 0;
        memset(quire_port_map(base), 0xA5, (size_t)n_bytes);
    }
}

struct quire *unit_make(const struct quire_config *config, const struct quire_region *regions, size_t n_regions) {
    struct quire *q = NULL;
    unit_ram(regions, n_regions, config->mapped_end != 0 ? config->mapped_end : QUIRE_NONE);
    assert_int_equal(quire_init(&q, config, regions, n_regions), QUIRE_OK);
    assert_non_null(q);
    return q;
}

struct quire *unit_simple(quire_pa base, uint64_t n_bytes) {
    const struct quire_config config = {.n_cpus = 4};
    const struct quire_region region = USABLE(base, base + n_bytes);
    return unit_make(&config, &region, 1);
}

/* ---- looking at it ------------------------------------------------------------------------------------ */

struct quire_fault expect_fault(enum quire_fault_kind kind, const char *call, quire_pa pa, unsigned order,
                                uint32_t refs, uint8_t tag) {
    struct quire_fault fault;
    assert_int_equal(host_take_faults(&fault), 1);
    assert_string_equal(quire_fault_name(fault.kind), quire_fault_name(kind));
    assert_string_equal(fault.call, call);
    assert_int_equal(fault.pa, pa);
    assert_int_equal(fault.order, order);
    assert_int_equal(fault.refs, refs);
    assert_int_equal(fault.tag, tag);
    assert_non_null(fault.detail);
    assert_true(strlen(fault.detail) > 0);
    return fault;
}
