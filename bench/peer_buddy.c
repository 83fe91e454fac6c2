/* peer_buddy.c: a buddy allocator with lists of pages for each CPU, in the manner of Linux since 6.7 (mm/page_alloc.c
 * there), written anew.
 *
 * The zone holds free blocks of 2^0 to 2^10 frames, listed by order, under one lock. A block that comes back merges
 * with its buddy, the block whose number differs in the bit of the order, as long as that one is free and whole. In
 * front of it each CPU has lists for the orders 0 to 3 and 9. It takes from the zone and gives back to it many frames
 * at once, the more the longer it only takes or only frees. It merely tries the lock of its lists, and goes to the zone
 * when another CPU is draining them. All lists run through descriptors beside the frames, which lie, with all else that
 * the allocator has, in the first frames of memory.
 *
 * What it has not, and what would only make it slower: more than one zone, node and kind of mobility, watermarks and
 * reclaim, the counters of /proc, the checks of a page's other fields, and their 64 bytes instead of 24. */
#include "freelist.h"

#include <quire/port.h>

enum { MAX_ORDER = 10, N_ORDERS, SMALL_ORDERS = 4, LARGE_ORDER = 9, N_CPU_LISTS = SMALL_ORDERS + 1 };

/* Frames taken from the zone at once, which Linux computes from the size of a zone, for 1 GiB and more. Doubled up to
 * five times. */
enum { BATCH = 63, MAX_DOUBLED = 5 };

struct node {
    struct node *next, *prev;
};

/* Describes a frame. The first frame's stands for a whole block. */
struct page {
    struct node node;
    bool is_in_zone; /* heads a free block of the zone, not of a CPU's list */
    uint8_t order;   /* of that block */
};

struct cpu_lists {
    _Alignas(128) struct lock lock;
    int32_t n_frames; /* on all lists */
    int32_t high;     /* from there on frames go back to the zone */
    int32_t n_freed;  /* frames freed in a row, halved by each alloc; says how many go back at once */
    int32_t doubled;  /* how many times the batch is doubled; halved by each free */
    struct node list[N_CPU_LISTS];
};

struct zone {
    struct memory memory;
    unsigned n_cpus;
    int32_t max_high;
    struct page *page; /* by frame, counted from the first of memory */
    _Alignas(128) struct lock lock;
    struct node free[N_ORDERS];
    struct cpu_lists cpu[];
};

/* ---- lists: rings, the head one of the nodes ------------------------------------------------------------ */

static void list_make(struct node *head) {
    *head = (struct node){head, head};
}

static inline bool list_is_empty(const struct node *head) {
    return head->next == head;
}

static inline void list_insert(struct node *node, struct node *prev, struct node *next) {
    *node = (struct node){next, prev};
    prev->next = node;
    next->prev = node;
}

static inline void list_push(struct node *head, struct page *page) {
    list_insert(&page->node, head, head->next);
}

static inline void list_append(struct node *head, struct page *page) {
    list_insert(&page->node, head->prev, head);
}

static inline struct page *list_remove(struct node *node) {
    node->prev->next = node->next;
    node->next->prev = node->prev;
    return (struct page *)(void *)node;
}

/* ---- the zone, its lock held ---------------------------------------------------------------------------- */

static inline int32_t n_frames_of(unsigned order) {
    return (int32_t)1 << order;
}

/* The other half of what would be a block of the next order. All orders below the highest have one: memory begins and
 * ends with a block of the highest. */
static inline struct page *buddy_of(const struct zone *z, const struct page *page, unsigned order) {
    return &z->page[(size_t)(page - z->page) ^ (size_t)1 << order];
}

static inline bool is_free_block(const struct page *page, unsigned order) {
    return page->is_in_zone && page->order == order;
}

static inline void mark_free(struct page *page, unsigned order) {
    page->is_in_zone = true;
    page->order = (uint8_t)order;
}

static inline struct page *take_off(struct node *node) {
    struct page *page = list_remove(node);
    page->is_in_zone = false;
    return page;
}

/* Whether the block will be part of a larger one once its buddy comes back: then it should be the last to be taken. */
static bool may_merge_soon(const struct zone *z, const struct page *page, unsigned order) {
    if (order + 1 >= MAX_ORDER) {
        return false;
    }
    const struct page *other = buddy_of(z, page, order);
    const struct page *pair = page < other ? page : other;
    return is_free_block(buddy_of(z, pair, order + 1), order + 1);
}

