/* unit.h: what the unit tests share: simulated memory with an allocator over it, and checks that many of them make.
 *
 * Each test program keeps faults (host_keep_faults); every fault a test provokes is taken by expect_fault, and
 * unit_teardown fails a test that leaves one behind. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/pair.h"
#include <host.h>
#include <quire/quire.h>

#define PAGE  QUIRE_PAGE_SIZE
#define BLOCK (QUIRE_BLOCK_FRAMES * PAGE)
#define MIB   ((quire_pa)1 << 20)
#define GIB   ((quire_pa)1 << 30)
#define TIB   ((quire_pa)1 << 40)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Of thousands of cases that differ little the usual build tries each, and others, many of them slow, one in so many. */
#ifndef UNIT_ONE_IN
#define UNIT_ONE_IN 1
#endif

#define USABLE(from, to)                                                                                               \
    { .base = (from), .end = (to), .type = QUIRE_USABLE }
#define RESERVED(from, to)                                                                                             \
    { .base = (from), .end = (to), .type = QUIRE_RESERVED }

int unit_setup(void **state);
int unit_teardown(void **state);
#define unit_case(name) cmocka_unit_test_setup_teardown(name, unit_setup, unit_teardown)

/* ---- making one --------------------------------------------------------------------------------------- */

/* Simulates the memory of the usable regions, full of rubbish as after a reset, where it is below mapped_end. */
void unit_ram(const struct quire_region *regions, size_t n_regions, quire_pa mapped_end);

/* Memory and an allocator for it, which must succeed. */
struct quire *unit_make(const struct quire_config *config, const struct quire_region *regions, size_t n_regions);

/* One region with four CPUs. */
struct quire *unit_simple(quire_pa base, uint64_t n_bytes);

/* ---- using it ----------------------------------------------------------------------------------------- */

/* A growing list of frames. */
struct frames {
    quire_pa *at;
    size_t n, capacity;
};
void frames_push(struct frames *list, quire_pa pa);
void frames_clear(struct frames *list); /* also releases its storage */
bool frames_has(const struct frames *list, quire_pa pa);
void frames_shuffle(struct frames *list, unsigned seed);

/* All that is free, frame by frame or in pieces of 2^order frames, until the allocator says no. */
void take_all(struct quire *q, struct frames *list);
enum quire_status take_all_order(struct quire *q, unsigned order, struct frames *list);
void free_all(struct quire *q, struct frames *list); /* clears the list */
void free_all_order(struct quire *q, unsigned order, struct frames *list);

quire_pa must_alloc(struct quire *q, uint8_t tag);
quire_pa must_alloc_order(struct quire *q, unsigned order, uint8_t tag);

/* ---- looking at it ------------------------------------------------------------------------------------ */

struct quire_stats stats_of(const struct quire *q);
uint64_t n_free(const struct quire *q);

/* The state and tag that quire_walk gives for one frame; RESERVED where no run covers it. */
struct quire_run run_at(const struct quire *q, quire_pa pa);
enum quire_state state_of(const struct quire *q, quire_pa pa);

/* Exactly one fault was reported since the last look, with these fields; gives the rest of it. */
struct quire_fault expect_fault(enum quire_fault_kind kind, const char *call, quire_pa pa, unsigned order,
                                uint32_t refs, uint8_t tag);

/* All frames distinct, page aligned, and inside usable regions. */
void expect_good_frames(const struct frames *list, const struct quire_region *regions, size_t n_regions);

/* Every view of the allocator (stats, zones, CPUs, tags, walk, validate) agrees with every other. */
void expect_consistent(const struct quire *q);

/* A digest of all that a caller can see: statistics without the number of faults, and the walk. */
uint64_t digest(const struct quire *q);

#endif
