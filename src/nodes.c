/* nodes.c: which memory is near to which CPU, and which is left to callers that need it.
 *
 * Zones are cut where a node ends, and where an address class does, so each zone is of one node and one class. A CPU that
 * looks for frames goes through all zones, in the order that the table has for its node:
 *
 *   1  classes that are not scarce, before those that are, of these the higher ones first
 *   2  nearer nodes before farther ones, its own first
 *   3  higher classes before lower ones
 *   4  higher addresses before lower ones
 *
 * A class is scarce if it has less than 1/8 of all blocks and there is memory above it. Its frames can be had only there, by
 * devices that reach no other, and other callers can be served elsewhere. A class that is large is not kept for them: then
 * a CPU whose own node has memory of that class only would always use another node's.
 *
 *   node 0   [ < 16 MiB ][ < 4 GiB  ][  60 GiB                     ]       CPUs of node 0 look at: 60 GiB, 64 GiB,
 *   node 1                           [  64 GiB                       ]     < 4 GiB, < 16 MiB
 *
 * Before a CPU turns to the next node, or to scarce classes, it looks at all blocks of this node, nearly full ones too, and
 * uses up what its own cache has. (Elsewhere nearly full blocks are left alone, so that they can empty: find.c.)
 *
 * A CPU's cache keeps what is freed of its own node's memory, and hands it out first. Of other memory it keeps nothing, nor of
 * scarce memory (near_to): else a caller would get a frame of the memory that is to be left alone, only because it was the last
 * one freed.
 *
 * The order depends on all zones. So it is part of the table, which quire_add replaces as a whole, and a search needs
 * nothing else. Every order has every zone: a call fails only if no node has a frame (take.c, P1).
 *
 * Cost: for each node, steps in proportion to the square of the number of zones, at quire_init and quire_add. */
#include "nodes.h"

#include "place.h"

#define SCARCE_SHARE 8u /* less than one in so many blocks */

_Static_assert(QUIRE_MAX_NODES < UINT16_MAX, "node_of_cpu and struct quire_request have 16 bits for a node");

/* ---- what the caller says -------------------------------------------------------------------------------- */

unsigned q_nodes_number(const struct quire_config *config) {
    return config->n_nodes != 0 ? config->n_nodes : 1;
}

/* Each cut lies above the one before; none follows a 0. */
static bool cuts_ascend(const quire_pa *cuts) {
    bool ascend = true;
    for (size_t k = 1; k < QUIRE_CUTS; k++) {
        ascend &= cuts[k] == 0 || (cuts[k - 1] != 0 && cuts[k] > cuts[k - 1]);
    }
    return ascend;
}

bool q_nodes_valid(const struct quire_config *config) {
    bool known = q_nodes_number(config) <= QUIRE_MAX_NODES;
    for (unsigned cpu = 0; known && config->node_of_cpu != NULL && cpu < config->n_cpus; cpu++) {
        known = config->node_of_cpu[cpu] < q_nodes_number(config);
    }
    return known && cuts_ascend(config->cuts);
}

void q_nodes_cuts(const struct quire_config *config, q_frame cut[QUIRE_CUTS]) {
    for (size_t k = 0; k < QUIRE_CUTS; k++) {
        q_frame f = q_frame_of(config->cuts[k]);
        cut[k] = config->cuts[k] != 0 && f < Q_NO_FRAME ? f & ~(q_frame)(Q_BLOCK - 1) : Q_NO_FRAME;
    }
}

/* How far it is from a CPU of `node` to the memory of `to`. Its own is the nearest, whatever the table says. */
static uint8_t distance_of(const struct quire_config *config, unsigned node, unsigned to) {
    return node == to ? 0 : config->distance != NULL ? config->distance[node * q_nodes_number(config) + to] : UINT8_MAX;
}

static unsigned node_of(const struct quire_config *config, unsigned cpu) {
    return config->node_of_cpu != NULL ? config->node_of_cpu[cpu] : 0;
}

/* What is not said adds nothing: most machines have one node and no cut. */
q_word q_nodes_sum(q_word sum, const struct quire_config *config) {
    unsigned n = q_nodes_number(config);
    for (unsigned node = 0; n > 1 && node < n; node++) {
        for (unsigned to = 0; to < n; to++) {
            sum = q_checksum(sum, distance_of(config, node, to));
        }
    }
    for (unsigned cpu = 0; config->node_of_cpu != NULL && cpu < config->n_cpus; cpu++) {
        sum = q_checksum(sum, config->node_of_cpu[cpu]);
    }
    for (size_t k = 0; k < QUIRE_CUTS && config->cuts[k] != 0; k++) {
        sum = q_checksum(q_checksum(sum, (uint32_t)config->cuts[k]), (uint32_t)(config->cuts[k] >> 32));
    }
    return q_checksum(sum, n);
}

/* ---- what the allocator keeps ---------------------------------------------------------------------------- */

/* Only those that are used: most machines have one node, and quire_init is short. */
static void clear(unsigned *n_of, unsigned n_nodes) {
    Q_ASSERT(n_nodes <= QUIRE_MAX_NODES, n_nodes);
    for (unsigned node = 0; node < n_nodes; node++) {
        n_of[node] = 0;
    }
}

