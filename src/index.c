/* index.c: finding a block: a tree of hints over the blocks of a zone.
 *
 * Each node has one word for each class, and in it one bit for each child: in a leaf "this block is of the class",
 * above "below this child is one". With words of 4 bits, the words of one class over 14 blocks, three of which are of
 * it:
 *
 *   level 1, the root                 0 1 0 1
 *                                ____/  | |  \____
 *                               /       | |       \
 *   level 0, leaves      0 0 0 0  0 1 1 0  0 0 0 0  1 0      I1: a clear bit has only clear bits below
 *   blocks               0 1 2 3  4 5 6 7  8 9 ..   12 13
 *
 * Everything is only a hint; the truth is a block's bits and its count.
 *
 * Setting is eager, from the leaf up. Clearing is lazy: a searcher that finds a hint wrong takes it away, then looks
 * again. That is a store-buffering pattern: the setter writes what is below, then reads the hint above; the searcher
 * writes the hint above, then reads what is below. With all four accesses seq_cst one of them sees the other; with
 * less a block would be lost to every searcher on weakly ordered machines. So every access here is seq_cst unless its
 * comment says otherwise.
 *
 * Three hints more say of a block in use how long a run of free frames it may have: 2, 8, or a word of them. They are set
 * by the CPU whose frames complete such a run, and cleared by a search that finds none. So a search for runs that are not
 * there looks at each block once; the next one ends at the root. A run that is no power of two, or not aligned, has an
 * aligned one of half its length in it (range.c).
 *
 * Memory is not initialised at start-up, since that would take time in proportion to it. Nodes are initialised when the
 * search for a fresh block first reaches them: `raw` has a bit for each child that nobody has claimed. The CPU that
 * takes the bit out initialises that child and then publishes it by its READY bit (and FRESH). If it is stopped in
 * between, the child's blocks (64, never used yet) stay hidden; the others go on with the next child, so nobody waits.
 *
 *   a child of a node:   raw  ->  claimed, seen by nobody  ->  READY        a block:   FRESH  ->  claimed  ->  READY
 *
 * A search for a class from block `from` on goes down from the root, in each node to the first child that is not before
 * `from` and has the bit. If a node has no such child, the search sets `from` to the first block after that node, and
 * begins at the root again. If the node has no bit at all, the hint above it was wrong, and is taken away first. `from`
 * only grows, so the search ends.
 *
 * Why not lists of blocks by class: a list is right or broken, so each change of a block's class would have to lock it,
 * and a block changes its class while others look for one. A wrong hint costs one look at a count, and the search that
 * finds it mends it. Why classes, and not only "some are free": a search takes the block that fits best, so that others
 * can become whole (find.c).
 *
 * Any CPU may call any function at any time, except for those that say "while nothing else runs".
 *
 * I1  When nothing is in flight: below a bit that is clear nothing has the hint.                    quire_validate
 * I2  A node is read only after its READY bit or a class bit for it was seen in its parent.  by descent from the root
 * I3  A FRESH or raw bit is taken out by one CPU only, and FRESH is never set again.              fetch_and's result
 *
 * Cost: one load for each level (two where two hints are wanted), and <= 2 levels up to 8 GiB, <= 5 up to 64 TiB; a
 * read-modify-write only where a bit changes. */
#include "index.h"

/* How many nodes have these children. */
static size_t nodes_above(size_t n) {
    return (n + Q_FANOUT - 1) / Q_FANOUT;
}

size_t q_index_bytes(size_t n_blocks) {
    Q_ASSERT(n_blocks > 0 && n_blocks <= Q_MOST_BLOCKS, n_blocks);
    size_t n = n_blocks, n_nodes = 0;
    do {
        n = nodes_above(n);
        n_nodes += n;
    } while (n > 1);
    return n_nodes * sizeof(struct q_node);
}

/* How many blocks lie below one child of a node at this level, as a power of two. */
static unsigned child_order(unsigned level) {
    return level * Q_FANOUT_ORDER;
}

/* The child of this level, counted over all its nodes, that a block lies below. */
static size_t child_of(unsigned level, size_t block) {
    return block >> child_order(level);
}

