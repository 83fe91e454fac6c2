/* quire.h: the page-frame allocator. This header is the contract; docs/design.md is the reasoning.
 *
 * Words: a frame is one page of physical memory; a block is 512 frames, aligned by physical address (2 MiB with
 * 4 KiB pages); an order is log2 of a number of frames; a tag is the caller's 8-bit name for a kind of owner.
 * Addresses are physical, in bytes.
 *
 * Contexts: everything but quire_init may be called at any time, on any CPU, with interrupts on or off, from
 * interrupt and NMI handlers, also in the middle of another call. Nothing waits, takes a lock or disables
 * interrupts. quire_get, quire_put, quire_try_get, quire_cow and quire_retag are lock-free: a CPU that is stopped anywhere stops
 * nobody, and a call tries again only where another CPU changed the record of the same frame in between. All others are
 * wait-free: each ends after a number of its own steps that blocks, CPUs and frames in use bound, whatever the other CPUs do.
 * Optimised, a call needs at most 1920 bytes of stack, 2752 at `-O0`: docs/porting.md has a table.
 *
 * Faults: a misuse is reported through quire_port_fault; if that returns, the call returns QUIRE_FAULT (or
 * QUIRE_NONE) and has changed nothing, unless its description says otherwise. Running out is a status.
 *
 * Cost is given in atomic read-modify-writes (RMW) on lines that other CPUs may use. */
#ifndef QUIRE_QUIRE_H
#define QUIRE_QUIRE_H

#include <quire/fault.h>
#include <quire/region.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- version -------------------------------------------------------------------------------------------- */

/* By Semantic Versioning: callers and ports that fit 0.1.x fit later 0.1.x, too; from 1.0.0 on, all later 1.x.y. */
#define QUIRE_VERSION_MAJOR 0
#define QUIRE_VERSION_MINOR 1
#define QUIRE_VERSION_PATCH 0

/* The version of the sources that were compiled, "0.1.0": the three numbers of their header. */
const char *quire_version(void);

/* ---- words ---------------------------------------------------------------------------------------------- */

/* Tests that walk through every frame of a block in many orders build with smaller blocks; a word of bits is the least. */
#ifndef QUIRE_BLOCK_ORDER
#define QUIRE_BLOCK_ORDER 9u
#endif
#define QUIRE_BLOCK_FRAMES   (1u << QUIRE_BLOCK_ORDER)
#define QUIRE_MAX_ORDER      (QUIRE_BLOCK_ORDER + 9) /* 1 GiB of frames of 4 KiB */
#define QUIRE_MAX_CPUS       65536u
#define QUIRE_MAX_REFS       0xFFFFFu /* a count that gets here stays here, and its frame is never freed */
#define QUIRE_MAX_NODES      64u
#define QUIRE_CUTS           3u
#define QUIRE_MAX_USER_BYTES 256u
#define QUIRE_TAGS           256u
#define QUIRE_TAG_QUARANTINE 255u /* frames found written while free, or not mapped; callers' tags are 0..254 */

enum quire_status {
    QUIRE_OK,
    QUIRE_NO_MEMORY,     /* fewer free frames than asked for */
    QUIRE_FRAGMENTED,    /* enough free frames, but no aligned run of them */
    QUIRE_UNSATISFIABLE, /* no managed memory could ever meet the request */
    QUIRE_INVALID,       /* an argument that means nothing: order, tag, region, n_cpus, ... */
    QUIRE_BUSY,          /* another CPU is in the middle of something; nothing was done, try again later */
    QUIRE_SATURATED,     /* a reference count is at its top and stays there; the frame is never freed again */
    QUIRE_FAULT,         /* a misuse or damage, reported to quire_port_fault */
    QUIRE_GAVE_UP,       /* the bound on a search was reached; says nothing about what is free */
};