/* Each CPU gets its place among those of its node, so that these begin their searches apart (find.c). */
static void place_cpus(struct quire *q, const struct quire_config *config) {
    unsigned n_of[QUIRE_MAX_NODES];
    clear(n_of, q->n_nodes);
    for (unsigned cpu = 0; cpu < q->n_cpus; cpu++) {
        unsigned node = node_of(config, cpu);
        Q_ASSERT(node < q->n_nodes, cpu);
        q->caches[cpu].node = node;
        q->caches[cpu].rank = n_of[node]++;
    }
    for (unsigned cpu = 0; cpu < q->n_cpus; cpu++) {
        q->caches[cpu].n_peers = n_of[q->caches[cpu].node];
    }
}

void q_nodes_open(struct quire *q, const struct quire_config *config) {
    q->n_nodes = 0;
    for (size_t k = 0; k < QUIRE_CUTS; k++) {
        q->cut[k] = Q_NO_FRAME;
    }
    if (config == NULL) {
        return;
    }
    q->n_nodes = q_nodes_number(config);
    Q_ASSERT(q_nodes_valid(config), q->n_nodes);
    q_nodes_cuts(config, q->cut);
    for (unsigned node = 0; node < q->n_nodes; node++) {
        for (unsigned to = 0; to < q->n_nodes; to++) {
            q->distance[node * q->n_nodes + to] = distance_of(config, node, to);
        }
    }
    place_cpus(q, config);
}

/* Counted anew. It can not tell two CPUs that swapped their places. */
bool q_nodes_caches_sound(const struct quire *q) {
    unsigned n_of[QUIRE_MAX_NODES];
    clear(n_of, q->n_nodes);
    bool sound = true;
    for (unsigned cpu = 0; cpu < q->n_cpus && sound; cpu++) {
        const struct q_cache *c = &q->caches[cpu];
        sound = c->node < q->n_nodes && c->rank == n_of[c->node]++;
    }
    for (unsigned cpu = 0; cpu < q->n_cpus && sound; cpu++) {
        sound = q->caches[cpu].n_peers == n_of[q->caches[cpu].node];
    }
    return sound;
}

/* ---- the order ------------------------------------------------------------------------------------------- */

/* The number of the address class of a frame. */
static unsigned class_of(const q_frame cut[QUIRE_CUTS], q_frame f) {
    unsigned class = 0;
    while (class < QUIRE_CUTS && cut[class] <= f) {
        class ++;
    }
    Q_ASSERT(class == 0 || cut[class - 1] <= f, f);
    return class;
}

struct q_span q_nodes_class(const q_frame cut[QUIRE_CUTS], q_frame f) {
    unsigned class = class_of(cut, f);
    return (struct q_span){class > 0 ? cut[class - 1] : 0, class < QUIRE_CUTS ? cut[class] : Q_NO_FRAME};
}

/* Which classes are scarce, as bits. */
static unsigned scarce_classes(const struct quire *q, const struct q_zones *table) {
    size_t n_blocks[QUIRE_CUTS + 1] = {0}, all = 0;
    unsigned top = 0, scarce = 0;
    for (size_t i = 0; i < table->n; i++) {
        top = class_of(q->cut, table->zone[i]->first); /* they ascend */
        n_blocks[top] += table->zone[i]->n_blocks;
        all += table->zone[i]->n_blocks;
    }
    for (unsigned class = 0; class < top; class ++) {
        scarce |= n_blocks[class] < all / SCARCE_SHARE ? 1u << class : 0;
    }
    return scarce;
}

/* The node whose CPUs keep the zone's frames. */
static unsigned near_to(const struct quire *q, unsigned scarce, const struct q_zone *z) {
    return (scarce >> class_of(q->cut, z->first) & 1) != 0 ? Q_NO_NODE : z->node;
}

/* The place of a zone in the order of a node: the less, the earlier. */
static uint32_t place_of(const struct quire *q, unsigned node, unsigned scarce, const struct q_zone *z) {
    Q_ASSERT(node < q->n_nodes && z->node < q->n_nodes, z->node);
    uint32_t below_top = QUIRE_CUTS - class_of(q->cut, z->first);
    uint32_t last = near_to(q, scarce, z) == Q_NO_NODE ? below_top : 0;
    return last << 16 | (uint32_t)q->distance[node * q->n_nodes + z->node] << 8 | below_top;
}

bool q_nodes_zones_sound(const struct quire *q, const struct q_zones *table) {
    unsigned scarce = scarce_classes(q, table);
    bool sound = true;
    for (size_t i = 0; i < table->n; i++) { /* relaxed: it changes only in quire_add */
        const struct q_zone *z = table->zone[i];
        sound &= atomic_load_explicit(&z->near_to, memory_order_relaxed) == near_to(q, scarce, z);
    }
    return sound;
}

/* Zones come by descending address, and each goes behind those that are as near. */
void q_nodes_order(const struct quire *q, struct q_zones *table) {
    unsigned scarce = scarce_classes(q, table);
    for (size_t i = 0; i < table->n && q->n_nodes > 0; i++) { /* relaxed: see q_cache_keeps */
        struct q_zone *z = table->zone[i];
        atomic_store_explicit(&z->near_to, near_to(q, scarce, z), memory_order_relaxed);
    }
    for (unsigned node = 0; node < q->n_nodes; node++) {
        struct q_zone **order = &table->zone[table->n * (1 + (size_t)node)];
        for (size_t i = 0; i < table->n; i++) {
            struct q_zone *z = table->zone[table->n - 1 - i];
            size_t at = i;
            for (; at > 0 && place_of(q, node, scarce, order[at - 1]) > place_of(q, node, scarce, z); at--) {
                order[at] = order[at - 1];
            }
            order[at] = z;
        }
    }
}