/* Whether the hint is set for this child of this level. */
static bool has(const struct q_index *ix, enum q_class class, unsigned level, size_t child) {
    Q_ASSERT(class < Q_CLASSES && level <= ix->top, level);
    Q_ASSERT(child <= child_of(level, ix->n_blocks - 1), child);
    return (atomic_load(&ix->level[level][child / Q_FANOUT].word[class]) & q_bit(child)) != 0;
}

/* A bit for each child that a node has: all bits, but in the last node of a level. */
static q_word children(const struct q_index *ix, unsigned level, size_t node) {
    size_t n_on_level = child_of(level, ix->n_blocks - 1) + 1;
    Q_ASSERT(level <= ix->top && node * Q_FANOUT < n_on_level, node);
    return q_range_in_word(node, 0, n_on_level);
}

/* Writes a node of which these children are initialised already. Plain writes in effect (relaxed): nobody looks at the
 * node before it is published. */
static void init_node(const struct q_index *ix, unsigned level, size_t node, q_word ready) {
    struct q_node *n = &ix->level[level][node];
    Q_ASSERT((ready & ~children(ix, level, node)) == 0, ready);
    q_word others = children(ix, level, node) & ~ready;
    for (unsigned class = 0; class < Q_CLASSES;
         class ++) { /* recovery may be crashed here, so READY is never less than it was */
        atomic_init(&n->word[class], class == Q_READY ? ready : 0);
    }
    atomic_init(&n->raw, 0);
    atomic_init(level == 0 ? &n->word[Q_FRESH] : &n->raw, others);
}

void q_index_open(struct q_index *ix, void *memory, size_t n_blocks) {
    struct q_node *next = memory;
    Q_ASSERT(n_blocks > 0 && n_blocks <= Q_MOST_BLOCKS, n_blocks);
    Q_ASSERT((uintptr_t)memory % _Alignof(struct q_node) == 0, (uintptr_t)memory);
    size_t n = nodes_above(n_blocks);
    ix->n_blocks = n_blocks;
    ix->top = 0;
    ix->level[0] = next;
    while (n > 1) { /* one more level: above these nodes */
        next += n;
        n = nodes_above(n);
        ix->level[++ix->top] = next;
    }
    Q_ASSERT(ix->top < Q_LEVELS, ix->top);
    Q_ASSERT((size_t)((char *)(next + 1) - (char *)memory) == q_index_bytes(n_blocks), n_blocks);
}

/* The children of the root are raw, or fresh blocks if the root is a leaf. */
void q_index_start(struct q_index *ix) {
    init_node(ix, ix->top, 0, 0);
}

/* Whether something below this node has the hint, or, for FRESH, is a node that may lead to fresh blocks. */
static bool any(const struct q_node *n, enum q_class class) {
    return atomic_load(&n->word[class]) != 0 || (class == Q_FRESH && atomic_load(&n->raw) != 0);
}

/* Sets the bit for `child` in its parent, and those above. Goes on to the root also where a bit is set already: the CPU
 * that set it may have been stopped before it came to the next level. */
static void raise(struct q_index *ix, enum q_class class, unsigned level, size_t child) {
    for (; level <= ix->top; level++, child /= Q_FANOUT) {
        if (!has(ix, class, level, child)) {
            atomic_fetch_or(&ix->level[level][child / Q_FANOUT].word[class], q_bit(child));
        }
    }
}

/* Takes the bits for an empty node out of its parents, level by level, looking again after each: a hint that was set
 * below meanwhile is raised again. */
static void lower(struct q_index *ix, enum q_class class, unsigned level, size_t node) {
    Q_ASSERT(class != Q_READY && level <= ix->top, level); /* READY is never cleared */
    for (; level < ix->top && !any(&ix->level[level][node], class); level++, node /= Q_FANOUT) {
        if (has(ix, class, level + 1, node)) {
            atomic_fetch_and(&ix->level[level + 1][node / Q_FANOUT].word[class], ~q_bit(node));
        }
        if (any(&ix->level[level][node], class)) {
            raise(ix, class, level + 1, node);
            return;
        }
    }
}

/* FRESH is set by the node's initialisation only (I3), READY by q_index_set_ready. */
void q_index_set(struct q_index *ix, enum q_class class, size_t block) {
    Q_ASSERT(class != Q_FRESH && class != Q_READY && class < Q_CLASSES && block < ix->n_blocks, block);
    raise(ix, class, 0, block);
}

