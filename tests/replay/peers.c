/* peers.c: contestants for the tests of quire-replay: some whose every address can be worked out by hand, and some that
 * are broken in one way each. */
#include "peer.h"

#include <quire/quire.h>
#include <stdbool.h>
#include <stdlib.h>

/* Hands out the lowest run that is free. A frame freed by a CPU is that CPU's where `hoards`. */
struct lowest {
    struct memory memory;
    uint64_t n_frames, lowest; /* no frame below is free */
    unsigned n_calls;          /* of alloc, or those that were not undone by a free */
    bool hoards;
    signed char *free_for; /* each frame: HELD, ANYBODY, or a CPU */
};
enum { HELD = -2, ANYBODY = -1 };

static struct lowest *new_lowest(const struct memory *memory) {
    struct lowest *l = calloc(1, sizeof *l);
    if (l == NULL) {
        abort();
    }
    l->memory = *memory;
    l->n_frames = memory->n_bytes >> QUIRE_PAGE_SHIFT;
    l->free_for = malloc(l->n_frames);
    if (l->free_for == NULL) {
        abort();
    }
    for (uint64_t frame = 0; frame < l->n_frames; frame++) {
        l->free_for[frame] = ANYBODY;
    }
    return l;
}

static void *lowest_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    return new_lowest(memory);
}

static void lowest_drop(void *state) {
    struct lowest *l = state;
    free(l->free_for);
    free(l);
}

static bool is_free(const struct lowest *l, uint64_t frame, unsigned cpu) {
    return l->free_for[frame] == ANYBODY || l->free_for[frame] == (signed char)cpu;
}

static quire_pa lowest_alloc_order(void *state, unsigned cpu, unsigned order) {
    struct lowest *l = state;
    uint64_t n = (uint64_t)1 << order, n_free = 0;
    while (l->lowest < l->n_frames && l->free_for[l->lowest] == HELD) {
        l->lowest++;
    }
    for (uint64_t first = l->lowest & ~(n - 1); first + n <= l->n_frames; first += n) {
        for (n_free = 0; n_free < n && is_free(l, first + n_free, cpu); n_free++) {}
        if (n_free == n) {
            for (uint64_t i = 0; i < n; i++) {
                l->free_for[first + i] = HELD;
            }
            return l->memory.base + (first << QUIRE_PAGE_SHIFT);
        }
    }
    return QUIRE_NONE;
}

static quire_pa lowest_alloc(void *state, unsigned cpu) {
    return lowest_alloc_order(state, cpu, 0);
}

static void lowest_free_order(void *state, unsigned cpu, quire_pa pa, unsigned order) {
    struct lowest *l = state;
    uint64_t first = (pa - l->memory.base) >> QUIRE_PAGE_SHIFT;
    for (uint64_t i = 0; i < (uint64_t)1 << order; i++) {
        l->free_for[first + i] = (signed char)(l->hoards ? (int)cpu : ANYBODY);
    }
    l->lowest = first < l->lowest ? first : l->lowest;
}

static void lowest_free(void *state, unsigned cpu, quire_pa pa) {
    lowest_free_order(state, cpu, pa, 0);
}

static const struct peer peer_lowest = {
    .name = "lowest",
    .what = "the lowest run of frames",
    .make = lowest_make,
    .drop = lowest_drop,
    .alloc = lowest_alloc,
    .free = lowest_free,
    .alloc_order = lowest_alloc_order,
    .free_order = lowest_free_order,
};

static const struct peer peer_singles = {
    .name = "singles",
    .what = "the lowest frame, and nothing larger",
    .make = lowest_make,
    .drop = lowest_drop,
    .alloc = lowest_alloc,
    .free = lowest_free,
};

/* ---- with data of its own, with too little, with frames that do not come back ----------------------------- */

static void *own_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    struct lowest *l = new_lowest(memory);
    l->free_for[0] = HELD;
    return l;
}

static const struct peer peer_own = {
    .name = "own",
    .what = "keeps the first frame",
    .make = own_make,
    .drop = lowest_drop,
    .alloc = lowest_alloc,
    .free = lowest_free,
    .alloc_order = lowest_alloc_order,
    .free_order = lowest_free_order,
};

static void *scarce_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    struct lowest *l = new_lowest(memory);
    l->n_frames = 300;
    return l;
}

