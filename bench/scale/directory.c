/* directory.c: who has a copy of which cache line.
 *
 * Caches are as large as one likes, so a copy is lost only when another CPU writes. Of each line that was ever touched
 * the directory knows who wrote it last and who has a copy:
 *
 *   read, having a copy          nothing moves
 *   read, having none            the line comes from another CPU: a transfer. From memory, and for nothing, if nobody
 *                                ever wrote it
 *   write, the only copy         nothing moves
 *   write, others have copies    these go away, and the line comes along where the writer had none: a transfer,
 *                                one however many had a copy
 *
 * That is the MESI protocol as far as it can be seen from outside: its E and M differ only in what is written back.
 * A transfer crosses nodes if, for a read, no CPU of the reader's node has a copy; for a write, if one elsewhere has.
 *
 * D1  holder is the only CPU with a copy, or NOBODY, or MANY; then copies[] has the bits of two or more.
 * D2  Who wrote last has a copy.
 *
 * Lines are kept in a hash table with linear probing that doubles when it is half full; sets of CPUs, 128 bytes each, only
 * for lines that several have. */
#include "directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY UINT16_MAX
#define MANY   (UINT16_MAX - 1)

#define SET_WORDS (MAX_CPUS / 64)
struct cpu_set {
    uint64_t word[SET_WORDS];
};

struct line {
    uintptr_t number; /* address / LINE_BYTES; 0: an empty slot */
    uint32_t copies;  /* index of its set, where holder is MANY */
    uint16_t holder;
    uint16_t writer; /* last; NOBODY: never written */
};

/* A line that a CPU has touched in its present operation. Those beyond TOUCHES count each time. */
#define TOUCHES 64u
struct touch {
    uint64_t operation;
    uintptr_t number;
};

struct directory {
    struct touch (*touches)[TOUCHES]; /* of each CPU: a small hash table, old operations' entries being empty ones */
    uint8_t node_of[MAX_CPUS];
    struct cpu_set nodes[MAX_NODES]; /* their CPUs */
    struct line *lines;
    size_t n_slots; /* a power of two */
    size_t n_lines;
    struct cpu_set *sets;
    uint32_t n_sets;
    uint32_t n_sets_max;
    uint32_t *unused; /* sets that no line has any more; room for all */
    uint32_t n_unused;
};

static void *need(void *p) {
    if (p == NULL) {
        fprintf(stderr, "scale: no memory for the directory of lines\n");
        exit(1);
    }
    return p;
}

static bool set_has(const struct cpu_set *set, unsigned cpu) {
    return (set->word[cpu / 64] >> cpu % 64 & 1) != 0;
}

static void set_add(struct cpu_set *set, unsigned cpu) {
    set->word[cpu / 64] |= (uint64_t)1 << cpu % 64;
}

struct directory *directory_make(unsigned n_cpus, unsigned n_nodes) {
    struct directory *d = need(calloc(1, sizeof *d));
    for (unsigned cpu = 0; cpu < n_cpus; cpu++) {
        d->node_of[cpu] = (uint8_t)(cpu * n_nodes / n_cpus);
        set_add(&d->nodes[d->node_of[cpu]], cpu);
    }
    d->touches = need(calloc(n_cpus, sizeof *d->touches));
    d->n_slots = (size_t)1 << 14;
    d->lines = need(calloc(d->n_slots, sizeof *d->lines));
    return d;
}

void directory_drop(struct directory *d) {
    free(d->touches);
    free(d->lines);
    free(d->sets);
    free(d->unused);
    free(d);
}

/* ---- lines ---------------------------------------------------------------------------------------------- */

/* Its slot, or the empty one where it belongs. Knuth's multiplicative hash: the upper bits of number / golden ratio. */
static struct line *slot_of(const struct directory *d, uintptr_t number) {
    size_t at = (size_t)(((uint64_t)number * 0x9E3779B97F4A7C15u) >> 32) & (d->n_slots - 1);
    while (d->lines[at].number != number && d->lines[at].number != 0) {
        at = (at + 1) & (d->n_slots - 1);
    }
    return &d->lines[at];
}

static void double_slots(struct directory *d) {
    struct line *old = d->lines;
    size_t n_old = d->n_slots;
    d->n_slots *= 2;
    d->lines = need(calloc(d->n_slots, sizeof *d->lines));
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].number != 0) {
            *slot_of(d, old[i].number) = old[i];
        }
    }
    free(old);
}