void q_index_set_ready(struct q_index *ix, size_t block) {
    Q_ASSERT(block < ix->n_blocks, block);
    atomic_fetch_or(&ix->level[0][block / Q_FANOUT].word[Q_READY], q_bit(block));
}

/* The leaf's bit goes first: a CPU that sets the hint again finds it clear, and raises all bits above. */
void q_index_clear(struct q_index *ix, enum q_class class, size_t block) {
    Q_ASSERT(class != Q_FRESH && class != Q_READY && class < Q_CLASSES && block < ix->n_blocks, block);
    q_word old = atomic_fetch_and(&ix->level[0][block / Q_FANOUT].word[class], ~q_bit(block));
    if ((old & ~q_bit(block)) == 0) { /* it was the leaf's last one */
        lower(ix, class, 0, block / Q_FANOUT);
    }
}

/* The children of a node with a hint, or with both of two. If it has none, the hint that led there was wrong, and is taken
 * away. */
static q_word hinted_below(struct q_index *ix, enum q_class class, enum q_class also, unsigned level, size_t node) {
    const struct q_node *n = &ix->level[level][node];
    q_word w = atomic_load(&n->word[class]);
    q_word other = also != Q_NOTHING ? atomic_load(&n->word[also]) : Q_ALL_BITS;
    if (w == 0 && class != Q_READY) {
        lower(ix, class, level, node);
    } else if (other == 0) {
        lower(ix, also, level, node);
    }
    return w & other;
}

/* Descends from the root to the first child with the hint that does not lie before `from`. Where there is none below a
 * node, `from` moves to the first block that is not below it, and the descent begins anew. With two hints it may come to
 * nodes below which no block has both. */
size_t q_index_next(struct q_index *ix, enum q_class class, enum q_class also, size_t from) {
    Q_ASSERT(class < Q_CLASSES, class);
    unsigned level = ix->top;
    size_t node = 0;
    while (from < ix->n_blocks) {
        size_t child = child_of(level, from);
        q_word w = hinted_below(ix, class, also, level, node);
        q_word here = child / Q_FANOUT == node ? w & ~q_low_bits(child % Q_FANOUT) : w;
        if (here == 0) { /* nothing left below this node: on to its neighbour, by way of the root */
            from = (node + 1) << child_order(level + 1);
            level = ix->top;
            node = 0;
            continue;
        }
        child = node * Q_FANOUT + q_lowest(here);
        if (child << child_order(level) > from) { /* passed over children without the hint */
            from = child << child_order(level);
        }
        if (level == 0) {
            Q_ASSERT(child >= from && child < ix->n_blocks, child);
            return child;
        }
        level--;
        node = child;
    }
    return Q_NO_BLOCK;
}

/* The children of a node that have, or lead to, a free frame (or a free run), as far as hints tell; all that are raw do. */
static q_word free_below(const struct q_node *n, enum q_class runs) {
    q_word w = atomic_load(&n->raw) | atomic_load(&n->word[Q_FRESH]) | atomic_load(&n->word[Q_ALL]);
    if (runs != Q_NOTHING) {
        return w | atomic_load(&n->word[runs]);
    }
    for (unsigned class = Q_NEARLY_FULL; class < Q_ALL; class ++) {
        w |= atomic_load(&n->word[class]);
    }
    return w;
}

/* As q_index_next. Below a raw node all blocks are fresh. */
size_t q_index_next_free(const struct q_index *ix, enum q_class runs, size_t from) {
    unsigned level = ix->top;
    size_t node = 0;
    while (from < ix->n_blocks) {
        size_t child = child_of(level, from);
        q_word w = free_below(&ix->level[level][node], runs);
        w = child / Q_FANOUT == node ? w & ~q_low_bits(child % Q_FANOUT) : w;
        if (w == 0) {
            from = (node + 1) << child_order(level + 1);
            level = ix->top;
            node = 0;
            continue;
        }
        child = node * Q_FANOUT + q_lowest(w);
        from = child << child_order(level) > from ? child << child_order(level) : from;
        if (level == 0 || (atomic_load(&ix->level[level][node].raw) & q_bit(child)) != 0) {
            return from;
        }
        level--;
        node = child;
    }
    return Q_NO_BLOCK;
}

