/* layout.h: what lasts of an allocator in memory, and how to read it.
 *
 * Whoever comes later (quire_recover, the next kernel, a debugger, a tool outside of the machine) reads this part and
 * nothing else. It holds frame numbers, block numbers, and offsets in bytes, never a pointer: it may be mapped anywhere.
 *
 * Metadata lie in extents: frames one behind the other, mapped one behind the other. quire_init makes one, and quire_add
 * one for each zone that it adds. Each begins with a header, and the headers are a chain by frame numbers:
 *
 *   extent 0, made by quire_init                                           extent 1, made by quire_add
 *   +--------+--------+--------------+--------+-------+--------------+     +--------+--------+-------+--------------+
 *   | header | zones  | struct quire | caches | table | zone 0, 1 .. |     | header | zones  | table | zone         |
 *   +--------+--------+--------------+--------+-------+--------------+     +--------+--------+-------+--------------+
 *     next ------------------------------------------------------------->    next -> no more
 *
 *   one zone, where its entry in `zones` says
 *   +---------------+-----------------+--------------------+--------------+---------------------+
 *   | struct q_zone | line of 64 bytes| record of 32 bits  | hints: nodes | count and record    |
 *   |               | for each block  | for each frame     | of a tree    | for each block      |
 *   +---------------+-----------------+--------------------+--------------+---------------------+
 *
 * Fixed, with a checksum: header and zones. Shared words that change, at fixed offsets: lines, records, nodes, counts; of
 * struct q_zone and struct quire those that are marked as lasting there. A cache's loans name their block by its first frame
 * and a mask, which reads anywhere. All else is a view (view.c): pointers and copies that the kernel that runs made for
 * itself. It lies here because a kernel has no other memory yet, and nobody else reads it.
 *
 * A reader compares magic and version, then the checksum, then all that the header says about sizes: what differs
 * was made by a library that was built otherwise. Numbers are in the byte order of the machine: the magic tells.
 *
 * The link to the next extent changes once and has no checksum. It stands there three times, and two that agree are
 * right: so it outlives a crash between two of its stores, and any one damaged word.
 *
 * Y1  Whatever single word of a header or of the zones is overwritten, the reader says so, or reads what stood there
 *     before.                                                                             tests/unit/layout.c */
#ifndef Q_LAYOUT_H
#define Q_LAYOUT_H

#include "bits.h"
#include <stdatomic.h>

#define Q_MAGIC          0x51756972u /* "Quir" */
#define Q_LAYOUT_VERSION 1u

#define Q_LINKS 3u

struct q_header {
    _Atomic uint32_t magic; /* Q_MAGIC, written last; 0 until then */
    uint32_t version;       /* Q_LAYOUT_VERSION; of what stands above, nothing ever changes */
    uint32_t sum;           /* q_header_sum: of all from here to `next` */
    uint8_t word_bytes;     /* of a q_word */
    uint8_t page_shift;
    uint8_t block_order;
    uint8_t content; /* enum quire_content */
    uint32_t header_bytes;
    uint32_t zone_bytes;  /* struct q_zone_layout */
    uint32_t quire_bytes; /* struct quire, core.h */
    uint32_t cache_bytes; /* struct q_cache, cache.h */
    uint32_t view_bytes;  /* struct q_zone, zone.h */
    uint32_t node_bytes;  /* struct q_node, index.h */
    uint32_t block_bytes; /* struct q_block, zone.h */
    uint32_t n_cpus;
    uint32_t number;    /* of this extent in the chain, from 0 */
    uint32_t n_zones;   /* that begin in this extent */
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
    uint64_t blocks_at;  /* struct q_block for each block */
    uint32_t sum;        /* q_zone_layout_sum: of all above */
    uint32_t zero;
};

/* Readers of another word size find all of it in the same places, but for the links. */
_Static_assert(offsetof(struct q_header, word_bytes) == 12 && offsetof(struct q_header, seal) == 56 &&
                   offsetof(struct q_header, next) == 112,
               "no padding");
_Static_assert(offsetof(struct q_zone_layout, sum) == 56 && sizeof(struct q_zone_layout) == 64, "no padding");

#endif