static void zone_put(struct zone *z, struct page *page, unsigned order) {
    for (; order < MAX_ORDER; order++) {
        struct page *buddy = buddy_of(z, page, order);
        if (!is_free_block(buddy, order)) {
            break;
        }
        take_off(&buddy->node);
        page = page < buddy ? page : buddy;
    }
    mark_free(page, order);
    if (may_merge_soon(z, page, order)) {
        list_append(&z->free[order], page);
    } else {
        list_push(&z->free[order], page);
    }
}

/* Splits the first block of the smallest order that will do. */
static struct page *zone_take(struct zone *z, unsigned order) {
    unsigned have = order;
    while (list_is_empty(&z->free[have])) {
        if (have++ == MAX_ORDER) {
            return NULL;
        }
    }
    struct page *page = take_off(z->free[have].next);
    while (have > order) {
        have--;
        mark_free(page + n_frames_of(have), have);
        list_push(&z->free[have], page + n_frames_of(have));
    }
    return page;
}

/* ---- the lists of a CPU, their lock held ---------------------------------------------------------------- */

static inline int32_t clamp(int32_t n, int32_t min, int32_t max) {
    return n < min ? min : n > max ? max : n;
}

/* How many blocks to take at once. Grows, and with it the room on the lists, while nothing is freed. */
static int32_t refill_size(const struct zone *z, struct cpu_lists *c, unsigned order) {
    int32_t n_frames = order == 0 ? BATCH << c->doubled : BATCH;
    c->high = clamp(c->high + n_frames, 0, z->max_high);
    if (order > 0) {
        return clamp(BATCH >> order, 2, BATCH);
    }
    int32_t room = clamp(c->high - c->n_frames - BATCH, BATCH, z->max_high);
    if (n_frames <= room && c->doubled < MAX_DOUBLED) {
        c->doubled++;
    }
    return clamp(n_frames, 1, room);
}

static void refill(struct zone *z, struct cpu_lists *c, unsigned list, unsigned order) {
    int32_t n = refill_size(z, c, order);
    lock_take(&z->lock);
    for (struct page *page; n > 0 && (page = zone_take(z, order)) != NULL; n--) {
        list_append(&c->list[list], page);
        c->n_frames += n_frames_of(order);
    }
    lock_drop(&z->lock);
}

static inline struct page *cpu_take(struct zone *z, struct cpu_lists *c, unsigned list, unsigned order) {
    c->n_freed >>= 1;
    if (list_is_empty(&c->list[list])) {
        refill(z, c, list, order);
        if (list_is_empty(&c->list[list])) {
            return NULL;
        }
    }
    c->n_frames -= n_frames_of(order);
    return list_remove(c->list[list].next);
}

static unsigned order_of_list(unsigned list) {
    return list < SMALL_ORDERS ? list : LARGE_ORDER;
}

/* Gives at least n_frames back to the zone, the longest unused first, beginning with `list`. */
static void spill(struct zone *z, struct cpu_lists *c, unsigned list, int32_t n_frames) {
    int32_t keep = clamp(c->n_frames - n_frames, 0, c->n_frames);
    lock_take(&z->lock);
    for (; c->n_frames > keep; list = (list + 1) % N_CPU_LISTS) {
        unsigned order = order_of_list(list);
        while (c->n_frames > keep && !list_is_empty(&c->list[list])) {
            zone_put(z, list_remove(c->list[list].prev), order);
            c->n_frames -= n_frames_of(order);
        }
    }
    lock_drop(&z->lock);
}

static inline void cpu_give(struct zone *z, struct cpu_lists *c, unsigned list, struct page *page, unsigned order) {
    list_push(&c->list[list], page);
    c->n_frames += n_frames_of(order);
    c->doubled >>= 1;
    if (c->n_freed < BATCH << MAX_DOUBLED) {
        c->n_freed += n_frames_of(order);
    }
    if (c->n_frames >= c->high) {
        int32_t n_back = clamp(c->n_freed, BATCH, c->high - BATCH);
        c->high = clamp(c->n_freed + BATCH, c->high, z->max_high);
        spill(z, c, list, n_back);
    }
}

/* ---- both ----------------------------------------------------------------------------------------------- */

static inline bool lock_try(struct lock *l) {
    return !atomic_exchange_explicit(&l->held, true, memory_order_acquire); /* after the release in lock_drop */
}

/* The list for an order; N_CPU_LISTS: none. */
static inline unsigned list_for(unsigned order) {
    return order < SMALL_ORDERS ? order : order == LARGE_ORDER ? SMALL_ORDERS : N_CPU_LISTS;
}