/* Initialises one of these children, if nobody has claimed it yet, and publishes it; false: there is none. */
static bool open_raw(struct q_index *ix, unsigned level, size_t node, q_word among) {
    Q_ASSERT(level > 0 && level <= ix->top, level); /* a leaf's children are no nodes */
    struct q_node *n = &ix->level[level][node];
    for (q_word raw; (raw = atomic_load(&n->raw) & among) != 0;) {
        size_t child = node * Q_FANOUT + q_lowest(raw);
        if (atomic_fetch_and(&n->raw, ~q_bit(child)) & q_bit(child)) {
            init_node(ix, level - 1, child, 0);
            atomic_fetch_or(&n->word[Q_READY], q_bit(child)); /* publishes: pairs with has() and q_index_next */
            raise(ix, Q_FRESH, level, child);
            return true;
        }
    }
    return false;
}

/* A block that seems fresh, initialising nodes on the way; Q_NO_BLOCK: there is none. */
static size_t fresh_block(struct q_index *ix) {
    unsigned level = ix->top;
    size_t node = 0;
    for (;;) {
        q_word w = atomic_load(&ix->level[level][node].word[Q_FRESH]);
        if (w != 0) { /* a child is fresh, or is said to have something fresh below */
            node = node * Q_FANOUT + q_lowest(w);
            if (level == 0) {
                return node;
            }
            level--;
        } else if (level == 0 || !open_raw(ix, level, node, Q_ALL_BITS)) { /* neither that, nor a raw child */
            if (level == ix->top) {
                return Q_NO_BLOCK;
            }
            lower(ix, Q_FRESH, level, node);
            level = ix->top;
            node = 0;
        }
    }
}

/* Goes down to the block's leaf, initialising the nodes on the way that are not. Then the CPU that takes the FRESH bit
 * out has the block. */
bool q_index_claim_block(struct q_index *ix, size_t block) {
    Q_ASSERT(block < ix->n_blocks, block);
    for (unsigned level = ix->top; level > 0; level--) {
        size_t child = child_of(level, block);
        if (!has(ix, Q_READY, level, child) && !open_raw(ix, level, child / Q_FANOUT, q_bit(child)) &&
            !has(ix, Q_READY, level, child)) {
            return false; /* another CPU has claimed it, initialises it, and has not published it yet */
        }
    }
    /* The leaf is initialised: I2 */
    q_word old = atomic_fetch_and(&ix->level[0][block / Q_FANOUT].word[Q_FRESH], ~q_bit(block));
    if (old == q_bit(block)) { /* it was the leaf's last one */
        lower(ix, Q_FRESH, 0, block / Q_FANOUT);
    }
    return (old & q_bit(block)) != 0;
}

size_t q_index_claim(struct q_index *ix) {
    for (;;) { /* if an iteration fails, another CPU got a block, so the number of blocks bounds the iterations */
        size_t block = fresh_block(ix);
        if (block == Q_NO_BLOCK || q_index_claim_block(ix, block)) {
            return block;
        }
    }
}

/* Initialises one raw node below this one; false: there is none. Recursion is as deep as the tree, at most Q_LEVELS. */
static bool open_below(struct q_index *ix, unsigned level, size_t node) {
    if (level == 0) {
        return false;
    }
    if (open_raw(ix, level, node, Q_ALL_BITS)) {
        return true;
    }
    /* FRESH stands for raw nodes below as well. */
    for (q_word w = atomic_load(&ix->level[level][node].word[Q_FRESH]); w != 0; w &= w - 1) {
        if (open_below(ix, level - 1, node * Q_FANOUT + q_lowest(w))) {
            return true;
        }
    }
    return false;
}

bool q_index_open_more(struct q_index *ix) {
    return open_below(ix, ix->top, 0);
}

bool q_index_has(const struct q_index *ix, enum q_class class, size_t block) {
    Q_ASSERT(block < ix->n_blocks, block);
    for (unsigned level = ix->top + 1; level-- > 0;) {
        if (!has(ix, class, level, child_of(level, block))) {
            return false;
        }
    }
    return true;
}