/* What happens to the contents of frames. Chosen at init; costs a pass over the frame for each byte that it names. */
enum quire_content {
    QUIRE_CONTENT_NONE,      /* frames are never touched: they may be unmapped, encrypted or simulated */
    QUIRE_CONTENT_JUNK,      /* 1 in every byte on free, 5 on alloc, as in xv6 */
    QUIRE_CONTENT_JUNK_FREE, /* 1 in every byte on free, as in xv6 on x86 */
    QUIRE_CONTENT_ZERO,      /* 0 on alloc */
    QUIRE_CONTENT_POISON,    /* QUIRE_POISON on free, verified on alloc. A frame found written is reported as
                              * QUIRE_FAULT_CONTENT, put out of use under QUIRE_TAG_QUARANTINE, and another is taken. */
};
#define QUIRE_POISON 0x6Bu

/* ---- types ---------------------------------------------------------------------------------------------- */

struct quire; /* one allocator; several may exist; there is no global state */

struct quire_config {
    unsigned n_cpus;     /* CPU caches to make, 1..QUIRE_MAX_CPUS; quire_port_cpu returns 0..n_cpus-1 */
    quire_pa mapped_end; /* quire_port_map works below this address; QUIRE_NONE: everywhere. 0 means everywhere, too */
    enum quire_content content;

    /* Nodes: parts of memory that are nearer to some CPUs than to others, 0..n_nodes-1. Each region says its node. A block
     * of which two nodes have frames is the lower one's. The arrays are read by quire_init and quire_recover only. */
    unsigned n_nodes;            /* at most QUIRE_MAX_NODES; 0: one */
    const uint16_t *node_of_cpu; /* n_cpus of them; NULL: all CPUs are on node 0 */
    /* n_nodes rows of n_nodes: the way from the row's node to the column's; less is nearer. NULL: all others are as far */
    const uint8_t *distance;

    /* Address classes: [0, cuts[0]), [cuts[0], cuts[1]), .. Devices reach only the lower ones. A class with less than an eighth
     * of memory is left to callers that ask for it (struct quire_request, `end`) while there is other memory, on any node. */
    quire_pa cuts[QUIRE_CUTS]; /* ascending, as 16 MiB and 4 GiB, rounded down to blocks. The first 0 ends them */

    unsigned user_bytes; /* of the caller's own, for each frame: quire_user. A multiple of sizeof(uintptr_t), at most
                          * QUIRE_MAX_USER_BYTES. They add to the allocator's own data */
};

/* ---- life cycle ----------------------------------------------------------------------------------------- */

/* Makes an allocator for the usable ones among `regions`, which must be sorted and must not overlap (boot/ makes
 * such a list from what firmware says); bounds are rounded inwards to frames, reserved ones are skipped. The
 * allocator's own data are placed at the front of the largest usable piece below mapped_end: 0.101 % of memory and
 * 2048 bytes for each CPU. Runs on one CPU, before any other call; needs no CPU number, no lock and no interrupt state.
 *   QUIRE_INVALID    regions unsorted or overlapping, n_cpus, a node, a cut or user_bytes out of range, an unknown content
 *                    policy
 *   QUIRE_NO_MEMORY  no mapped region has room for the allocator's own data, or no frame is left over
 * On failure *out is NULL and no memory was written. Cost: a few hundred instructions for each region and each
 * CPU, whatever the size of memory. */
enum quire_status quire_init(struct quire **out, const struct quire_config *config, const struct quire_region *regions,
                             size_t n_regions);

/* Adds memory that was mapped or found later; the region must be mapped. May run while other CPUs allocate and free. Pieces
 * may be as small as a frame and come in any order: neighbours fill up each other's blocks. A block is of one node: frames
 * that fill it up are of its node, whatever the region says. The data that manage the region lie in free frames that the
 * allocator has, which count as metadata from then on. Where there are none, and for large regions, they lie at the region's
 * front. They are 0.11 % of it and at most a few KiB more, but no less than a frame, unless the region only fills blocks
 * of memory that is there.
 *   QUIRE_INVALID    not usable, less than a frame, of no node, or overlapping memory that is managed already
 *   QUIRE_NO_MEMORY  no free frames side by side for that data, and the region too small to hold it
 *   QUIRE_BUSY       another quire_add is running
 * On failure nothing changed. */
enum quire_status quire_add(struct quire *q, const struct quire_region *region);

