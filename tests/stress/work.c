/* work.c: what the threads do with frames, and the owner words that tell when one has two owners. See stress.c. */
#include "stress.h"

#include <quire/port.h>
#include <sched.h>
#include <stdio.h>

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

/* ---- the memory --------------------------------------------------------------------------------------- */

#define BASE       ((quire_pa)1 << 30)
#define MAX_FRAMES (MOST_BYTES >> QUIRE_PAGE_SHIFT)

struct quire *q;

/* Who has a frame; of a shared one, how many do. */
enum { NOBODY = 0, IN_RING = 1000 };
static _Atomic uint32_t owner[MAX_FRAMES];

void make_memory(const struct plan *plan) {
    const struct quire_config config = {.n_cpus = plan->n_cpus, .content = plan->content};
    const struct quire_region region = {BASE, BASE + plan->n_bytes, QUIRE_USABLE, 0};
    atomic_store(&failed, false);
    for (size_t i = 0; i < MAX_FRAMES; i++) {
        atomic_store(&owner[i], NOBODY);
    }
    host_ram_add(BASE, plan->n_bytes);
    assert_int_equal(quire_init(&q, &config, &region, 1), QUIRE_OK);
}

static _Atomic uint32_t *owner_of(quire_pa pa) {
    return &owner[(pa - BASE) / QUIRE_PAGE_SIZE];
}

/* ---- what a thread does with frames ------------------------------------------------------------------- */

uint32_t roll(struct worker *w, uint32_t n) {
    w->dice = w->dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->dice >> 33) % n;
}

/* Each frame of a piece goes from one owner to another, and was the first one's until then. relaxed: the word alone must
 * be right, whatever becomes visible around it. */
static void pass(struct piece p, uint32_t from, uint32_t to) {
    for (quire_pa at = p.pa; at < p.pa + p.n * QUIRE_PAGE_SIZE; at += QUIRE_PAGE_SIZE) {
        if (atomic_exchange_explicit(owner_of(at), to, memory_order_relaxed) != from) {
            stress_fail(from == NOBODY ? "given although somebody has it" : "somebody took what others have", at);
        }
    }
}

/* Keeps what the allocator gave, if it gave something. */
static bool keep(struct worker *w, struct piece p) {
    w->n_calls++;
    if (p.pa == QUIRE_NONE) {
        return false;
    }
    pass(p, NOBODY, w->id);
    w->held[w->n_held++] = p;
    return true;
}

static bool take(struct worker *w, unsigned order) {
    struct piece p = {QUIRE_NONE, 1u << order};
    if (w->n_held == w->most_held) {
        return false;
    }
    if (order == 0) {
        p.pa = quire_alloc(q, (uint8_t)w->id);
    } else {
        (void)quire_alloc_order(q, order, (uint8_t)w->id, &p.pa);
    }
    return keep(w, p);
}

static bool take_run(struct worker *w, uint32_t n) {
    struct piece p = {QUIRE_NONE, n};
    (void)quire_alloc_for(q, &(struct quire_request){.n_frames = n, .tag = (uint8_t)w->id}, &p.pa);
    return keep(w, p);
}

/* By the call that is meant for so many frames, at such an address. */
static enum quire_status free_piece(struct piece p) {
    for (unsigned order = 1; order <= PAIR_ORDER; order++) {
        if (p.n == 1u << order && p.pa % (p.n * QUIRE_PAGE_SIZE) == 0) {
            return quire_free_order(q, p.pa, order);
        }
    }
    return p.n == 1 ? quire_free(q, p.pa) : quire_free_frames(q, p.pa, p.n);
}

