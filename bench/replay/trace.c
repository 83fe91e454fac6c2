/* trace.c: from records that name objects to operations that name slots. See trace.h. */
#include "trace.h"

#include "../peer.h"
#include "kqt.h"
#include "stop.h"

#include <ctype.h>
#include <quire/quire.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is known of an object while a file is read. */
struct object {
    uint32_t slot;
    uint32_t alloc; /* the operation that it, or what it is a piece of, came from */
};

struct reading {
    struct trace *trace;
    struct kqt kqt;
    struct object *objects;
    uint64_t *ns; /* of each operation */
    uint32_t n_object_room, n_op_room;
    uint64_t n_live; /* frames */
};

static struct object *object_room(struct reading *r, uint32_t first, uint32_t n) {
    while (first + n > r->n_object_room) {
        r->n_object_room *= 2;
        r->objects = more_room(r->objects, r->n_object_room, sizeof *r->objects);
    }
    return &r->objects[first];
}

static struct op *add_op(struct reading *r, const struct kqt_record *record) {
    struct trace *t = r->trace;
    if (t->n_ops == r->n_op_room) {
        r->n_op_room *= 2;
        t->ops = more_room(t->ops, r->n_op_room, sizeof *t->ops);
        r->ns = more_room(r->ns, r->n_op_room, sizeof *r->ns);
    }
    r->ns[t->n_ops] = record->ns;
    struct op *op = &t->ops[t->n_ops++];
    *op = (struct op){.cpu = (uint16_t)record->kind->cpu, .order = (uint8_t)record->kind->order};
    return op;
}

static void add_alloc(struct reading *r, const struct kqt_record *record) {
    struct trace *t = r->trace;
    uint64_t n_frames = (uint64_t)1 << record->kind->order;
    if (n_frames > UINT32_MAX - t->n_slots) {
        kqt_stop(&r->kqt, "more than 2^32 frames are allocated up to here, which is too much");
    }
    *object_room(r, record->object, 1) = (struct object){t->n_slots, t->n_ops};
    struct op *op = add_op(r, record);
    op->slot = t->n_slots;
    op->in_frames = record->kind->order > PEER_MAX_ORDER;
    t->n_slots += (uint32_t)n_frames;
    t->n_before += record->kind->op == KQT_EXISTED;
    t->n_allocs += record->kind->op == KQT_ALLOC;
    t->n_orders += record->kind->order > 0;
    r->n_live += n_frames;
    t->peak_frames = r->n_live > t->peak_frames ? r->n_live : t->peak_frames;
}

static void add_free(struct reading *r, const struct kqt_record *record) {
    struct op *op = add_op(r, record);
    op->is_free = true;
    op->slot = r->objects[record->object].slot;
    op->in_frames = r->trace->ops[r->objects[record->object].alloc].in_frames;
    r->trace->n_frees++;
    r->n_live -= (uint64_t)1 << record->kind->order;
}

/* No operation: what the pieces are taken from is taken frame by frame, and their slots are there. */
static void split(struct reading *r, const struct kqt_record *record) {
    struct object whole = r->objects[record->object];
    uint32_t n_pieces = 1u << (record->kind->order - record->kind->piece_order);
    struct object *pieces = object_room(r, record->pieces, n_pieces);
    for (uint32_t i = 0; i < n_pieces; i++) {
        pieces[i] = (struct object){whole.slot + (i << record->kind->piece_order), whole.alloc};
    }
    r->trace->ops[whole.alloc].in_frames = true;
}

static void place_samples(struct reading *r) {
    struct trace *t = r->trace;
    uint32_t n = t->n_before;
    for (unsigned i = 0; i < N_SAMPLES; i++) {
        double until = (double)t->duration_ns / N_SAMPLES * (i + 1);
        while (n < t->n_ops && ((double)r->ns[n] <= until || i == N_SAMPLES - 1)) {
            n++;
        }
        t->sampled_at[i] = n;
    }
}

/* A word for tables, and for names of files. */
static void set_name(struct trace *t, const char *name) {
    if (*name == '\0') {
        const char *slash = strrchr(t->path, '/');
        name = slash == NULL ? t->path : slash + 1;
    }
    snprintf(t->name, sizeof t->name, "%.*s", (int)strcspn(name, "."), name);
    for (char *c = t->name; *c != '\0'; c++) {
        *c = isalnum((unsigned char)*c) || *c == '-' ? *c : '_';
    }
}

void trace_read(struct trace *t, const char *path) {
    struct reading r = {.trace = t, .n_object_room = 1024, .n_op_room = 1024};
    struct kqt_record record;
    *t = (struct trace){.path = path, .ops = make_room(r.n_op_room, sizeof *t->ops)};
    r.objects = make_room(r.n_object_room, sizeof *r.objects);
    r.ns = make_room(r.n_op_room, sizeof *r.ns);
    kqt_open(&r.kqt, path);
    set_name(t, r.kqt.header.name);
    t->n_cpus = (unsigned)r.kqt.header.n_cpus;
    while (kqt_next(&r.kqt, &record)) {
        t->duration_ns = record.ns;
        if (record.kind->op == KQT_SPLIT) {
            split(&r, &record);
        } else if (record.kind->op == KQT_EXISTED || record.kind->op == KQT_ALLOC) {
            add_alloc(&r, &record);
        } else {
            add_free(&r, &record);
        }
    }
    t->end_frames = r.n_live;
    place_samples(&r);
    for (uint32_t i = 0; i < t->n_ops; i++) {
        t->n_in_frames += t->ops[i].in_frames && !t->ops[i].is_free;
    }
    kqt_close(&r.kqt);
    free(r.objects);
    free(r.ns);
}

void trace_in_frames(struct trace *t) {
    for (uint32_t i = 0; i < t->n_ops; i++) {
        t->ops[i].in_frames = t->ops[i].order > 0;
    }
    t->n_in_frames = t->n_orders;
}

uint64_t trace_memory(const struct trace *t) {
    uint64_t n_bytes = 2 * t->peak_frames * QUIRE_PAGE_SIZE, step = 4u << 20, least = 64u << 20;
    return n_bytes < least ? least : (n_bytes + step - 1) / step * step;
}

void trace_drop(struct trace *t) {
    free(t->ops);
}