/* What quire_recover found. */
struct quire_recovery {
    uint64_t n_held;   /* frames that somebody held, and holds on */
    uint64_t n_free;   /* free frames */
    uint64_t n_astray; /* of those: in a CPU cache, or on their way, when the crash came */
    uint64_t n_splits; /* blocks that were being split into their frames; finished */
    uint64_t n_joins;  /* allocations cut in the middle of being allocated or freed in part */
    const char *why;   /* what stood against it, one line for a person; NULL where the status is QUIRE_OK */
};

/* Takes over the allocator that a quire_init with the same arguments made, from its memory as a crash left it: who held
 * frames holds them on, with the same tags and counts, and all others are free. The metadata, those of memory that
 * was added included, must be mapped, wherever; and nobody may have written there since. Runs like quire_init.
 * Of each CPU the one call that was in flight is open: it has happened or not, or in part where it was about several
 * frames; a region that was being added may be there in part. It may be crashed itself, at any point, and run again.
 * What says how to read the metadata has a checksum. Of the rest it trusts what it finds: quire_validate tells about damage.
 * Contents of free frames are not verified once, where the policy is QUIRE_CONTENT_POISON.
 *   QUIRE_INVALID    as quire_init
 *   QUIRE_NO_MEMORY  as quire_init, or there is no such allocator; or it can not be read: its data are damaged, or were made
 *                    by another version of the library, or one built for another word, page or block size
 * On failure found->why says which, *out is NULL, and nothing was written. Cost: O(frames ever used). */
enum quire_status quire_recover(struct quire **out, const struct quire_config *config,
                                const struct quire_region *regions, size_t n_regions, struct quire_recovery *found);

/* ---- allocate and free ---------------------------------------------------------------------------------- */

/* One frame with one reference, owned by `tag` (0..254), or QUIRE_NONE. QUIRE_NONE means that at some instant during
 * the call no frame was free, the other CPUs' caches included; what that leaves open (a cache whose owner is stopped in
 * the middle of a call) is counted in quire_stats.n_unproved. With QUIRE_TAG_QUARANTINE it is QUIRE_NONE always, and
 * nothing changed. Cost: one RMW on a line of this CPU's. */
quire_pa quire_alloc(struct quire *q, uint8_t tag);

/* Gives back one frame that has one reference: all of an allocation or a part of it. "I am the only owner."
 *   QUIRE_FAULT  misaligned, not managed, reserved, free already, never handed out, shared; or not mapped, where the
 *                content policy fills what is freed. It is still held
 * Cost: one RMW on a line of this CPU's; of a part of an allocation, one more for each neighbour that stays, and the first
 * time in a block that was allocated as one, one for each of its frames. */
enum quire_status quire_free(struct quire *q, quire_pa pa);

/* 2^order frames, aligned to their size by physical address, each with one reference; *out is the first.
 *   QUIRE_INVALID  order > QUIRE_MAX_ORDER, or the tag is QUIRE_TAG_QUARANTINE
 *   QUIRE_NO_MEMORY, QUIRE_FRAGMENTED, QUIRE_UNSATISFIABLE
 * On failure *out is QUIRE_NONE and nothing changed.
 * Unlike quire_alloc it does not prove its failure: frames in caches in use at that moment, and on their way, are
 * passed over. Cost: some RMW on the block's line; where no run is found, every block and cache is looked at. */
enum quire_status quire_alloc_order(struct quire *q, unsigned order, uint8_t tag, quire_pa *out);

/* Gives back 2^order frames: a whole allocation or any aligned part of one; the rest stays allocated.
 *   QUIRE_INVALID  order > QUIRE_MAX_ORDER
 *   QUIRE_FAULT    as quire_free, or the frames are not (a part of) one allocation */
enum quire_status quire_free_order(struct quire *q, quire_pa pa, unsigned order);

/* ---- many single frames ---------------------------------------------------------------------------------- */

/* Up to n single frames for `tag`, each as by quire_alloc, into out[0..n-1], which may lie anywhere. Returns how many came. If
 * that is less than n, no frame was free then, as when quire_alloc says so. If it would be less than `least`, none is
 * kept, and 0 returned: n for all or nothing, 0 for as many as there are. With QUIRE_TAG_QUARANTINE it is 0.
 * Cost: one RMW on a line of this CPU's for 64 frames. */
size_t quire_alloc_bulk(struct quire *q, size_t n, size_t least, uint8_t tag, quire_pa *out);

