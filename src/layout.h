/* layout.h: what lasts of an allocator in memory, and how to read it.
 *
 * Later readers (quire_recover, the next kernel, a debugger, a tool outside of the machine) read this part and nothing
 * else. It holds frame numbers, block numbers, and offsets in bytes, never a pointer: it may be mapped anywhere.
 *
 * Metadata lie in extents. An extent is a row of neighbouring frames that are mapped as one row, too. quire_init makes
 * one extent, and quire_add one for each zone that it adds. Each begins with a header, and each header names the first
 * frame of the next extent, so that they form a chain:
 *
 *   extent 0, made by quire_init                                           extent 1, made by quire_add
 *   +--------+--------+--------------+--------+-------+--------------+     +--------+--------+-------+--------------+
 *   | header | zones  | struct quire | caches | table | zone 0, 1 .. |     | header | zones  | table | zone         |
 *   +--------+--------+--------------+--------+-------+--------------+     +--------+--------+-------+--------------+
 *     next ------------------------------------------------------------->    next -> no more
 *
 *   one zone, where its entry in `zones` says
 *   +---------------+-----------------+--------------------+--------------+---------------------+-----------------+
 *   | struct q_zone | line of 64 bytes| record of 32 bits  | hints: nodes | counts, and records | the caller's    |
 *   |               | for each block  | for each frame     | of a tree    | for each block      | for each frame  |
 *   +---------------+-----------------+--------------------+--------------+---------------------+-----------------+
 *
 * There are three kinds of data in it:
 *
 *   fixed    the header and `zones`. Each has a checksum.
 *   shared   words that change, at fixed offsets: lines, records, nodes, counts; and the words of struct q_zone and struct
 *            quire that are marked as lasting there. A cache's loan names its block by the first frame and a mask,
 *            which mean the same wherever the extent is mapped.
 *   view     all else (view.c): pointers and copies that the running kernel made for itself. They lie here because a
 *            kernel has no other memory yet. No other reader uses them.
 *
 * A reader compares magic and version, then the checksum, then all sizes that the header states: where one differs, a
 * library that was built in another way made the metadata. Numbers are in the byte order of the machine. The magic is
 * one, too, so a reader of the other byte order does not find it.
 *
 * The link to the next extent changes once and has no checksum. It stands there three times, and two that agree are
 * right. So it survives a crash between two of its stores, and one damaged word.
 *
 * Y1  Whatever single word of a header or of the zones is overwritten, the reader says so, or reads what stood there
 *     before.                                                                             tests/unit/layout.c
 * Y2  Each field lies at the same offset for readers of both word sizes, except for the links, which come last.
 *                                                                                          _Static_asserts below */
#ifndef Q_LAYOUT_H
#define Q_LAYOUT_H

#include "bits.h"
#include "check.h"
#include <stdatomic.h>

#define Q_MAGIC          0x51756972u /* "Quir" */
#define Q_LAYOUT_VERSION 4u

#define Q_LINKS 3u

struct q_header {
    _Atomic uint32_t magic; /* Q_MAGIC, written last; 0 until then */
    uint32_t version;       /* Q_LAYOUT_VERSION; in every version, these two fields lie here */
    uint32_t sum;           /* q_header_sum: of all from here to `next` */
    uint8_t word_bytes;     /* of a q_word */
    uint8_t page_shift;
    uint8_t block_order;
    uint8_t content; /* enum quire_content */
    uint32_t header_bytes;
    uint32_t zone_bytes;   /* struct q_zone_layout */
    uint32_t quire_bytes;  /* struct quire, core.h */
    uint32_t cache_bytes;  /* struct q_cache, cache.h */
    uint32_t view_bytes;   /* struct q_zone, zone.h */
    uint32_t node_bytes;   /* struct q_node, index.h */
    uint32_t record_bytes; /* q_record, record.h */
    uint32_t n_cpus;
    uint32_t number;     /* of this extent in the chain, from 0 */
    uint32_t n_zones;    /* that begin in this extent */
    uint32_t user_bytes; /* for each frame */
    uint32_t n_nodes;
    uint64_t seal;      /* checksum of what quire_init was told (init.c); the same in all extents of an allocator */
    uint64_t base, end; /* the extent's own frames, by number */
    /* Bytes from the header on: */
    uint64_t zones_at;            /* struct q_zone_layout, n_zones of them */
    uint64_t quire_at, caches_at; /* in extent 0, else 0 */
    uint64_t table_at;            /* of pointers, for a view: room for all zones of this and the extents before */
    /* Changes: the frame of the next extent, or Q_NO_FRAME. */
    _Atomic q_word next[Q_LINKS];
};

struct q_zone_layout {
    uint64_t first; /* frame of the first record; a multiple of a block */
    uint64_t n_blocks;
    /* Bytes from the header on: */
    uint64_t view_at;    /* struct q_zone */
    uint64_t lines_at;   /* struct q_line for each block */
    uint64_t records_at; /* q_record for each frame */
    uint64_t index_at;   /* struct q_node; where block `first` lies in the tree: index.c */
    uint64_t counts_at;  /* q_count for each block */
    uint64_t wholes_at;  /* q_record for each block */
    uint64_t user_at;    /* the caller's own, user_bytes for each frame */
    uint32_t node;
    uint32_t sum; /* q_zone_layout_sum: of all above */
};

/* Y2: no padding before the fields named here. */
_Static_assert(offsetof(struct q_header, version) == 4, "a reader of any version finds the version");
_Static_assert(offsetof(struct q_header, word_bytes) == 12, "a reader of any word size finds the word size");
_Static_assert(offsetof(struct q_header, seal) == 64, "twelve numbers of 32 bits stand before the seal");
_Static_assert(offsetof(struct q_header, next) == 120, "the links come last");
_Static_assert(offsetof(struct q_zone_layout, sum) == 76, "the checksum covers all that stands before it");
_Static_assert(sizeof(struct q_zone_layout) == 80, "an array of these has the same elements everywhere");

/* The least multiple of `to`, a power of two, that is not less than n. */
static inline size_t q_round_up(size_t n, size_t to) {
    Q_ASSERT(to > 0 && (to & (to - 1)) == 0, to);
    return (n + to - 1) & ~(to - 1);
}

/* What lies `at` bytes after the header. Where the extent may only be read, the caller does not write through the
 * result. */
static inline void *q_part(const struct q_header *h, uint64_t at) {
    return (char *)(uintptr_t)h + at;
}

/* The entries for the zones that begin in this extent: h->n_zones of them. */
static inline struct q_zone_layout *q_zone_layouts(const struct q_header *h) {
    return q_part(h, h->zones_at);
}

#endif
