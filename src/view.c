/* view.c: pointers to metadata, made from what lasts of them (layout.h).
 *
 * A view is a struct quire, a table of its zones, and a struct q_zone for each:
 *
 *   struct quire --> struct q_zones --> struct q_zone --> lines, records, index, blocks: where they lie
 *                    by address     --> struct q_zone --> ..
 *
 * The view that a kernel works with lies in the metadata themselves. quire_init makes it, and quire_recover makes it
 * again. A program that never ran on the machine can make another one anywhere, even of memory that may only be read:
 * it brings its own quire_port_map. Such a view answers each call that writes nothing: quire_walk, quire_tag_stats,
 * quire_zone_stats, quire_refs.
 *
 * The checksums find damage; they are no protection against a writer that means to deceive. A checksum of more bits
 * would not change that, and each step of this one is one to one: whatever single word is damaged, the sum differs.
 *
 * What is looked at, in this order, and what a difference means:
 *
 *   magic         there is no allocator here, or quire_init was stopped before it was done
 *   version       another library, of which nothing but these two fields is known
 *   checksum      a word of the header was overwritten
 *   sizes         the same library, built for another machine or in another way
 *   zones         a word of what is said of a zone was overwritten
 *   base, seal    the header is whole, but lies in another place, or is of another allocator
 *   link          two of the three copies were overwritten
 *
 * Cost: opening a view takes time in proportion to the number of zones, and none for each block or frame.
 *
 * W1  No number in the metadata is used before the checksum over it was found right.             order in wrong_extent
 * W2  The zones of a table ascend by address, and their blocks do not overlap.                    q_table_insert
 * W3  A view's fixed words have checksums of their own, made last: quire_validate compares them.  tests/unit/damage.c */
#include "view.h"

#include "cache.h"
#include "mem.h"
#include "nodes.h"
#include "place.h"
#include <quire/port.h>

/* ---- checksums -------------------------------------------------------------------------------------------- */

/* As q_checksum, but the same on machines of all word sizes. `from` is aligned to 32 bits. */
static uint32_t sum_of(const void *from, size_t n_bytes) {
    uint32_t sum = 2166136261u, word;
    Q_ASSERT(n_bytes > 0 && n_bytes % sizeof word == 0, n_bytes);
    Q_ASSERT((uintptr_t)from % sizeof word == 0, (uintptr_t)from);
    for (size_t i = 0; i < n_bytes; i += sizeof word) {
        memcpy(&word, __builtin_assume_aligned((const char *)from + i, sizeof word), sizeof word);
        sum = (sum ^ word) * 16777619u;
    }
    return sum;
}

uint32_t q_header_sum(const struct q_header *h) {
    const size_t from = offsetof(struct q_header, word_bytes);
    return sum_of((const char *)h + from, offsetof(struct q_header, next) - from);
}

uint32_t q_zone_layout_sum(const struct q_zone_layout *zone) {
    return sum_of(zone, offsetof(struct q_zone_layout, sum));
}

/* The bound on the nodes is for damage: what is summed up is not believed yet. */
q_word q_core_sum(const struct quire *q) {
    const q_word fixed[] = {(q_word)q->header, (q_word)q->caches,  q->n_cpus,
                            q->n_quick,        (q_word)q->content, q->n_nodes};
    q_word sum = q_checksum_of(Q_NO_SUM, fixed, sizeof fixed / sizeof *fixed);
    sum = q_checksum_of(sum, q->cut, QUIRE_CUTS);
    for (size_t i = 0; q->n_nodes <= QUIRE_MAX_NODES && i < (size_t)q->n_nodes * q->n_nodes; i++) {
        sum = q_checksum(sum, q->distance[i]);
    }
    return sum;
}

q_word q_zones_sum(const struct q_zones *zones, unsigned n_nodes) {
    q_word sum = Q_NO_SUM;
    for (size_t i = 0; i < zones->n * (1 + (size_t)n_nodes); i++) {
        sum = q_checksum(sum, (q_word)zones->zone[i]);
    }
    return sum;
}

/* ---- the chain of extents --------------------------------------------------------------------------------- */

/* One of the copies of the link to the next extent. */
static q_word read_copy(const struct q_header *h, unsigned i) {
    Q_ASSERT(i < Q_LINKS, i);
    /* acquire: pairs with the release in q_link, so that the header it leads to is seen whole */
    return atomic_load_explicit(&h->next[i], memory_order_acquire);
}

/* The link as two of its copies have it; false: no two agree. If q_link was stopped between two stores, the old value
 * or the new one has two copies, so the link is one of these. */
static bool read_link(const struct q_header *h, q_word *next) {
    _Static_assert(Q_LINKS == 3, "two that agree are right");
    q_word first = read_copy(h, 0), second = read_copy(h, 1), third = read_copy(h, 2);
    *next = second == third ? second : first;
    return first == second || second == third || first == third;
}

