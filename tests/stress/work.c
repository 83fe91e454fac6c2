/* work.c: what the threads do with frames, and the owner words that tell when one has two owners. See stress.c. */
#include "stress.h"

#include <quire/port.h>
#include <stdio.h>

/* ---- the memory --------------------------------------------------------------------------------------- */

#define BASE       ((quire_pa)1 << 30)
#define MAX_FRAMES (64u << 20 >> QUIRE_PAGE_SHIFT)

struct quire *q;
static _Atomic uint32_t owner[MAX_FRAMES]; /* 0: nobody */

void make_memory(const struct plan *plan) {
    const struct quire_config config = {.n_cpus = plan->n_cpus, .content = plan->content};
    const struct quire_region region = {BASE, BASE + plan->n_bytes, QUIRE_USABLE};
    for (size_t i = 0; i < MAX_FRAMES; i++) {
        atomic_store(&owner[i], 0);
    }
    host_ram_add(BASE, plan->n_bytes);
    assert_int_equal(quire_init(&q, &config, &region, 1), QUIRE_OK);
}

static _Atomic uint32_t *owner_of(quire_pa pa) {
    return &owner[(pa - BASE) / QUIRE_PAGE_SIZE];
}

/* ---- failures in threads ------------------------------------------------------------------------------ */

static atomic_bool failed;
static char failure[200]; /* the first one */

bool has_failed(void) {
    return atomic_load_explicit(&failed, memory_order_relaxed);
}

void expect_no_failure(void) {
    if (atomic_exchange(&failed, false)) {
        fail_msg("%s", failure);
    }
}

static void stress_fail(const char *what, quire_pa pa) {
    if (!atomic_exchange(&failed, true)) {
        snprintf(failure, sizeof failure, "%s (frame %#llx)", what, (unsigned long long)pa);
    }
}

/* ---- what a thread does with frames ------------------------------------------------------------------- */

uint32_t roll(struct worker *w, uint32_t n) {
    w->dice = w->dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->dice >> 33) % n;
}

static void own(struct worker *w, quire_pa pa, unsigned order) {
    for (quire_pa at = pa; at < pa + (QUIRE_PAGE_SIZE << order); at += QUIRE_PAGE_SIZE) {
        if (atomic_exchange_explicit(owner_of(at), w->id, memory_order_relaxed) != 0) {
            stress_fail("given although somebody has it", at);
        }
    }
}

static void disown(struct worker *w, quire_pa pa, unsigned order) {
    for (quire_pa at = pa; at < pa + (QUIRE_PAGE_SIZE << order); at += QUIRE_PAGE_SIZE) {
        if (atomic_exchange_explicit(owner_of(at), 0, memory_order_relaxed) != w->id) {
            stress_fail("somebody took what this thread has", at);
        }
    }
}

static bool take(struct worker *w, unsigned order) {
    quire_pa pa = QUIRE_NONE;
    if (w->n_held == w->most_held) {
        return false;
    }
    if (order == 0) {
        pa = quire_alloc(q, (uint8_t)w->id);
    } else {
        (void)quire_alloc_order(q, order, (uint8_t)w->id, &pa);
    }
    if (pa == QUIRE_NONE) {
        return false;
    }
    own(w, pa, order);
    w->held[w->n_held++] = (struct piece){pa, order};
    return true;
}

void give(struct worker *w, struct piece p) {
    disown(w, p.pa, p.order);
    enum quire_status status = p.order == 0 ? quire_free(q, p.pa) : quire_free_order(q, p.pa, p.order);
    if (status != QUIRE_OK) {
        stress_fail("free refused", p.pa);
    }
}

static struct piece pick(struct worker *w) {
    uint32_t i = roll(w, w->n_held);
    struct piece p = w->held[i];
    w->held[i] = w->held[--w->n_held];
    return p;
}

/* One half of a larger piece goes, the other stays. */
static void halve(struct worker *w) {
    struct piece p = pick(w);
    if (p.order > 0) {
        p.order--;
        quire_pa half = QUIRE_PAGE_SIZE << p.order;
        w->held[w->n_held++] = (struct piece){p.pa + half, p.order};
    }
    give(w, p);
}

/* Puts a frame where another thread will find it, and frees the one that lay there. */
static _Atomic quire_pa ring[64]; /* 0: empty; memory does not begin at 0 here */

static void hand_over(struct worker *w) {
    quire_pa mine = quire_alloc(q, 200);
    if (mine == QUIRE_NONE) {
        return;
    }
    own(w, mine, 0);
    disown(w, mine, 0);
    quire_pa theirs = atomic_exchange(&ring[roll(w, sizeof ring / sizeof ring[0])], mine);
    if (theirs != 0) {
        own(w, theirs, 0);
        give(w, (struct piece){theirs, 0});
    }
}