void give(struct worker *w, struct piece p) {
    pass(p, w->id, NOBODY);
    w->n_calls++;
    if (free_piece(p) != QUIRE_OK) {
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
    if (p.n > 1) {
        p.n /= 2;
        w->held[w->n_held++] = (struct piece){p.pa + p.n * QUIRE_PAGE_SIZE, p.n};
    }
    give(w, p);
}

/* Puts a frame where another thread will find it, and frees the one that lay there. */
static _Atomic quire_pa ring[64]; /* 0: empty; memory does not begin at 0 here */

static void hand_over(struct worker *w) {
    struct piece mine = {quire_alloc(q, 200), 1}, theirs = {0, 1};
    w->n_calls++;
    if (mine.pa == QUIRE_NONE) {
        return;
    }
    pass(mine, NOBODY, IN_RING);
    theirs.pa = atomic_exchange(&ring[roll(w, sizeof ring / sizeof ring[0])], mine.pa);
    if (theirs.pa != 0) {
        pass(theirs, IN_RING, w->id);
        give(w, theirs);
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
        (void)take(w, roll(w, 10) == 0 ? roll(w, PAIR_ORDER + 1) : 1 + roll(w, 4));
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
        pass((struct piece){pa, 1}, NOBODY, 1);
        atomic_store(&shared[i], pa);
    }
}

void empty_shared(void) {
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        quire_pa pa = atomic_exchange(&shared[i], 0);
        pass((struct piece){pa, 1}, 1, NOBODY);
        assert_int_equal(quire_refs(q, pa), 1);
        assert_int_equal(quire_put(q, pa), QUIRE_OK);
    }
}

static void get(struct worker *w, quire_pa pa) {
    w->n_calls++;
    if (quire_get(q, pa) != QUIRE_OK) {
        stress_fail("get refused", pa);
    }
    if (atomic_fetch_add_explicit(owner_of(pa), 1, memory_order_relaxed) == NOBODY) {
        stress_fail("a reference to what nobody has", pa);
    }
}

/* To be called before the reference is dropped: once it is, the frame may be anybody's. */
static void let_go(quire_pa pa) {
    if (atomic_fetch_sub_explicit(owner_of(pa), 1, memory_order_relaxed) == NOBODY) {
        stress_fail("a reference too many", pa);
    }
}

static void put(struct worker *w, quire_pa pa) {
    w->n_calls++;
    let_go(pa);
    if (quire_put(q, pa) != QUIRE_OK) {
        stress_fail("put refused", pa);
    }
}

/* The slot's reference goes to the frame `pa`; what another thread put there meanwhile goes. */
static void put_into(struct worker *w, _Atomic quire_pa *slot, quire_pa pa) {
    quire_pa other = atomic_exchange(slot, pa);
    if (other != 0) {
        put(w, other);
    }
}

/* A frame of the worker's own, with the same contents, or none; the reference to `pa` is gone, or has become that. */
static quire_pa break_share(struct worker *w, quire_pa pa) {
    quire_pa own = QUIRE_NONE;
    w->n_calls++;
    let_go(pa);
    enum quire_status status = quire_cow(q, pa, &own);
    if (own != QUIRE_NONE && own != pa) {
        pass((struct piece){own, 1}, NOBODY, 1);
        return own;
    }
    uint32_t n_others = atomic_fetch_add_explicit(owner_of(pa), 1, memory_order_relaxed); /* it is still ours */
    if (status == QUIRE_NO_MEMORY) {
        put(w, pa);
    } else if (own != pa) {
        stress_fail("copy-on-write refused", pa);
    } else if (n_others != NOBODY) {
        stress_fail("no copy although others have it", pa);
    }
    return own;
}

void work_shared(struct worker *w) {
    _Atomic quire_pa *slot = &shared[roll(w, sizeof shared / sizeof shared[0])];
    quire_pa pa = atomic_exchange(slot, 0);
    if (pa == 0) {
        return;
    }
    get(w, pa); /* the slot's reference is ours meanwhile */
    uint64_t was = *(const uint64_t *)quire_port_map(pa);
    put_into(w, slot, pa);
    if (roll(w, 2) != 0) {
        put(w, pa);
        return;
    }
    quire_pa own = break_share(w, pa);
    if (own != QUIRE_NONE) {
        uint64_t *words = quire_port_map(own);
        if (words[0] != was) {
            stress_fail("a copy with other contents", own);
        }
        words[0] = roll(w, 1000000);
        put_into(w, slot, own);
    }
}