/* Gives n frames back, each as by quire_free, in the order of pa[]. Returns how many. If that is less than n, a fault of the
 * next frame was reported. That frame and all behind it are still held.
 * Cost: as quire_alloc_bulk; of frames in another zone than this CPU's last one, as quire_free. */
size_t quire_free_bulk(struct quire *q, size_t n, const quire_pa *pa);

/* ---- any number of frames, anywhere ---------------------------------------------------------------------- */

/* What is asked for. All fields 0: one frame, anywhere, for owner 0. */
struct quire_request {
    uint64_t n_frames; /* side by side, none more; 0: one */
    quire_pa align;    /* bytes, a power of two: the address is a multiple of it. 0: of a frame */
    quire_pa boundary; /* bytes, a power of two: the frames cross no multiple of it. 0: they may */
    quire_pa low, end; /* all lie in [low, end); end 0: no upper limit. n_frames from `low` to `end`: just these */
    uint32_t n_looks; /* fail fast: at most so many blocks are looked at, and CPU caches are left alone. 0: all are, and
                        * the caches emptied if need be */
    uint16_t node;    /* 1 + the node whose memory is looked at first, then what is nearest to it; 0: this CPU's */
    bool node_only;   /* no other node's memory will do */
    uint8_t tag;      /* the owner, 0..254 */
};

/* Frames as asked for, one allocation, each with one reference; *out is the first.
 *   QUIRE_INVALID        the tag is QUIRE_TAG_QUARANTINE; align or boundary is no power of two; end is not above low; there
 *                        is no such node
 *   QUIRE_UNSATISFIABLE  also: more frames than lie between two boundaries, or between low and end
 *   QUIRE_NO_MEMORY      fewer free frames than asked for, in all memory
 *   QUIRE_FRAGMENTED     enough, but not side by side, or not where they were asked for
 *   QUIRE_GAVE_UP        n_looks was reached
 * On failure *out is QUIRE_NONE and nothing changed. What fits is found if it is free throughout the call, and in one zone
 * (struct quire_zone_stats; memory that quire_add brought may be another); the failure is not proved: frames in caches in use
 * at that moment, and on their way, are passed over, with n_looks those in all caches. One frame without limits, of
 * this CPU's node, is taken as by quire_alloc, 2^order of them first as by quire_alloc_order, and faults that are found then name
 * these.
 * Cost: some RMW on the line of each block that the frames lie in, and one store for each frame or whole block; where
 * nothing fits, every block that may have a part of them is looked at. */
enum quire_status quire_alloc_for(struct quire *q, const struct quire_request *request, quire_pa *out);

/* As many frames from `pa` on as are free side by side, at most n_frames, as one allocation of `tag`. Returns how many: 0
 * if there is none, or the arguments mean nothing (`pa` is no frame's address, the tag is QUIRE_TAG_QUARANTINE). They end where
 * the zone does. Frames in caches in use, and on their way, count as not free. Cost: as quire_alloc_for, without the
 * search. */
uint64_t quire_alloc_range(struct quire *q, quire_pa pa, uint64_t n_frames, uint8_t tag);

/* Gives back n_frames side by side, each with one reference: of one or more allocations, all of them or parts, in one zone or
 * several; what is left of these stays allocated.
 *   QUIRE_INVALID  n_frames is 0
 *   QUIRE_FAULT    as quire_free, for the first frame that stands against it
 * Cost: as quire_free_order, for each block that they lie in. */
enum quire_status quire_free_frames(struct quire *q, quire_pa pa, uint64_t n_frames);

/* The frames' owner is `tag` from now on. The caller holds all of them: whole allocations or parts, shared or not, in one zone
 * or several. A part of an allocation becomes one of its own, as what is left of it does on either side.
 *   QUIRE_INVALID  n_frames is 0, or the tag is QUIRE_TAG_QUARANTINE
 *   QUIRE_FAULT    as quire_get, for the first frame that nobody holds
 * Cost: one RMW for each frame, or for each block of which all is one allocation. */
enum quire_status quire_retag(struct quire *q, quire_pa pa, uint64_t n_frames, uint8_t tag);

/* ---- references ----------------------------------------------------------------------------------------- */