static const struct peer peer_scarce = {
    .name = "scarce",
    .what = "300 single frames",
    .make = scarce_make,
    .drop = lowest_drop,
    .alloc = lowest_alloc,
    .free = lowest_free,
};

static void *hoard_make(const struct memory *memory, unsigned n_cpus) {
    (void)n_cpus;
    struct lowest *l = new_lowest(memory);
    l->hoards = true;
    return l;
}

static const struct peer peer_hoard = {
    .name = "hoard",
    .what = "what a CPU frees is its own",
    .make = hoard_make,
    .drop = lowest_drop,
    .alloc = lowest_alloc,
    .free = lowest_free,
    .alloc_order = lowest_alloc_order,
    .free_order = lowest_free_order,
};

/* ---- a heap: its frames are nobody's memory, and all must come back before it goes ------------------------- */

static quire_pa heap_alloc_order(void *state, unsigned cpu, unsigned order) {
    struct lowest *l = state;
    l->n_calls++;
    return lowest_alloc_order(state, cpu, order);
}

static quire_pa heap_alloc(void *state, unsigned cpu) {
    return heap_alloc_order(state, cpu, 0);
}

static void heap_free_order(void *state, unsigned cpu, quire_pa pa, unsigned order) {
    struct lowest *l = state;
    l->n_calls--;
    lowest_free_order(state, cpu, pa, order);
}

static void heap_free(void *state, unsigned cpu, quire_pa pa) {
    heap_free_order(state, cpu, pa, 0);
}

static void heap_drop(void *state) {
    struct lowest *l = state;
    if (l->n_calls != 0) {
        abort();
    }
    lowest_drop(state);
}

static const struct peer peer_heap = {
    .name = "heap",
    .what = "wants back all that it handed out",
    .traits = PEER_FOREIGN,
    .make = lowest_make,
    .drop = heap_drop,
    .alloc = heap_alloc,
    .free = heap_free,
    .alloc_order = heap_alloc_order,
    .free_order = heap_free_order,
};

/* ---- broken ones ------------------------------------------------------------------------------------------ */

static quire_pa twice_alloc(void *state, unsigned cpu) {
    struct lowest *l = state;
    return ++l->n_calls > 2 ? l->memory.base : lowest_alloc(state, cpu);
}

static const struct peer peer_twice = {
    .name = "twice",
    .what = "one frame for everybody from the third call on",
    .make = lowest_make,
    .drop = lowest_drop,
    .alloc = twice_alloc,
    .free = lowest_free,
};

static quire_pa crooked_alloc_order(void *state, unsigned cpu, unsigned order) {
    return lowest_alloc_order(state, cpu, order) + QUIRE_PAGE_SIZE;
}

static const struct peer peer_crooked = {
    .name = "crooked",
    .what = "runs that begin a frame too late",
    .make = lowest_make,
    .drop = lowest_drop,
    .alloc = lowest_alloc,
    .free = lowest_free,
    .alloc_order = crooked_alloc_order,
    .free_order = lowest_free_order,
};

static quire_pa beyond_alloc_order(void *state, unsigned cpu, unsigned order) {
    struct lowest *l = state;
    (void)cpu;
    (void)order;
    return l->memory.base + l->memory.n_bytes;
}

static const struct peer peer_beyond = {
    .name = "beyond",
    .what = "runs behind the end of memory",
    .make = lowest_make,
    .drop = lowest_drop,
    .alloc = lowest_alloc,
    .free = lowest_free,
    .alloc_order = beyond_alloc_order,
    .free_order = lowest_free_order,
};

static quire_pa overlap_alloc_order(void *state, unsigned cpu, unsigned order) {
    struct lowest *l = state;
    (void)cpu;
    (void)order;
    return l->memory.base;
}

static const struct peer peer_overlap = {
    .name = "overlap",
    .what = "the first run, whoever has it",
    .make = lowest_make,
    .drop = lowest_drop,
    .alloc = lowest_alloc,
    .free = lowest_free,
    .alloc_order = overlap_alloc_order,
    .free_order = lowest_free_order,
};

const struct peer *const peers[] = {
    &peer_lowest, &peer_singles, &peer_own,     &peer_scarce, &peer_hoard,
    &peer_heap,   &peer_twice,   &peer_crooked, &peer_beyond, &peer_overlap,
};
const unsigned n_peers = sizeof peers / sizeof peers[0];
