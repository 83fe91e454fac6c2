/* oracle.h: what the allocator should say, kept in the most naive way: a struct for each frame.
 *
 * The oracle does not say which frame comes, only whether what came was possible; and which faults a call must report.
 * Each check that fails explains itself and ends the run. */
#ifndef ORACLE_H
#define ORACLE_H

#include "tests/pair.h"
#include "world.h"

struct frame {
    quire_pa pa;
    bool metadata;
    bool ever;           /* it was handed out at some time, as far as the allocator can know */
    bool poisoned;       /* it was when it was freed, and no crash came since */
    uint8_t tag;         /* of the owner, or the last one */
    uint8_t byte;        /* what stands in each byte of it, but for */
    uint64_t stamp;      /* what its holder wrote at its front and back; 0: nothing */
    unsigned dirty_at;   /* where somebody wrote to it while it was free, */
    uint8_t dirty;       /* and what is there now; 0: nowhere, for nobody writes 0 */
    uint32_t refs;       /* 0: free */
    uint32_t allocation; /* the same number: parts of one allocation */
    uint32_t slot, seat; /* frames.c: where it is counted and listed */
};

extern struct frame *oracle_frames; /* of all usable memory that quire manages, metadata included, by address */
extern size_t oracle_n_frames;
extern uint64_t oracle_n_free;
extern unsigned oracle_n_nodes; /* of the world */

/* ---- the operation -------------------------------------------------------------------------------------- */

enum call {
    CALL_INIT,
    CALL_ALLOC,
    CALL_ALLOC_ORDER,
    CALL_FREE,
    CALL_FREE_ORDER,
    CALL_GET,
    CALL_PUT,
    CALL_COW,
    CALL_REFS,
    CALL_TRY_GET,
    CALL_ADD,
    CALL_RECOVER,
    CALL_ALLOC_FOR,
    CALL_ALLOC_RANGE,
    CALL_FREE_FRAMES,
    CALL_ALLOC_BULK,
    CALL_FREE_BULK,
    CALL_WRITE, /* none of the allocator's: somebody writes to a frame that is not his */
};

/* Which call is being made, for the messages and for the faults that it may report. */
struct operation {
    enum call call;
    quire_pa pa;
    uint64_t n;           /* frames */
    const quire_pa *list; /* CALL_FREE_BULK: these frames; else NULL: side by side from pa on */
    unsigned cpu;
    uint8_t tag;          /* of what is allocated */
    bool misuse;          /* it must be refused */
    unsigned first_fault; /* faults reported earlier belong to the call that this one interrupts */
};
extern struct operation oracle_op;

void oracle_begin(enum call call, quire_pa pa, uint64_t n);

/* Whether it is a call that gives somebody frames. */
bool oracle_takes(enum call call);

/* log2 of its frames, rounded up. */
unsigned oracle_order(void);

/* Whether one of n frames from `pa` on is among those that an operation is about. */
bool oracle_is_about(const struct operation *op, quire_pa pa, uint64_t n);

/* The name in reports. For one frame quire_alloc_order is quire_alloc, and quire_free_order quire_free. */
const char *oracle_call_name(void);

/* Prints what went wrong after the operation and how to repeat it, and ends the program. */
_Noreturn void oracle_fail(const char *format, ...);
extern uint64_t oracle_seed, oracle_step;

void oracle_expect_status(enum quire_status status, enum quire_status want);

/* ---- life ----------------------------------------------------------------------------------------------- */

void oracle_start(const struct world *w, struct quire *q);
void oracle_added(const struct quire_region *region); /* quire_add said yes */

/* ---- frames (frames.c) ---------------------------------------------------------------------------------- */

struct frame *oracle_frame(quire_pa pa); /* NULL: not managed */
struct frame *oracle_held(void);         /* one that is held, by chance; NULL: there is none */
struct frame *oracle_free(void);

/* How many aligned runs of 2^order frames are free; how many memory has at all. */
uint64_t oracle_free_runs(unsigned order);
uint64_t oracle_runs(unsigned order);

/* How many frames from `pa` on are free, at most n; whether n of them lie in one zone. */
uint64_t oracle_free_from(quire_pa pa, uint64_t n);
bool oracle_in_one_zone(quire_pa pa, uint64_t n);

/* ---- before and after a call ---------------------------------------------------------------------------- */

/* A call with these frames may not fail: the frames are held, not shared where that matters, of one allocation. */
bool oracle_is_proper(void);

/* The operation ended with these results. */
void oracle_allocated(quire_pa pa, uint8_t tag);         /* QUIRE_NONE: it said that there is none */
void oracle_given(quire_pa pa, uint64_t n, uint8_t tag); /* one allocation, wherever it lies */
void oracle_given_back(uint8_t tag);                     /* it gave all that are free, and took them back */
void oracle_freed(quire_pa pa, uint64_t n);
void oracle_got(struct frame *f);     /* a reference more, */
void oracle_looked_up(bool got);      /* the same by address, or not */
void oracle_dropped(struct frame *f); /* one fewer, and there is another */
void oracle_copied(const struct frame *shared, quire_pa own);

/* What quire_get says of a frame that is held. */
enum quire_status oracle_how_got(const struct frame *f);

/* What quire_alloc_order says when it has nothing. */
enum quire_status oracle_why_none(unsigned order);

/* quire_alloc_for gave this (requests.c). `in_the_way`: another call has frames in hand, for which it may have failed. */
void oracle_answered(const struct quire_request *r, enum quire_status status, quire_pa pa, bool in_the_way);

/* The reports since the operation began: written frames that an allocation came across, or one misuse. */
void oracle_content_faults(void);
void oracle_misuse_fault(void);

/* Writes to a frame that nobody holds. */
void oracle_write_to_free(struct frame *f, unsigned offset, uint8_t byte);

/* ---- after a crash (recovery.c) -------------------------------------------------------------------------- */

/* Calls quire_recover. Nothing was in flight, or, if it crashed, the operation was. */
void oracle_recover(const struct quire_config *config, const struct quire_region *regions, size_t n_regions,
                    bool crashed);

/* ---- comparing (compare.c) ------------------------------------------------------------------------------ */

void oracle_compare_refs(void);   /* of the operation's frames */
void oracle_compare_counts(void); /* quick */
void oracle_compare_all(void);    /* each frame, the walk, all statistics, and quire_validate */

#endif