/* Each frame has a count of its own, also inside a larger allocation. Cost: one RMW on the frame's record; the first time
 * in a block that was allocated as one, one more for each of its frames. */

/* One reference more. The caller holds one already.
 *   QUIRE_SATURATED  the count is QUIRE_MAX_REFS, by this call or since an earlier one, and stays there. The reference is
 *                    good, and may be put; the frame is never freed again
 *   QUIRE_FAULT      as quire_free but for shared; nobody holds the frame */
enum quire_status quire_get(struct quire *q, quire_pa pa);

/* One reference more for a caller that holds none, and has found the address somewhere: any address is allowed. True: the
 * caller holds a reference now, as after quire_get, and the frame can not be freed before it is put. False, and nothing
 * changed, is an ordinary answer, never a fault:
 *   nobody holds the frame, or it is not managed, or `pa` is not aligned to a frame
 *   the count would come to its top by this one
 *   the frame's block is one allocation that another call is parting into its frames just now
 * The frame may have been given up and handed out anew since its address was found. So look there again afterwards, with
 * a seq_cst load, where a seq_cst store takes the address away before the last quire_put.
 * Who may be looked for so gives the frame back with quire_put, never quire_free or quire_free_order: these say "I am
 * the only owner", which a caller of quire_try_get makes untrue at any time. That is so for everybody who may get the frame
 * while an old address of it may be in use. */
bool quire_try_get(struct quire *q, quire_pa pa);

/* One reference fewer; the last one frees the frame. At QUIRE_MAX_REFS nothing changes.
 *   QUIRE_FAULT  as quire_get */
enum quire_status quire_put(struct quire *q, quire_pa pa);

/* The count: 0 for a frame that is free or not managed. A snapshot. */
uint32_t quire_refs(const struct quire *q, quire_pa pa);

/* The copy-on-write break. The caller holds one reference to `shared` and wants a frame to write to. If it is the only
 * one, *own is `shared`; else *own is a new frame with the same contents, the same tag and one reference, and `shared`
 * has one fewer.
 *   QUIRE_NO_MEMORY  *own is QUIRE_NONE; the reference is still held
 *   QUIRE_FAULT      as quire_get */
enum quire_status quire_cow(struct quire *q, quire_pa shared, quire_pa *own);

/* ---- inspect -------------------------------------------------------------------------------------------- */

/* Snapshots: exact while nobody allocates or frees, whoever else reads; else off by what is in flight. None waits or keeps
 * others from a frame; all are safe in a panic. */

struct quire_stats {
    uint64_t n_frames;      /* managed: handed out or free; without the metadata */
    uint64_t n_free;        /* free, those in CPU caches included */
    uint64_t n_cached;      /* of those: in CPU caches */
    uint64_t n_metadata;    /* frames that hold the allocator's own data */
    uint64_t n_free_blocks; /* blocks of which all 512 frames are free and in one place */
    uint64_t n_faults;      /* reported so far, all of them */
    uint64_t n_unproved;    /* allocations that failed while some CPU was in the middle of a call all the time */
    unsigned n_zones;
    unsigned n_cpus;
};

struct quire_zone_stats {
    quire_pa base, end; /* the span; holes inside it are possible */
    uint64_t n_frames;
    uint64_t n_free;         /* without those in CPU caches */
    uint64_t n_free_blocks;  /* blocks of which all 512 are free here */
    uint64_t n_fresh_blocks; /* never used: their metadata are not even initialised */
    unsigned node;
};

struct quire_cpu_stats {
    uint32_t n_warm;   /* single frames and short runs at hand, handed out first: at most 352 frames */
    uint32_t n_in;     /* frames of the borrowed block that allocations come from */
    uint32_t n_out;    /* frames of the block that frees are gathered for */
    quire_pa in_block; /* address of those blocks, QUIRE_NONE where there is none */
    quire_pa out_block;
    uint64_t n_refills; /* blocks borrowed so far; this and the next from 0 again after 2^32 on 32-bit machines */
    uint64_t n_steals;  /* times that another CPU emptied this cache */
    bool gathering;     /* frees go home at once, to make blocks whole (docs/design.md) */
    bool busy;          /* somebody is in the middle of using it: single frames at hand are not known, and left out */
    unsigned node;      /* the CPU's */
};

