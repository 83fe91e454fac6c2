/* inside.h: for tests that look into the core's data: what belongs to an address. */
#ifndef INSIDE_H
#define INSIDE_H

#include "unit.h"

#include "src/borrow.h"
#include "src/cache.h"
#include "src/place.h"
#include "src/take.h"
#include "src/view.h"

static inline struct q_zone *zone_of(const struct quire *q, quire_pa pa) {
    return q_zone_at(q, q_frame_of(pa));
}

static inline size_t block_number(const struct quire *q, quire_pa pa) {
    return q_zone_block_of(zone_of(q, pa), q_frame_of(pa));
}

static inline q_record *record_of(const struct quire *q, quire_pa pa) {
    return q_zone_record(zone_of(q, pa), q_frame_of(pa));
}

/* The count and the record of its block. */
static inline q_count *count_of(const struct quire *q, quire_pa pa) {
    return &zone_of(q, pa)->counts[block_number(q, pa)];
}
static inline q_record *whole_of(const struct quire *q, quire_pa pa) {
    return &zone_of(q, pa)->wholes[block_number(q, pa)];
}

/* The free bits of its block. */
static inline struct q_line *line_of(const struct quire *q, quire_pa pa) {
    return &zone_of(q, pa)->lines[block_number(q, pa)];
}

#endif
