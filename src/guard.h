/* guard.h: keeping a CPU's cache to one call at a time, its visitor. No call waits to become the visitor.
 *
 * A guard's word numbers the visits, and says in its lower bits what the visitor left (cache.h). There are two kinds; the
 * port chooses (quire/port.h).
 *
 * The general guard needs no promise. To enter is to exchange the word for Q_BUSY:
 *
 *     visitor               word: visit n --> Q_BUSY --> visit n + 1
 *     any other, meanwhile  gets Q_BUSY, and is not the visitor
 *
 * The local guard (QUIRE_PORT_LOCAL) spares that exchange, which takes most of a short call's time. It needs a promise: a
 * caller stays on its CPU from quire_port_pin to quire_port_unpin. So two are on one CPU's guard at once only if one is an
 * interrupt of the other, and has ended when that goes on. CPUs other than its own claim a guard first:
 *
 *     the CPU itself                   another one
 *     busy = 1                         claimed = 1
 *     (compiler barrier)               the CPU itself makes a full barrier (quire_port_fence)
 *     claimed? then out                busy? then out
 *     it is the visitor                it is the visitor
 *     busy = 0                         claimed = 0
 *
 * G1  The two are never visitors at once. The barrier is made before or after the CPU's store of `busy`. If after, the
 *     other one sees `busy`. If before, the CPU sees `claimed`.                               interleaving tests
 * G2  An interrupt between the CPU's first look at `busy` and its store of that makes a whole visit, or none. So the word
 *     is read after the store, never before.                                                  interleaving tests
 * G3  A call that backs off releases, too. The next visitor may read only what that call stored, and has to see what the
 *     last visitor left.
 *                                                                                             interleaving tests */
#ifndef Q_GUARD_H
#define Q_GUARD_H

#include "bits.h"
#include "compiler.h"
#include <quire/port.h>
#include <stdatomic.h>

#define Q_BUSY ((q_word)1) /* in place of the word: somebody is the visitor */

#ifdef QUIRE_PORT_LOCAL

#define Q_GUARD_LOCAL true

struct q_guard {
    _Atomic q_word busy;    /* 1 while this CPU is inside, or tries to be; only this CPU writes it */
    _Atomic q_word word;    /* the visitor's */
    _Atomic q_word claimed; /* 1 while another one is, or tries to be */
};

static inline void q_guard_init(struct q_guard *g) {
    atomic_init(&g->busy, 0);
    atomic_init(&g->word, 0);
    atomic_init(&g->claimed, 0);
}

/* From here to q_unpin the caller stays on this CPU, whose number it gets. */
static inline unsigned q_pin(void) {
    return quire_port_pin();
}
static inline void q_unpin(void) {
    quire_port_unpin();
}

/* Tries to become the visitor on the guard of the CPU that the caller is pinned to; false: somebody is there, maybe the very
 * caller, interrupted. *word is what the last visitor left. */
static inline bool q_guard_enter(struct q_guard *g, q_word *word) {
    if (atomic_load_explicit(&g->busy, memory_order_relaxed) != 0) { /* relaxed: this CPU's own store */
        return false;
    }
    atomic_store_explicit(&g->busy, 1, memory_order_relaxed); /* relaxed: ordered by the claimant's barrier (G1) */
    Q_COMPILER_BARRIER();                                     /* for interrupts, and for that barrier */
    /* acquire: pairs with q_guard_release, to see what a claimant left */
    if (atomic_load_explicit(&g->claimed, memory_order_acquire) != 0) {
        atomic_store_explicit(&g->busy, 0, memory_order_release); /* G3 */
        return false;
    }
    *word = atomic_load_explicit(&g->word, memory_order_relaxed); /* relaxed: this CPU's, or acquired just now */
    return true;
}

/* The visit is over, and changed nothing. */
static inline void q_guard_retreat(struct q_guard *g, q_word word) {
    (void)word;
    atomic_store_explicit(&g->busy, 0, memory_order_release); /* pairs with q_guard_claim and q_guard_look */
}

/* The visit is over. */
static inline void q_guard_leave(struct q_guard *g, q_word word) {
    atomic_store_explicit(&g->word, word, memory_order_relaxed); /* relaxed: the next visitor reads `busy` first */
    q_guard_retreat(g, word);
}

/* Tries to become the visitor from any CPU. (A look at `busy` first would spare barriers; but it may find a visit that was
 * over before this call, and so miss frames that were free all along.) */