/* As in struct quire_stats, in O(zones and CPUs). Off by the frames that came home twice, if any did (QUIRE_FAULT_BIT_TWICE). */
uint64_t quire_n_free(const struct quire *q);
void quire_stats(const struct quire *q, struct quire_stats *out);                          /* O(blocks in use) */
bool quire_zone_stats(const struct quire *q, unsigned zone, struct quire_zone_stats *out); /* false: no such zone */
bool quire_node_stats(const struct quire *q, unsigned node,
                      struct quire_zone_stats *out);                                    /* sums; false: no such node */
bool quire_cpu_stats(const struct quire *q, unsigned cpu, struct quire_cpu_stats *out); /* false: no such CPU */
void quire_tag_stats(const struct quire *q, uint64_t n_frames[QUIRE_TAGS]); /* held frames by owner; as quire_walk */

enum quire_state {
    QUIRE_STATE_FREE,     /* in memory or in a CPU cache */
    QUIRE_STATE_HELD,     /* one reference */
    QUIRE_STATE_SHARED,   /* more than one */
    QUIRE_STATE_RESERVED, /* inside a zone's span, but not the allocator's: a hole */
    QUIRE_STATE_METADATA, /* the allocator's own */
};

struct quire_run {
    quire_pa base;
    uint64_t n_frames;
    enum quire_state state;
    uint8_t tag; /* HELD and SHARED: the owner; else 0 */
};

/* Calls `visit` for each run of frames of equal state and tag, by ascending address, until it returns false. Cost: O(frames
 * in use and zones). */
typedef bool quire_walk_fn(void *ctx, const struct quire_run *run);
void quire_walk(const struct quire *q, quire_walk_fn *visit, void *ctx);

/* The same from an address on: the first run begins there, if a frame is there. */
void quire_walk_from(const struct quire *q, quire_pa from, quire_walk_fn *visit, void *ctx);

/* One frame. */
struct quire_frame {
    enum quire_state state;
    uint8_t tag;   /* HELD and SHARED: the owner; else 0 */
    uint32_t refs; /* HELD and SHARED: references; else 0 */
};

/* What the frame is that `pa` lies in; false: no frame of the allocator's memory. Cost: a search among the zones. */
bool quire_frame_at(const struct quire *q, quire_pa pa, struct quire_frame *out);

/* The most frames that lie free side by side and meet the request's alignment, boundary and limits; *at is the first one's
 * address, QUIRE_NONE if there is none. n_frames, n_looks and tag do not matter. Frames in CPU caches are left out.
 * Cost: O(blocks that were ever used and have a free frame). */
uint64_t quire_largest(const struct quire *q, const struct quire_request *request, quire_pa *at);

/* All free frames as runs that quire_alloc_order could give: n_runs[order] runs of 2^order frames, aligned to their size, as few
 * as possible. Each frame counts in one of them; those in CPU caches are left out. Cost: as quire_largest. */
void quire_free_runs(const struct quire *q, uint64_t n_runs[QUIRE_MAX_ORDER + 1]);

/* ---- words of the caller's own --------------------------------------------------------------------------- */

/* The user_bytes of the frame that `pa` lies in, for what a kernel keeps of each frame. They are 0 when the first frame of a
 * block is handed out, and the allocator does not look at them: they stay when the frame is freed, and in a recovery. NULL:
 * user_bytes is 0, the frame is not managed, or no frame of its block was ever handed out. Cost: no RMW; a search among
 * the zones where the frame is not in the largest one. */
void *quire_user(const struct quire *q, quire_pa pa);

/* ---- debug ---------------------------------------------------------------------------------------------- */

/* Recounts everything from the bits up, for a moment when nothing else allocates or frees. Holds nothing meanwhile: the
 * others go on.
 *   QUIRE_FAULT  *first names the first thing that disagrees; quire_port_fault is not called
 *   QUIRE_BUSY   others allocate or free, or are stopped in the middle of a call: a recount means nothing
 * Cost: O(frames in use). */
enum quire_status quire_validate(const struct quire *q, struct quire_fault *first);

const char *quire_status_name(enum quire_status status); /* "no memory", ...; never NULL */

#ifdef __cplusplus
}
#endif

#endif