static inline struct page *take(struct zone *z, unsigned order) {
    struct cpu_lists *c = &z->cpu[quire_port_cpu()];
    unsigned list = list_for(order);
    struct page *page;
    if (list < N_CPU_LISTS && lock_try(&c->lock)) {
        page = cpu_take(z, c, list, order);
        lock_drop(&c->lock);
    } else {
        lock_take(&z->lock);
        page = zone_take(z, order);
        lock_drop(&z->lock);
    }
    return page;
}

static inline void give(struct zone *z, struct page *page, unsigned order) {
    struct cpu_lists *c = &z->cpu[quire_port_cpu()];
    unsigned list = list_for(order);
    if (list < N_CPU_LISTS && lock_try(&c->lock)) {
        cpu_give(z, c, list, page, order);
        lock_drop(&c->lock);
    } else {
        lock_take(&z->lock);
        zone_put(z, page, order);
        lock_drop(&z->lock);
    }
}

/* What Linux does before it gives up: frames on the lists of other CPUs, and those that could merge, are found. */
static void drain_all(struct zone *z) {
    for (unsigned cpu = 0; cpu < z->n_cpus; cpu++) {
        struct cpu_lists *c = &z->cpu[cpu];
        lock_take(&c->lock);
        spill(z, c, 0, c->n_frames);
        lock_drop(&c->lock);
    }
}

static inline quire_pa alloc_or_drain(struct zone *z, unsigned order) {
    struct page *page = take(z, order);
    if (page == NULL) {
        drain_all(z);
        page = take(z, order);
    }
    return page == NULL ? QUIRE_NONE : z->memory.base + ((quire_pa)(page - z->page) << QUIRE_PAGE_SHIFT);
}

static inline struct page *page_at(const struct zone *z, quire_pa frame) {
    return &z->page[(frame - z->memory.base) >> QUIRE_PAGE_SHIFT];
}

static quire_pa buddy_alloc(void *state, unsigned cpu) {
    (void)cpu;
    return alloc_or_drain(state, 0);
}

static void buddy_free(void *state, unsigned cpu, quire_pa frame) {
    (void)cpu;
    give(state, page_at(state, frame), 0);
}

static quire_pa buddy_alloc_order(void *state, unsigned cpu, unsigned order) {
    (void)cpu;
    return alloc_or_drain(state, order);
}

static void buddy_free_order(void *state, unsigned cpu, quire_pa frame, unsigned order) {
    (void)cpu;
    give(state, page_at(state, frame), order);
}

/* ---- start ---------------------------------------------------------------------------------------------- */

static void make_lists(struct zone *z, unsigned n_cpus, size_t n_frames) {
    z->n_cpus = n_cpus;
    z->max_high = clamp((int32_t)(n_frames / 8 / n_cpus), 4 * BATCH, INT32_MAX);
    for (unsigned order = 0; order < N_ORDERS; order++) {
        list_make(&z->free[order]);
    }
    for (unsigned cpu = 0; cpu < n_cpus; cpu++) {
        z->cpu[cpu].high = 4 * BATCH;
        for (unsigned list = 0; list < N_CPU_LISTS; list++) {
            list_make(&z->cpu[cpu].list[list]);
        }
    }
}

static void *buddy_make(const struct memory *memory, unsigned n_cpus) {
    size_t n_frames = memory->n_bytes >> QUIRE_PAGE_SHIFT;
    size_t n_before_pages = sizeof(struct zone) + n_cpus * sizeof(struct cpu_lists);
    size_t n_own_bytes = n_before_pages + n_frames * sizeof(struct page);
    struct zone *z = (struct zone *)(void *)memory->at;
    memset(z, 0, n_own_bytes);
    z->memory = *memory;
    z->page = (struct page *)(void *)(memory->at + n_before_pages);
    make_lists(z, n_cpus, n_frames);
    for (size_t n = (n_own_bytes + QUIRE_PAGE_SIZE - 1) >> QUIRE_PAGE_SHIFT; n < n_frames;) {
        unsigned order = 0;
        while (order < MAX_ORDER && n % (size_t)n_frames_of(order + 1) == 0) {
            order++;
        }
        zone_put(z, &z->page[n], order);
        n += (size_t)n_frames_of(order);
    }
    return z;
}

static void buddy_drop(void *state) {
    (void)state; /* all that it has lies in the memory it was given */
}

const struct peer peer_buddy = {
    .name = "buddy",
    .what = "a buddy allocator with lists of pages for each CPU, in the manner of Linux",
    .make = buddy_make,
    .drop = buddy_drop,
    .alloc = buddy_alloc,
    .free = buddy_free,
    .alloc_order = buddy_alloc_order,
    .free_order = buddy_free_order,
};
