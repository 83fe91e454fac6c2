/* nodes.h: which memory is near to which CPU, and which is left to callers that need it. See nodes.c. */
#ifndef Q_NODES_H
#define Q_NODES_H

#include "cache.h"

/* Whether what the configuration says of nodes and cuts means something. */
bool q_nodes_valid(const struct quire_config *config);

/* How many nodes there are: 1 at least. */
unsigned q_nodes_number(const struct quire_config *config);

/* The cuts in frames, at blocks; Q_NO_FRAME for those that are not there. */
void q_nodes_cuts(const struct quire_config *config, q_frame cut[QUIRE_CUTS]);

/* Adds what the configuration says of them to a checksum. */
q_word q_nodes_sum(q_word sum, const struct quire_config *config);

/* The allocator learns of its nodes, and each cache of its CPU's. NULL: there are none, since nobody allocates. */
void q_nodes_open(struct quire *q, const struct quire_config *config);

/* Completes a table that has all zones: the order in which the CPUs of each node go through them. Tells each zone which CPUs
 * keep its frames. */
void q_nodes_order(const struct quire *q, struct q_zones *table);

/* The frames between two cuts that `f` is among. */
struct q_span q_nodes_class(const q_frame cut[QUIRE_CUTS], q_frame f);

/* Whether what the caches know of their CPUs, and what the zones of a table know of these, is as it was made. */
bool q_nodes_caches_sound(const struct quire *q);
bool q_nodes_zones_sound(const struct quire *q, const struct q_zones *table);

#endif
