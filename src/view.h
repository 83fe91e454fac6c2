/* view.h: reading metadata that are there: checks, views, the chain of extents, the table of zones. See view.c. */
#ifndef Q_VIEW_H
#define Q_VIEW_H

#include "core.h"

/* The checksums of what is fixed. */
uint32_t q_header_sum(const struct q_header *h);
uint32_t q_zone_layout_sum(const struct q_zone_layout *zone);
q_word q_core_sum(const struct quire *q);
q_word q_zones_sum(const struct q_zones *zones);

/* What stands against reading the metadata whose first extent should be at frame `at`, and is mapped at `first` (NULL: not
 * at all), in words; NULL: nothing. *n_zones: how many there are. Reads only. */
const char *q_metadata_wrong(const struct q_header *first, q_frame at, size_t *n_zones);

/* Makes a view of metadata with which nothing is wrong. `table` has room for all zones. apart NULL: the view of the
 * kernel that runs, in the metadata themselves. Else `apart` has room for all zones, and nothing else is written; it
 * shows the shared words of struct quire and struct q_zone as they are now, all others as they will be. */
void q_view_open(struct quire *q, const struct q_header *first, struct q_zones *table, struct q_zone *apart);

/* The view of one zone: the `i`th that begins in this extent. Returns z. */
struct q_zone *q_view_zone(struct quire *q, const struct q_header *h, uint32_t i, struct q_zone *z);

/* The extent behind this one, or NULL; and makes it that of frame `next`. */
struct q_header *q_next_extent(const struct q_header *h);
void q_link(struct q_header *h, q_frame next);

/* Enters a zone in a table, which has room; makes a table that is complete the one to look into; makes the zone the main
 * one if it has more blocks. */
void q_table_insert(struct q_zones *table, struct q_zone *z);
void q_publish_table(struct quire *q, struct q_zones *table);
void q_prefer_if_larger(struct quire *q, struct q_zone *z);

#endif
