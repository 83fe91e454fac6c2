/* list.c: what the list designs share: the start, and what a kernel asks besides.
 *
 * At the start they free each frame of memory, one by one. Of runs of frames, owners, zones and recovery they know
 * nothing. Kernel stacks, which are runs elsewhere, are made of single frames by the functions that the linker puts
 * before those of stack.c (--wrap). */
#include "list.h"
#include <process.h>

static struct quire memory;

/* ---- the start -------------------------------------------------------------------------------------------- */

static void free_region(const struct quire_region *region) {
    quire_pa pa = page_up(region->base), end = page_down(region->end);
    memory.base = memory.n_frames == 0 ? pa : memory.base;
    memory.end = end;
    for (; pa < end; pa += PAGE_BYTES) {
        quire_free(&memory, pa);
        memory.n_frames++;
    }
}

enum quire_status quire_init(struct quire **out, const struct quire_config *config, const struct quire_region *regions,
                             size_t n_regions) {
    *out = NULL;
    if (config->content != QUIRE_CONTENT_NONE && config->content != QUIRE_CONTENT_JUNK) {
        return QUIRE_INVALID;
    }
    memory.n_cpus = config->n_cpus;
    memory.fill = config->content == QUIRE_CONTENT_JUNK;
    for (size_t i = 0; i < n_regions; i++) {
        if (regions[i].type == QUIRE_USABLE && page_up(regions[i].base) < regions[i].end) {
            free_region(&regions[i]);
        }
    }
    *out = &memory;
    return memory.n_frames > 0 ? QUIRE_OK : QUIRE_NO_MEMORY;
}

enum quire_status quire_recover(struct quire **out, const struct quire_config *config,
                                const struct quire_region *regions, size_t n_regions, struct quire_recovery *found) {
    (void)config, (void)regions, (void)n_regions, (void)found;
    *out = NULL;
    return QUIRE_NO_MEMORY;
}

/* ---- kernel stacks ---------------------------------------------------------------------------------------- */

enum { STACK_PAGES = STACK_BYTES / QUIRE_PAGE_SIZE };

uintptr_t __wrap_stack_make(unsigned number);
void __wrap_stack_free(unsigned number, const struct cpu_set *used_on);

static pte_t *stack_entries(unsigned number) {
    return paging_find(paging_kernel_root, stack_top(number) - STACK_BYTES);
}

static void free_stack_pages(pte_t *entries) {
    for (unsigned i = 0; i < STACK_PAGES; i++) {
        if (entries[i] != 0) {
            quire_free(frames, pte_frame(entries[i]));
        }
        entries[i] = 0;
    }
}

uintptr_t __wrap_stack_make(unsigned number) {
    pte_t *entries = stack_entries(number);
    for (unsigned i = 0; i < STACK_PAGES; i++) {
        quire_pa frame = quire_alloc(frames, OWNER_STACK);
        if (frame == QUIRE_NONE) {
            free_stack_pages(entries);
            return 0;
        }
        entries[i] = pte_make(frame, ACCESS_READ | ACCESS_WRITE);
    }
    return stack_top(number);
}

/* The CPUs that used it forget it first. */
void __wrap_stack_free(unsigned number, const struct cpu_set *used_on) {
    for (unsigned i = 0; i < n_cpus; i++) {
        if ((used_on->word[i / 64] >> i % 64 & 1) != 0) {
            paging_forget_range_on(&cpus[i], stack_top(number) - STACK_BYTES, STACK_BYTES);
        }
    }
    free_stack_pages(stack_entries(number));
}

enum quire_status quire_alloc_order(struct quire *q, unsigned order, uint8_t tag, quire_pa *out) {
    *out = order == 0 ? quire_alloc(q, tag) : QUIRE_NONE;
    return *out == QUIRE_NONE ? QUIRE_UNSATISFIABLE : QUIRE_OK;
}

enum quire_status quire_free_order(struct quire *q, quire_pa pa, unsigned order) {
    return order == 0 ? quire_free(q, pa) : QUIRE_INVALID;
}

enum quire_status quire_put(struct quire *q, quire_pa pa) {
    return quire_free(q, pa);
}

/* The conformance kit would call it (kernel/conformance.c), which is not for these designs. */
size_t quire_alloc_bulk(struct quire *q, size_t n, size_t least, uint8_t tag, quire_pa *out) {
    (void)q, (void)n, (void)least, (void)tag, (void)out;
    return 0;
}

/* ---- questions -------------------------------------------------------------------------------------------- */

uint64_t list_length(const struct list *list) {
    uint64_t n = 0;
    for (const struct link *frame = list->first; frame != NULL; frame = frame->next) {
        n++;
    }
    return n;
}

uint64_t quire_n_free(const struct quire *q) {
    (void)q;
    return lists_n_free();
}

void quire_stats(const struct quire *q, struct quire_stats *out) {
    *out = (struct quire_stats){.n_frames = q->n_frames, .n_free = lists_n_free(), .n_zones = 1, .n_cpus = q->n_cpus};
}

bool quire_zone_stats(const struct quire *q, unsigned zone, struct quire_zone_stats *out) {
    *out = (struct quire_zone_stats){.base = q->base, .end = q->end, .n_frames = q->n_frames, .n_free = lists_n_free()};
    return zone == 0;
}

bool quire_node_stats(const struct quire *q, unsigned node, struct quire_zone_stats *out) {
    return quire_zone_stats(q, node, out); /* one node, one zone */
}

bool quire_cpu_stats(const struct quire *q, unsigned cpu, struct quire_cpu_stats *out) {
    *out = (struct quire_cpu_stats){.in_block = QUIRE_NONE, .out_block = QUIRE_NONE};
    return cpu < q->n_cpus;
}

void quire_tag_stats(const struct quire *q, uint64_t n_frames[QUIRE_TAGS]) {
    (void)q;
    memset(n_frames, 0, QUIRE_TAGS * sizeof *n_frames);
}

void quire_free_runs(const struct quire *q, uint64_t n_runs[QUIRE_MAX_ORDER + 1]) {
    (void)q;
    memset(n_runs, 0, (QUIRE_MAX_ORDER + 1) * sizeof *n_runs);
}

void quire_walk(const struct quire *q, quire_walk_fn *visit, void *ctx) {
    (void)q, (void)visit, (void)ctx;
}

/* There is nothing else that could disagree. */
enum quire_status quire_validate(const struct quire *q, struct quire_fault *first) {
    (void)first;
    return lists_n_free() <= q->n_frames ? QUIRE_OK : QUIRE_FAULT;
}

const char *quire_status_name(enum quire_status status) {
    return status == QUIRE_OK ? "ok" : "not with this allocator";
}

const char *quire_fault_name(enum quire_fault_kind kind) {
    return kind == QUIRE_FAULT_NONE ? "no fault" : "a fault";
}