static inline bool q_guard_claim(struct q_guard *g, unsigned cpu, q_word *word) {
    /* seq_cst: acquire, to see what the last claimant left; and before the barrier and the look at `busy` (G1) */
    if (atomic_exchange(&g->claimed, 1) != 0) {
        return false;
    }
    /* acquire: pairs with q_guard_retreat */
    if (!quire_port_fence(cpu) || atomic_load_explicit(&g->busy, memory_order_acquire) != 0) {
        atomic_store_explicit(&g->claimed, 0, memory_order_release); /* G3 */
        return false;
    }
    *word = atomic_load_explicit(&g->word, memory_order_relaxed); /* relaxed: acquired just now */
    return true;
}

/* The visit of a claimant is over. */
static inline void q_guard_release(struct q_guard *g, q_word word) {
    atomic_store_explicit(&g->word, word, memory_order_relaxed); /* relaxed: the next visitor reads `claimed` first */
    atomic_store_explicit(&g->claimed, 0, memory_order_release); /* pairs with q_guard_enter and q_guard_claim */
}

/* The word, or Q_BUSY. It may be old. relaxed: enough for an estimate; a prover executes a fence first (take.c). */
static inline q_word q_guard_see(const struct q_guard *g) {
    q_word word = atomic_load_explicit(&g->word, memory_order_relaxed);
    bool busy = (atomic_load_explicit(&g->busy, memory_order_relaxed) |
                 atomic_load_explicit(&g->claimed, memory_order_relaxed)) != 0;
    return busy ? Q_BUSY : word;
}

/* The word, as new as what the caller read before; or Q_BUSY, also if the barrier is refused. The word is read twice. A
 * visitor that wrote it before the barrier is seen by `busy`; one that writes it after the barrier, by the other word. First
 * visits, and claims, are parts of slow calls, which the recount sees by their count (validate.c, V1). */
static inline q_word q_guard_look(struct q_guard *g, unsigned cpu) {
    q_word word = atomic_load_explicit(&g->word, memory_order_relaxed); /* relaxed: the barrier comes next */
    if (word != 0 && !quire_port_fence(cpu)) {
        return Q_BUSY;
    }
    /* acquire: a visit that is over by then shows in the word */
    bool busy = atomic_load_explicit(&g->busy, memory_order_acquire) != 0;
    /* relaxed: only one that never ends has to be seen here */
    busy |= atomic_load_explicit(&g->claimed, memory_order_relaxed) != 0;
    bool moved = atomic_load_explicit(&g->word, memory_order_relaxed) != word;
    return busy || moved ? Q_BUSY : word;
}

#else

#define Q_GUARD_LOCAL false

struct q_guard {
    _Atomic q_word word; /* Q_BUSY, or what the last visitor left */
};

static inline void q_guard_init(struct q_guard *g) {
    atomic_init(&g->word, 0);
}

static inline unsigned q_pin(void) {
    return quire_port_cpu();
}
static inline void q_unpin(void) {}

/* Tries to become the visitor; false: somebody is there, maybe the very caller, interrupted. *word is what the last visitor
 * left. */
static inline bool q_guard_enter(struct q_guard *g, q_word *word) {
    /* seq_cst: acquire, to see what the last visitor left (pairs with q_guard_leave); and one order with the prover's
     * fence, so that a visit begun before that fence is seen by it (take.c, P1). */
    *word = atomic_exchange(&g->word, Q_BUSY);
    return *word != Q_BUSY;
}

/* The visit is over. */
static inline void q_guard_leave(struct q_guard *g, q_word word) {
    /* release: pairs with q_guard_enter, and with the looks of provers and of the recount */
    atomic_store_explicit(&g->word, word, memory_order_release);
}

/* The visit is over, and changed nothing. */
static inline void q_guard_retreat(struct q_guard *g, q_word word) {
    q_guard_leave(g, word);
}

/* The same from any CPU. */
static inline bool q_guard_claim(struct q_guard *g, unsigned cpu, q_word *word) {
    (void)cpu;
    return q_guard_enter(g, word);
}
static inline void q_guard_release(struct q_guard *g, q_word word) {
    q_guard_leave(g, word);
}

/* The word, or Q_BUSY. It may be old. relaxed: enough for an estimate; a prover executes a fence first (take.c). */
static inline q_word q_guard_see(const struct q_guard *g) {
    return atomic_load_explicit(&g->word, memory_order_relaxed);
}

/* The word, as new as what the caller read before, or Q_BUSY. seq_cst: a read-modify-write reads the newest word, and a call
 * that enters later reads what this one left (validate.c, V2). */
static inline q_word q_guard_look(struct q_guard *g, unsigned cpu) {
    (void)cpu;
    return atomic_fetch_add(&g->word, 0);
}

#endif

/* No visit has ended yet, so the cache is empty. A first visit that is under way may not be seen. */
static inline bool q_guard_is_new(const struct q_guard *g) {
    return q_guard_see(g) == 0;
}

#endif