void q_link(struct q_header *h, q_frame next) {
    Q_ASSERT(next == Q_NO_FRAME || next != h->base, next); /* a chain without a loop */
    for (unsigned i = 0; i < Q_LINKS; i++) {
        /* release: a CPU that sees the link sees what it leads to; pairs with read_copy */
        atomic_store_explicit(&h->next[i], next, memory_order_release);
    }
}

struct q_header *q_next_extent(const struct q_header *h) {
    q_word next = Q_NO_FRAME;
    bool sound = read_link(h, &next);
    Q_ASSERT(sound, next); /* q_metadata_wrong looked at it */
    return next == Q_NO_FRAME ? NULL : quire_port_map(q_pa(next));
}

/* ---- reasons not to read them ----------------------------------------------------------------------------- */

/* Whether there is a header of ours, and whether it is whole. The version comes first: only it says what else there
 * is. */
static const char *wrong_header(const struct q_header *h) {
    /* acquire: pairs with the release in quire_init */
    uint32_t magic = atomic_load_explicit(&h->magic, memory_order_acquire);
    return magic != Q_MAGIC                 ? "no allocator lies where these arguments would put one"
           : h->version != Q_LAYOUT_VERSION ? "its metadata are laid out by another version of the library"
           : h->sum != q_header_sum(h)      ? "a header of its metadata is damaged"
                                            : NULL;
}

/* Whether a library that was built in another way made the sound header. */
static const char *wrong_build(const struct q_header *h) {
    bool same = h->header_bytes == sizeof(struct q_header) && h->zone_bytes == sizeof(struct q_zone_layout) &&
                h->quire_bytes == sizeof(struct quire) && h->cache_bytes == sizeof(struct q_cache) &&
                h->view_bytes == sizeof(struct q_zone) && h->node_bytes == sizeof(struct q_node) &&
                h->record_bytes == sizeof(q_record);
    return h->word_bytes != sizeof(q_word)       ? "it was made with another word size"
           : h->page_shift != QUIRE_PAGE_SHIFT   ? "it was made with another page size"
           : h->block_order != QUIRE_BLOCK_ORDER ? "it was made with blocks of another size"
           : !same                               ? "its structures have other sizes"
                                                 : NULL;
}

/* Whether what the extent says of its zones is whole. */
static const char *wrong_zones(const struct q_header *h) {
    for (uint32_t i = 0; i < h->n_zones; i++) {
        const struct q_zone_layout *zone = &q_zone_layouts(h)[i];
        if (zone->sum != q_zone_layout_sum(zone)) {
            return "what its metadata say of a zone is damaged";
        }
    }
    return NULL;
}

/* All of the above, in the order in which each look may rely on the ones before (W1). */
static const char *wrong_extent(const struct q_header *h) {
    const char *why = wrong_header(h);
    why = why == NULL ? wrong_build(h) : why;
    return why == NULL ? wrong_zones(h) : why;
}

/* Follows the chain. An extent is the right one if it is whole, names its own frame and place in the chain, and was
 * made by the same arguments as the first one; so a stray link does not lead into another allocator. */
const char *q_metadata_wrong(const struct q_header *first, q_frame at, size_t *n_zones) {
    *n_zones = 0;
    uint32_t number = 0;
    for (const struct q_header *h = first;; h = quire_port_map(q_pa(at)), number++) {
        if (h == NULL) {
            return "some of its metadata are not mapped";
        }
        const char *why = wrong_extent(h);
        if (why != NULL) {
            return why;
        }
        if (h->base != at || h->number != number || h->seal != first->seal) {
            return "some of its metadata lie in another place, or are another allocator's";
        }
        *n_zones += h->n_zones;
        if (!read_link(h, &at)) {
            return "the chain of its metadata is damaged";
        }
        if (at == Q_NO_FRAME) {
            return NULL;
        }
    }
}

/* ---- making one ------------------------------------------------------------------------------------------- */

void q_table_insert(struct q_zones *table, struct q_zone *z) {
    Q_ASSERT(z->n_blocks > 0, z->first);
    size_t i = table->n++; /* from the end on, larger ones make room */
    for (; i > 0 && table->zone[i - 1]->first > z->first; i--) {
        table->zone[i] = table->zone[i - 1];
    }
    table->zone[i] = z;
    Q_ASSERT(i == 0 || q_zone_frame(table->zone[i - 1], table->zone[i - 1]->n_blocks) <= z->first, z->first);
    Q_ASSERT(i == table->n - 1 || q_zone_frame(z, z->n_blocks) <= table->zone[i + 1]->first, z->first);
}

