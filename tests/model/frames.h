/* frames.h: the oracle's memory: which frames there are, and where free ones are to be found. Between the oracle's own
 * files; programs that ask the oracle need oracle.h alone. */
#ifndef FRAMES_H
#define FRAMES_H

#include "oracle.h"

/* Frames at these addresses exist from now on. Until frames_settle they can be looked up and nothing else. */
void frames_clear(void);
void frames_add(const struct quire_region *region);

/* Which of them are metadata is known now, and so are the allocator's zones. */
void frames_settle(const struct quire *q);

/* The n frames from f on, which lie in one zone, are nobody's or somebody's now; they were all the other. */
void frames_release(struct frame *f, uint64_t n);
void frames_occupy(struct frame *f, uint64_t n);

/* The span of the zone around an address; NULL: there is none. */
const struct quire_region *frames_zone(quire_pa pa);

static inline bool frames_is_free(const struct frame *f) {
    return f != NULL && !f->metadata && f->refs == 0;
}

/* A frame that turns out to be held, by itself. */
void oracle_adopt(struct frame *f, uint8_t tag);

/* The oracle's other state, oracle.c. */
extern const struct world *oracle_world;
extern struct quire *oracle_quire;
extern uint64_t oracle_n_metadata, oracle_n_faults;

#endif