static struct line *line_of(struct directory *d, uintptr_t number) {
    struct line *line = slot_of(d, number);
    if (line->number == 0) {
        if (2 * ++d->n_lines > d->n_slots) {
            double_slots(d);
            line = slot_of(d, number);
        }
        *line = (struct line){.number = number, .holder = NOBODY, .writer = NOBODY};
    }
    return line;
}

/* ---- who has a copy ------------------------------------------------------------------------------------- */

static uint32_t take_set(struct directory *d) {
    if (d->n_unused > 0) {
        return d->unused[--d->n_unused];
    }
    if (d->n_sets == d->n_sets_max) {
        d->n_sets_max = d->n_sets_max == 0 ? 1024 : 2 * d->n_sets_max;
        d->sets = need(realloc(d->sets, d->n_sets_max * sizeof *d->sets));
        d->unused = need(realloc(d->unused, d->n_sets_max * sizeof *d->unused));
    }
    return d->n_sets++;
}

static bool has_copy(const struct directory *d, const struct line *line, unsigned cpu) {
    return line->holder == MANY ? set_has(&d->sets[line->copies], cpu) : line->holder == cpu;
}

static void add_copy(struct directory *d, struct line *line, unsigned cpu) {
    if (line->holder == NOBODY) {
        line->holder = (uint16_t)cpu;
        return;
    }
    if (line->holder != MANY) {
        line->copies = take_set(d);
        memset(&d->sets[line->copies], 0, sizeof d->sets[0]);
        set_add(&d->sets[line->copies], line->holder);
        line->holder = MANY;
    }
    set_add(&d->sets[line->copies], cpu);
}

static void take_copies_away(struct directory *d, struct line *line) {
    if (line->holder == MANY) {
        d->unused[d->n_unused++] = line->copies;
    }
    line->holder = NOBODY;
}

/* Whether a CPU that is of this node has a copy; or, `inside` false, one that is of another node. */
static bool copy_in_node(const struct directory *d, const struct line *line, unsigned node, bool inside) {
    const struct cpu_set *members = &d->nodes[node];
    if (line->holder != MANY) {
        return line->holder != NOBODY && set_has(members, line->holder) == inside;
    }
    uint64_t found = 0;
    for (unsigned w = 0; w < SET_WORDS; w++) {
        found |= d->sets[line->copies].word[w] & (inside ? members->word[w] : ~members->word[w]);
    }
    return found != 0;
}

/* ---- accesses ------------------------------------------------------------------------------------------- */

static bool first_touch(struct touch *touches, uint64_t operation, uintptr_t number) {
    for (unsigned i = 0; i < TOUCHES; i++) {
        struct touch *t = &touches[(number + i) % TOUCHES];
        if (t->operation != operation) {
            *t = (struct touch){operation, number};
            return true;
        }
        if (t->number == number) {
            return false;
        }
    }
    return true;
}

static bool read_line(struct directory *d, struct line *line, unsigned cpu, bool *crosses) {
    if (has_copy(d, line, cpu)) {
        return false;
    }
    *crosses = !copy_in_node(d, line, d->node_of[cpu], true);
    add_copy(d, line, cpu);
    return line->writer != NOBODY;
}

static bool write_line(struct directory *d, struct line *line, unsigned cpu, bool *crosses) {
    bool moves = line->holder != NOBODY && line->holder != cpu;
    if (moves) {
        *crosses = copy_in_node(d, line, d->node_of[cpu], false);
        take_copies_away(d, line);
    }
    line->holder = line->writer = (uint16_t)cpu;
    return moves;
}

unsigned directory_access(struct directory *d, unsigned cpu, uint64_t operation, const struct access *access,
                          struct counts *counts) {
    unsigned n_transfers = 0;
    counts->n_accesses++;
    counts->n_locked += access->locked;
    uintptr_t end = (access->at + access->n_bytes + LINE_BYTES - 1) / LINE_BYTES;
    for (uintptr_t number = access->at / LINE_BYTES; number < end; number++) {
        struct line *line = line_of(d, number);
        bool crosses = false;
        counts->n_lines += first_touch(d->touches[cpu], operation, number);
        if (access->writes ? write_line(d, line, cpu, &crosses) : read_line(d, line, cpu, &crosses)) {
            n_transfers++;
            counts->n_crossings += crosses;
        }
    }
    counts->n_transfers += n_transfers;
    return n_transfers;
}
