/* changes.h: whether a call has changed anything in the allocator's own data. */
#ifndef FAULTS_CHANGES_H
#define FAULTS_CHANGES_H

#include "src/cache.h"
#include "src/place.h"
#include "src/take.h"
#include "src/view.h"

/* Remembers each byte of each metadata extent. */
void changes_remember(struct quire *q);

/* How many bytes are different now; 0 where nothing was remembered. Two things may be: quire.n_faults, which every report
 * moves, and the records of a block that was one allocation and has been split, if they say the same as before. */
size_t changes_since(struct quire *q);

#endif