/* No more than so many frames are ever taken at once, so that taking one must succeed. */
atomic_int tickets;
atomic_uint n_refused;

static bool get_tickets(uint32_t n) {
    if (atomic_fetch_sub(&tickets, (int)n) >= (int)n) {
        return true;
    }
    atomic_fetch_add(&tickets, (int)n); /* there were fewer left */
    return false;
}

static void give_with_tickets(struct worker *w, struct piece p) {
    give(w, p);
    atomic_fetch_add(&tickets, (int)p.n);
}

void work_with_tickets(struct worker *w) {
    if (w->n_held < w->most_held && get_tickets(1)) {
        if (!take(w, 0)) {
            atomic_fetch_add(&n_refused, 1);
            atomic_fetch_add(&tickets, 1);
        }
        return;
    }
    for (uint32_t n = roll(w, 4); n > 0 && w->n_held > 0; n--) {
        give_with_tickets(w, pick(w));
    }
}

/* Some frames out of a run go, by one call or frame by frame; what is left on either side stays. */
static void give_part(struct worker *w) {
    struct piece p = pick(w);
    uint32_t before = roll(w, p.n), n = 1 + roll(w, p.n - before), after = p.n - before - n;
    struct piece part = {p.pa + before * QUIRE_PAGE_SIZE, n};
    if (before > 0) {
        w->held[w->n_held++] = (struct piece){p.pa, before};
    }
    if (after > 0) {
        w->held[w->n_held++] = (struct piece){part.pa + n * QUIRE_PAGE_SIZE, after};
    }
    if (roll(w, 2) == 0) {
        give_with_tickets(w, part);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        give_with_tickets(w, (struct piece){part.pa + i * QUIRE_PAGE_SIZE, 1});
    }
}

/* All of a run goes, or a part. */
static void give_run(struct worker *w) {
    if (roll(w, 3) == 0 && w->n_held < w->most_held) { /* of one piece may become two */
        give_part(w);
    } else {
        give_with_tickets(w, pick(w));
    }
}

/* A run may be refused, since no frames need lie side by side. */
atomic_uint n_runs;

static void work_run(struct worker *w, uint32_t n, bool insists) {
    while (w->n_held >= w->most_held || !get_tickets(n)) {
        if (w->n_held == 0) {
            sched_yield(); /* the others have too much */
            return;
        }
        give_run(w);
        if (!insists) {
            return;
        }
    }
    if (take_run(w, n)) {
        atomic_fetch_add(&n_runs, 1);
    } else {
        atomic_fetch_add(&tickets, (int)n);
    }
}

/* A run takes as long as many frames. */
static void work_meanwhile(struct worker *w, unsigned n_steps) {
    for (unsigned i = 0; i < n_steps; i++) {
        work_with_tickets(w);
    }
}

/* Every other thread has runs, as many short ones as long ones. */
void work_beside_runs(struct worker *w) {
    if (w->id % 2 == 0) {
        bool insists = roll(w, 8) == 0; /* else long runs would never come together */
        work_run(w, 2 + roll(w, 2u << roll(w, 12)), insists);
    } else {
        work_meanwhile(w, 80);
    }
}

/* Two threads have runs of 1 GiB, too, in parts now and then. What a thread holds goes before it takes more: else such a run
 * would never come together. */
void work_beside_gigabytes(struct worker *w) {
    while (w->n_held > 0) {
        give_with_tickets(w, pick(w));
    }
    if (w->id <= 2) {
        work_run(w, (1u << 30) >> QUIRE_PAGE_SHIFT, true);
    }
    work_meanwhile(w, 2000);
}
