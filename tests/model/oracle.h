/* oracle.h: what the allocator should say, kept in the most naive way: a struct for each frame, looked at one by one.
 *
 * The oracle does not say which frame comes, only whether what came was possible; and which faults a call must report.
 * Each check that fails explains itself and ends the run. */
#ifndef ORACLE_H
#define ORACLE_H

#include "world.h"

struct frame {
    quire_pa pa;
    bool metadata;
    bool ever;           /* it was handed out at some time */
    uint32_t refs;       /* 0: free */
    uint8_t tag;         /* of the owner, or the last one */
    uint32_t allocation; /* the same number: parts of one allocation */
    uint8_t byte;        /* what stands in each byte of it, but for */
    uint64_t stamp;      /* what its holder wrote at its front and back; 0: nothing */
    unsigned dirty_at;   /* where somebody wrote to it while it was free, */
    uint8_t dirty;       /* and what is there now; 0: nowhere, for nobody writes 0 */
};

extern struct frame *oracle_frames; /* of all usable memory that quire manages, metadata included */
extern size_t oracle_n_frames;
extern uint64_t oracle_n_free;

/* Which call is being made, for the messages and for the faults that it may report. */
struct operation {
    const char *call;
    quire_pa pa;
    unsigned order;
    unsigned cpu;
};
extern struct operation oracle_op;

/* Prints what went wrong after the operation and how to repeat it, and ends the program. */
_Noreturn void oracle_fail(const char *format, ...);
extern uint64_t oracle_seed, oracle_step;

void oracle_start(const struct world *w, struct quire *q);
void oracle_end(void);
void oracle_added(const struct quire_region *region); /* quire_add said yes */

struct frame *oracle_frame(quire_pa pa); /* NULL: not managed */
struct frame *oracle_held(void);         /* one that is held, by chance; NULL: not easily found */
struct frame *oracle_free(void);

/* Whether memory has an aligned run of 2^order frames, free now or ever. */
bool oracle_has_run(unsigned order, bool free_now);

/* A call with this order may not fail: the frames are held, not shared where that matters, of one allocation. */
bool oracle_is_proper(void);

/* The operation ended with these results. */
void oracle_allocated(quire_pa pa, uint8_t tag); /* QUIRE_NONE: it said that there is none */
void oracle_freed(quire_pa pa, unsigned order);
void oracle_copied(const struct frame *shared, quire_pa own);

/* The reports since the last call: written frames that an allocation came across, or one misuse. */
void oracle_content_faults(void);
void oracle_misuse_fault(void);

/* Writes to a frame that nobody holds. */
void oracle_write_to_free(struct frame *f, unsigned offset, uint8_t byte);

void oracle_compare_counts(void); /* quick */
void oracle_compare_all(void);    /* each frame, the walk, the owners, and quire_validate */

#endif