size_t q_index_ready_around(const struct q_index *ix, size_t block, size_t *first) {
    Q_ASSERT(q_index_has(ix, Q_READY, block), block);
    /* acquire: a CPU that sees READY sees the records */
    q_word gaps = ~atomic_load_explicit(&ix->level[0][block / Q_FANOUT].word[Q_READY], memory_order_acquire);
    q_word below = gaps & q_low_bits(block % Q_FANOUT), above = gaps & ~q_low_bits(block % Q_FANOUT);
    size_t begin = below == 0 ? 0 : q_highest(below) + 1, end = above == 0 ? Q_FANOUT : q_lowest(above);
    *first = block - block % Q_FANOUT + begin;
    return end - begin;
}

/* Makes a node anew, and those below it: only its READY bits are kept. */
static void forget_below(struct q_index *ix, unsigned level, size_t node) {
    struct q_node *n = &ix->level[level][node];
    /* relaxed, and plain writes in effect: nothing else runs */
    q_word ready = atomic_load_explicit(&n->word[Q_READY], memory_order_relaxed) & children(ix, level, node);
    init_node(ix, level, node, ready);
    for (q_word w = level > 0 ? ready : 0; w != 0; w &= w - 1) {
        size_t child = node * Q_FANOUT + q_lowest(w);
        forget_below(ix, level - 1, child);
        if (any(&ix->level[level - 1][child], Q_FRESH)) {
            raise(ix, Q_FRESH, level, child);
        }
    }
}

void q_index_forget(struct q_index *ix) {
    forget_below(ix, ix->top, 0);
}

/* The bits of a class that should at least be set in a node, for what lies below its initialised children. */
static q_word owed(const struct q_index *ix, enum q_class class, unsigned level, size_t node, q_word ready) {
    q_word bits = 0;
    Q_ASSERT(level > 0 && level <= ix->top, level);
    for (; ready != 0; ready &= ready - 1) {
        bits |= any(&ix->level[level - 1][node * Q_FANOUT + q_lowest(ready)], class) ? q_bit(q_lowest(ready)) : 0;
    }
    return bits;
}

/* What is wrong with the hints of a node that has these children initialised. */
static const char *wrong_hints(const struct q_index *ix, unsigned level, size_t node, q_word ready) {
    for (unsigned class = level == 0 ? Q_NEARLY_FULL : Q_FRESH; class < Q_CLASSES; class ++) {
        q_word word = atomic_load(&ix->level[level][node].word[class]);
        if (class == Q_READY) { /* looked at already */
            continue;
        }
        if ((word & ~ready) != 0) {
            return "the index has a hint for what is not initialised";
        }
        if (level > 0 && (owed(ix, (enum q_class) class, level, node, ready) & ~word) != 0) {
            return "a node of the index does not say what lies below it";
        }
    }
    return NULL;
}

/* What is wrong with one node, whatever lies below it. */
static const char *wrong_node(const struct q_index *ix, unsigned level, size_t node, size_t n_left_out) {
    const struct q_node *n = &ix->level[level][node];
    q_word all = children(ix, level, node), ready = atomic_load(&n->word[Q_READY]), raw = atomic_load(&n->raw);
    q_word fresh = q_range_in_word(node, n_left_out, ix->n_blocks) & ~ready;
    bool fresh_wrong = level == 0 && atomic_load(&n->word[Q_FRESH]) != fresh;
    bool raw_wrong = level > 0 && raw != (all & ~ready);
    return (ready & ~all) != 0      ? "a block or node of the index is marked initialised that does not exist"
           : level == 0 && raw != 0 ? "a leaf of the index has children that are nodes"
           : fresh_wrong            ? "a block is neither fresh nor initialised, or both"
           : raw_wrong              ? "a node of the index is neither raw nor initialised, or both"
                                    : wrong_hints(ix, level, node, ready);
}

/* The same with all nodes below it. Only those that are marked initialised are looked at, once that mark is right. */
static const char *wrong_below(const struct q_index *ix, unsigned level, size_t node, size_t n_left_out) {
    const char *detail = wrong_node(ix, level, node, n_left_out);
    if (level == 0) {
        return detail;
    }
    for (q_word w = atomic_load(&ix->level[level][node].word[Q_READY]); detail == NULL && w != 0; w &= w - 1) {
        detail = wrong_below(ix, level - 1, node * Q_FANOUT + q_lowest(w), n_left_out);
    }
    return detail;
}

const char *q_index_wrong(const struct q_index *ix, size_t n_left_out) {
    return wrong_below(ix, ix->top, 0, n_left_out);
}