void empty_ring(void) {
    for (size_t i = 0; i < sizeof ring / sizeof ring[0]; i++) {
        quire_pa pa = atomic_exchange(&ring[i], 0);
        assert_true(pa == 0 || quire_free(q, pa) == QUIRE_OK);
    }
}

/* ---- the ways to work --------------------------------------------------------------------------------- */

void work_singles(struct worker *w) {
    if (w->n_held == 0 || roll(w, 2) == 0) {
        (void)take(w, 0);
    } else {
        give(w, pick(w));
    }
}

void work_mixed(struct worker *w) {
    uint32_t what = roll(w, 100);
    if (what < 40) {
        (void)take(w, 0);
    } else if (what < 50) {
        (void)take(w, roll(w, 10) == 0 ? roll(w, QUIRE_MAX_ORDER + 1) : 1 + roll(w, 4));
    } else if (what < 60) {
        hand_over(w);
    } else if (w->n_held > 0) {
        (what < 65 ? halve(w) : give(w, pick(w)));
    }
}

/* Takes until nothing is left, then gives some back: caches are searched and stolen from most of the time. */
void work_greedily(struct worker *w) {
    if (!take(w, roll(w, 50) == 0 ? 2 : 0)) {
        for (uint32_t n = roll(w, 30); n > 0 && w->n_held > 0; n--) {
            give(w, pick(w));
        }
    }
}

void work_hand_over(struct worker *w) {
    hand_over(w);
}

/* Frames that all threads share. A thread that holds a reference gets another one, drops one, or breaks the share by
 * copy-on-write; the frame's first word tells which frame it was copied from. */
static _Atomic quire_pa shared[16]; /* each slot owns one reference; 0: somebody is busy with it */

void fill_shared(void) {
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        quire_pa pa = quire_alloc(q, 1);
        *(uint64_t *)quire_port_map(pa) = i;
        atomic_store(&shared[i], pa);
    }
}

void empty_shared(void) {
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        quire_pa pa = atomic_exchange(&shared[i], 0);
        assert_int_equal(quire_refs(q, pa), 1);
        assert_int_equal(quire_put(q, pa), QUIRE_OK);
    }
}

/* The slot's reference goes to the frame `pa`; what another thread put there meanwhile goes. */
static void put_into(_Atomic quire_pa *slot, quire_pa pa) {
    quire_pa other = atomic_exchange(slot, pa);
    if (other != 0 && quire_put(q, other) != QUIRE_OK) {
        stress_fail("put refused", other);
    }
}

void work_shared(struct worker *w) {
    _Atomic quire_pa *slot = &shared[roll(w, sizeof shared / sizeof shared[0])];
    quire_pa pa = atomic_exchange(slot, 0), copy = QUIRE_NONE;
    if (pa == 0) {
        return;
    }
    if (quire_get(q, pa) != QUIRE_OK) { /* the slot's reference is ours meanwhile */
        stress_fail("get refused", pa);
    }
    uint64_t was = *(const uint64_t *)quire_port_map(pa);
    put_into(slot, pa);
    enum quire_status status = roll(w, 2) == 0 ? quire_cow(q, pa, &copy) : quire_put(q, pa);
    if (status != QUIRE_OK && status != QUIRE_NO_MEMORY) {
        stress_fail("put or copy-on-write refused", pa);
    } else if (status == QUIRE_NO_MEMORY && quire_put(q, pa) != QUIRE_OK) {
        stress_fail("reference lost for lack of memory", pa);
    } else if (copy != QUIRE_NONE) {
        uint64_t *words = quire_port_map(copy);
        if (words[0] != was) {
            stress_fail("a copy with other contents", copy);
        }
        words[0] = roll(w, 1000000);
        put_into(slot, copy);
    }
}

/* No more than so many frames are ever taken at once, so that taking one must succeed. */
atomic_int tickets;
atomic_uint n_refused;

void work_with_tickets(struct worker *w) {
    if (w->n_held < w->most_held && atomic_fetch_sub(&tickets, 1) > 0) {
        if (!take(w, 0)) {
            atomic_fetch_add(&n_refused, 1);
            atomic_fetch_add(&tickets, 1);
        }
        return;
    }
    atomic_fetch_add(&tickets, w->n_held < w->most_held);
    for (uint32_t n = roll(w, 4); n > 0 && w->n_held > 0; n--) { /* there were none left */
        give(w, pick(w));
        atomic_fetch_add(&tickets, 1);
    }
}
