/* view.h: reading metadata that exist: checks, views, the chain of extents, the table of zones. See view.c. */
#ifndef Q_VIEW_H
#define Q_VIEW_H

#include "core.h"

/* The checksums of what is fixed. */
uint32_t q_header_sum(const struct q_header *h);
uint32_t q_zone_layout_sum(const struct q_zone_layout *zone);
q_word q_core_sum(const struct quire *q);
q_word q_zones_sum(const struct q_zones *zones, unsigned n_nodes);

/* Looks at the metadata whose first extent should be at frame `at`, and is mapped at `first` (NULL: not at all).
 * Returns the reason why they can not be read, in words, or NULL. *n_zones: how many zones there are. Reads only. */
const char *q_metadata_wrong(const struct q_header *first, q_frame at, size_t *n_zones);

/* Makes a view of metadata that q_metadata_wrong found nothing wrong with. `table` has room for all zones.
 *
 *   apart NULL   the view of the running kernel, in the metadata themselves; `config` as quire_init got it
 *   else         config is NULL. `apart` has room for all zones, and nothing but `q`, `table` and `apart` is written. The shared words
 *                of struct quire and struct q_zone are copies that do not follow later changes; all other shared words
 *                are read where they lie, and so do. */
void q_view_open(struct quire *q, const struct q_header *first, const struct quire_config *config,
                 struct q_zones *table, struct q_zone *apart);

/* Makes the view of one zone in `z`: the `i`th that begins in this extent. Returns z. */
struct q_zone *q_view_zone(const struct q_header *h, uint32_t i, struct q_zone *z);

/* The extent that follows this one in the chain, or NULL. */
struct q_header *q_next_extent(const struct q_header *h);

/* Makes the extent that begins at frame `next` follow this one; Q_NO_FRAME: none follows. */
void q_link(struct q_header *h, q_frame next);

/* Enters a zone in a table that has room for it. */
void q_table_insert(struct q_zones *table, struct q_zone *z);

/* Makes a complete table the one that lookups use. */
void q_publish_table(struct quire *q, struct q_zones *table);

/* Makes the zone the main one if it has more blocks than the one that is. */
void q_prefer_if_larger(struct quire *q, struct q_zone *z);

#endif
