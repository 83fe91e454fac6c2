/* fault.h: what the allocator reports when it is misused or finds damage.
 *
 * Each report is counted (quire_stats.n_faults). What the call does if the hook returns depends on whose fault it is:
 *
 *   the caller's          the call returns QUIRE_FAULT and has changed nothing. DOUBLE_FREE to PUT_FREE, and UNMAPPED
 *                         from a call other than an allocation
 *   somebody else's, on   the call goes on. A frame that was taken and is no good (CONTENT, HANDED_TWICE, UNMAPPED,
 *   the way               METADATA) is left to whoever holds it, or put out of use, and another one is taken. A frame
 *                         that comes home twice (BIT_TWICE) is there once; where the number of frames at home can not be
 *                         (METADATA) they are there all the same
 *
 * Running out of memory is not a fault, nor is a reference count that is full. */
#ifndef QUIRE_FAULT_H
#define QUIRE_FAULT_H

#include <quire/region.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum quire_fault_kind {
    QUIRE_FAULT_NONE,
    QUIRE_FAULT_DOUBLE_FREE,     /* freed, and free already; tag says who owned it last */
    QUIRE_FAULT_NEVER_ALLOCATED, /* freed, but never handed out */
    QUIRE_FAULT_UNMANAGED,       /* an address that no zone covers: a hole, below or above all memory */
    QUIRE_FAULT_RESERVED,        /* an address inside a zone that is no RAM of ours, or the allocator's own metadata */
    QUIRE_FAULT_MISALIGNED,      /* an address that is not aligned to the size of what is freed */
    QUIRE_FAULT_SHARED,          /* free of a frame that has more than one reference */
    QUIRE_FAULT_WRONG_ORDER,     /* a free that covers more than (a part of) one allocation */
    QUIRE_FAULT_GET_FREE,        /* get, or copy-on-write, of a frame that nobody holds */
    QUIRE_FAULT_PUT_FREE,        /* put of a frame that nobody holds: a count below zero */
    QUIRE_FAULT_CONTENT,         /* a free frame was written to; offset, found and expected say where and what */
    QUIRE_FAULT_BIT_TWICE,       /* a frame came back to its block and was there already */
    QUIRE_FAULT_HANDED_TWICE,    /* a frame about to be handed out is held already; it is left to its holder */
    QUIRE_FAULT_METADATA,        /* the allocator's own data disagree with themselves; detail says which */
    QUIRE_FAULT_UNMAPPED,        /* the port gives no address for a frame whose contents must be touched */
    QUIRE_FAULT_KINDS
};

struct quire_fault {
    enum quire_fault_kind kind;
    const char *call;   /* the public function that found it. What is found when frames come home to their blocks
                         * (BIT_TWICE, METADATA) is said of "quire_free", though that may be later, in another call. With
                         * QUIRE_CHECK 2 METADATA may name a function of the core: it has a mistake, and stops there */
    const char *detail; /* one line for a person: what is wrong, in words */
    quire_pa pa;        /* the frame, or QUIRE_NONE where no single frame is meant */
    unsigned order;   /* log2 of the frames that the call was about, rounded up; of those in one zone with the frame */
    uint32_t record;  /* the frame's record as found, 0 where there is none; src/record.h says how to read it */
    uint32_t refs;    /* the reference count in it */
    uint8_t tag;      /* the owner in it: who holds the frame, or held it last */
    unsigned offset;  /* CONTENT: byte in the frame */
    uint8_t found;    /* CONTENT: what stands there */
    uint64_t value;   /* METADATA: the number that is wrong, where `detail` is a condition that should hold */
    uint8_t expected; /* CONTENT: what should */
};

/* "double free", "poison overwritten", ...; never NULL. */
const char *quire_fault_name(enum quire_fault_kind kind);

#ifdef __cplusplus
}
#endif

#endif
