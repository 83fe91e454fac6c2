/* shown.h: words that one CPU writes at a time, and that any CPU may read meanwhile.
 *
 * A CPU's cache is changed only by its visitor (cache.c), so for him these are plain words. Statistics and the recount
 * read them without becoming the visitor, and so never keep anybody from a free frame. Such a reader sees each word
 * whole, but not all words of one moment: a sum over a cache at work may be off by what is moving. The recount
 * notices that something moved, by the guards (validate.c).
 *
 * Relaxed both ways: one visitor's words reach the next by the guard, and a reader asks for no order. */
#ifndef Q_SHOWN_H
#define Q_SHOWN_H

#include "bits.h"
#include <stdatomic.h>

typedef _Atomic q_word q_shown;

#define q_see(at)         atomic_load_explicit((at), memory_order_relaxed)
#define q_show(at, value) atomic_store_explicit((at), (value), memory_order_relaxed)

#endif