/* The checksums come first: a CPU that sees the table sees them. */
void q_publish_table(struct quire *q, struct q_zones *table) {
    Q_ASSERT(table->n > 0, table->n);
    q_nodes_order(q, table);
    table->not_n = ~table->n;
    table->sum = q_zones_sum(table, q->n_nodes);
    atomic_store_explicit(&q->zones, table, memory_order_release); /* pairs with q_zones */
    /* relaxed: quire_validate alone looks at it, when no quire_add runs */
    atomic_store_explicit(&q->not_zones, ~(q_word)table, memory_order_relaxed);
}

/* Lookups try the main zone before they search. So it is the one that most addresses lie in. */
void q_prefer_if_larger(struct quire *q, struct q_zone *z) {
    struct q_zone *main = q_main(q);
    if (main == NULL || z->n_blocks > main->n_blocks) {
        atomic_store_explicit(&q->main, z, memory_order_release); /* pairs with q_main */
    }
}

/* The extent's bounds come before the seal: that sums them up. */
struct q_zone *q_view_zone(const struct q_header *h, uint32_t i, struct q_zone *z) {
    Q_ASSERT(i < h->n_zones, i);
    q_zone_open(z, &q_zone_layouts(h)[i], h);
    z->meta_base = i == 0 ? (q_frame)h->base : 0; /* the extent is told of once, with its first zone */
    z->meta_end = i == 0 ? (q_frame)h->end : 0;
    q_zone_seal(z);
    return z;
}

/* Copies the shared words as they are at the moment, for a view that lies apart. relaxed: a snapshot */
static void copy_words(struct q_zone *to, struct q_zone *from) {
    Q_ASSERT(to != from, (uintptr_t)to);
    atomic_init(&to->base, atomic_load_explicit(&from->base, memory_order_relaxed));
    atomic_init(&to->end, atomic_load_explicit(&from->end, memory_order_relaxed));
    atomic_init(&to->ceiling, atomic_load_explicit(&from->ceiling, memory_order_relaxed));
    atomic_init(&to->n_frames, atomic_load_explicit(&from->n_frames, memory_order_relaxed));
    atomic_init(&to->balance.n_free, atomic_load_explicit(&from->balance.n_free, memory_order_relaxed));
    atomic_init(&to->balance.n_whole, atomic_load_explicit(&from->balance.n_whole, memory_order_relaxed));
    atomic_init(&to->balance.spread, atomic_load_explicit(&from->balance.spread, memory_order_relaxed));
}

/* The same of the allocator. */
static void copy_counters(struct quire *to, struct quire *from) {
    Q_ASSERT(to != from, (uintptr_t)to);
    atomic_init(&to->n_faults, atomic_load_explicit(&from->n_faults, memory_order_relaxed));
    atomic_init(&to->n_unproved, atomic_load_explicit(&from->n_unproved, memory_order_relaxed));
    atomic_init(&to->adding, atomic_load_explicit(&from->adding, memory_order_relaxed));
}

/* The fixed words but for those of the nodes, and a main zone that is yet to be found. */
static void open_core(struct quire *q, const struct q_header *first) {
    Q_ASSERT(first->number == 0 && first->n_cpus > 0, first->number);
    Q_ASSERT(first->quire_at > 0 && first->caches_at > first->quire_at, first->caches_at);
    q->header = (struct q_header *)(uintptr_t)first; /* only quire_add writes there */
    q->caches = q_part(first, first->caches_at);
    q->n_cpus = first->n_cpus;
    q->content = (enum quire_content)first->content;
    q->n_quick = q->content == QUIRE_CONTENT_NONE ? q->n_cpus : 0;
    atomic_store_explicit(&q->main, NULL, memory_order_relaxed); /* nobody else knows it yet */
}

/* The zones may come in any order along the chain: the table sorts them. A view that lies apart takes the zones' places
 * in the order in which they come. */
void q_view_open(struct quire *q, const struct q_header *first, const struct quire_config *config,
                 struct q_zones *table, struct q_zone *apart) {
    open_core(q, first);
    q_nodes_open(q, config);
    q->sum = q_core_sum(q);
    if (apart != NULL) {
        copy_counters(q, q_part(first, first->quire_at));
    }
    table->n = 0;
    for (const struct q_header *h = first; h != NULL; h = q_next_extent(h)) {
        for (uint32_t i = 0; i < h->n_zones; i++) {
            struct q_zone *there = q_part(h, q_zone_layouts(h)[i].view_at);
            struct q_zone *z = apart != NULL ? &apart[table->n] : there;
            if (apart != NULL) {
                copy_words(z, there);
            }
            q_table_insert(table, q_view_zone(h, i, z));
            q_prefer_if_larger(q, z);
        }
    }
    q_publish_table(q, table);
}
