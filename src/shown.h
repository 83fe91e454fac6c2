/* shown.h: words that one CPU writes at a time, and that any CPU may read meanwhile.
 *
 * A CPU's cache is changed only by its visitor (cache.c), for which these are plain words. Statistics and the recount
 * read them without becoming the visitor, and so never keep another CPU from a free frame. Such a reader sees each word
 * whole, but not all words of one moment: a sum over a cache at work may be off by the frames that are moving. The recount
 * notices by the guards that something moved (validate.c).
 *
 * relaxed both ways: one visitor's words reach the next by the guard, and a reader needs no order. */
#ifndef Q_SHOWN_H
#define Q_SHOWN_H

#include "bits.h"
#include <stdatomic.h>

typedef _Atomic q_word q_shown;
_Static_assert(sizeof(q_shown) == sizeof(q_word), "an access is one load or store, without a lock");

#define q_see(at)         atomic_load_explicit((at), memory_order_relaxed)
#define q_show(at, value) atomic_store_explicit((at), (value), memory_order_relaxed)

#endif
