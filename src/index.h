/* index.h: finding a block. See index.c for the theory. */
#ifndef Q_INDEX_H
#define Q_INDEX_H

#include "bits.h"
#include "check.h"
#include <quire/quire.h>
#include <stdatomic.h>

#define Q_BLOCK QUIRE_BLOCK_FRAMES

/* The kinds of hint. Blocks are grouped by how many of their frames are free. Beside that, of a block that is used in part
 * three hints tell how long a run of free frames it may have: a run inside one word of its line, aligned to its size. */
enum q_class {
    Q_FRESH,       /* never used: all free, metadata not initialised */
    Q_NEARLY_FULL, /* less than 1/32 free (16): left alone until nothing else is left, so that they can empty */
    Q_FEW,         /* less than 1/4 (128) */
    Q_SOME,        /* less than 3/4 (384) */
    Q_MOST,        /* less than all */
    Q_ALL,         /* all 512 */
    Q_READY,       /* metadata initialised; set once, never cleared */
    Q_PAIRS,       /* may have a run of 2 frames */
    Q_EIGHTS,      /* of 8 */
    Q_WORDS,       /* a whole word of them */
    Q_CLASSES,
    Q_NOTHING = Q_CLASSES /* no frame free: no hint */
};

#define Q_NO_BLOCK     SIZE_MAX
#define Q_FANOUT       Q_WORD_BITS /* children of a node */
#define Q_FANOUT_ORDER Q_WORD_ORDER
/* The most that a tree of Q_LEVELS can index. */
#define Q_MOST_BLOCKS ((size_t)1 << (sizeof(size_t) == 8 ? 36 : 30))
#define Q_LEVELS      6 /* 64^6 blocks are 2^57 bytes, 32^6 more than 2^32 frames; zones are no larger */

_Static_assert(1u << Q_FANOUT_ORDER == Q_FANOUT, "a child's number is found by shifts");
_Static_assert(Q_MOST_BLOCKS >> (Q_FANOUT_ORDER * Q_LEVELS) <= 1, "the top of Q_LEVELS is one node");
_Static_assert(Q_FRESH == 0 && Q_READY == Q_PAIRS - 1, "loops over the classes that are counts lie between");

/* One node of the tree: a bit for each child in each word. With 64-bit words a node is two cache lines: the first with what
 * every search reads, the second from READY on, which frees read. So a CPU whose frees ask whether a block is initialised
 * does not wait for those that change the blocks' classes. */
struct q_node {
    _Atomic q_word raw; /* children that are nodes and that nobody has claimed for initialising; 0 in a leaf */
    q_word unused;
    _Atomic q_word word[Q_CLASSES];
    q_word unused_too[14 - Q_CLASSES];
};

_Static_assert(sizeof(struct q_node) == 16 * sizeof(q_word), "no padding");
_Static_assert(offsetof(struct q_node, word[Q_READY]) == 8 * sizeof(q_word), "READY begins the second line");

struct q_index {
    struct q_node *level[Q_LEVELS]; /* level[0] are the leaves, whose children are blocks */
    size_t n_blocks;
    unsigned top; /* level of the one root */
};

/* The class of a block with this many free frames. */
static inline enum q_class q_class_of(int32_t n_free) {
    const int32_t all = Q_BLOCK;
    return n_free <= 0            ? Q_NOTHING
           : n_free < all / 32    ? Q_NEARLY_FULL
           : n_free < all / 4     ? Q_FEW
           : n_free < all / 4 * 3 ? Q_SOME
           : n_free < all         ? Q_MOST
                                  : Q_ALL;
}

/* The hint for runs of 2^order frames, or for shorter ones that such a run has in it; Q_NOTHING: a single frame needs none. */
static inline enum q_class q_class_of_runs(unsigned order) {
    return order == 0 ? Q_NOTHING : order < 3 ? Q_PAIRS : order < Q_WORD_ORDER ? Q_EIGHTS : Q_WORDS;
}

/* How long runs of such a class are. */
static inline unsigned q_order_of_runs(enum q_class runs) {
    return runs == Q_PAIRS ? 1 : runs == Q_EIGHTS ? 3 : Q_WORD_ORDER;
}

/* The room that a tree over so many blocks takes. */
size_t q_index_bytes(size_t n_blocks);

/* Finds the nodes in `memory`, which has q_index_bytes and is aligned to a node. */
void q_index_open(struct q_index *ix, void *memory, size_t n_blocks);

/* Makes a new tree of it: all blocks are fresh. Only the root is written. */
void q_index_start(struct q_index *ix);

/* Hints that `block` is of `class`. */
void q_index_set(struct q_index *ix, enum q_class class, size_t block);

/* Says that the block's metadata are initialised. Its leaf is, so the nodes above say READY of it already. */
void q_index_set_ready(struct q_index *ix, size_t block);

/* Takes a hint away. The caller looks at the block again afterwards, and sets the hint again if it was right. */
void q_index_clear(struct q_index *ix, enum q_class class, size_t block);

/* The first block from `from` on with this hint, or Q_NO_BLOCK; and with the hint `also`, if that is not Q_NOTHING. */
size_t q_index_next(struct q_index *ix, enum q_class class, enum q_class also, size_t from);

/* The first block from `from` on that may have a free frame: fresh, or with a hint of any class; or Q_NO_BLOCK. If `runs` is
 * not Q_NOTHING: that is fresh, all free, or has that hint. Changes nothing. */
size_t q_index_next_free(const struct q_index *ix, enum q_class runs, size_t from);

/* Claims a fresh block, which the caller initialises; Q_NO_BLOCK: there is none. The lowest ones go first. */
size_t q_index_claim(struct q_index *ix);

/* The same for one given block; false: it is not fresh. */
bool q_index_claim_block(struct q_index *ix, size_t block);

/* Initialises one more node for the search to look at; false: there is none left. */
bool q_index_open_more(struct q_index *ix);

/* Whether the block has this hint, also as seen from the root; READY: whether its metadata are initialised. */
bool q_index_has(const struct q_index *ix, enum q_class class, size_t block);

/* How many blocks around a ready one are ready, without a gap and as far as its leaf tells; *first: the lowest of them. */
size_t q_index_ready_around(const struct q_index *ix, size_t block, size_t *first);

/* What is wrong with the tree, in words, while nothing else runs; NULL: nothing. The first `n_left_out` positions stand
 * for no blocks. */
const char *q_index_wrong(const struct q_index *ix, size_t n_left_out);

/* For recover.c, while nothing else runs: takes all hints away. Each block that is not READY is fresh after it, also
 * one that a CPU had claimed. */
void q_index_forget(struct q_index *ix);

#endif
