/* kqt.c: the records of a trace. See kqt.h; docs/benchmarks.md describes the format. */
#include "kqt.h"

#include "stop.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void kqt_stop(const struct kqt *k, const char *format, ...) {
    char what[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    stop(STATUS_BAD_INPUT, "%s: record %" PRIu64 ": %s", k->path, k->n_records, what);
}

/* LEB128: 7 bits in a byte, low ones first; the top bit says that more follow. */
static uint64_t read_varint(struct kqt *k) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        int byte = stream_byte(&k->stream);
        if (byte == STREAM_END) {
            kqt_stop(k, "the file ends in the middle of %" PRIu64 " records", k->header.n_events);
        }
        if (shift == 63 && byte > 1) {
            break;
        }
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            return value;
        }
    }
    kqt_stop(k, "a number has more than 64 bits");
}

/* ---- objects -------------------------------------------------------------------------------------------- */

static uint32_t bear(struct kqt *k, uint64_t n, unsigned order) {
    uint64_t first = k->n_born;
    if (n > k->header.n_objects - k->n_born || k->n_born + n > UINT32_MAX) {
        kqt_stop(k, "there are more objects than %" PRIu64 ", which the header says", k->header.n_objects);
    }
    for (; k->n_born + n > k->n_room; k->n_room *= 2) {
        k->orders = more_room(k->orders, 2 * k->n_room, 1);
    }
    memset(k->orders + first, (int)order + 1, n);
    k->n_born += n;
    return (uint32_t)first;
}

/* The object that a record names by its distance from the last one of the same CPU; it is gone after this. */
static uint32_t end_object(struct kqt *k, const struct kqt_kind *kind) {
    uint64_t zigzag = read_varint(k);
    uint64_t object = (uint64_t)k->last[kind->cpu] + ((zigzag >> 1) ^ (0 - (zigzag & 1)));
    if (object >= k->n_born) {
        kqt_stop(k, "object %" PRId64 " does not exist yet", (int64_t)object);
    }
    if (k->orders[object] == 0) {
        kqt_stop(k, "object %" PRIu64 " is gone already", object);
    }
    if (k->orders[object] - 1u != kind->order) {
        kqt_stop(k, "object %" PRIu64 " has order %u, not %u", object, k->orders[object] - 1u, kind->order);
    }
    k->last[kind->cpu] = (int64_t)object;
    k->orders[object] = 0;
    return (uint32_t)object;
}

/* ---- records -------------------------------------------------------------------------------------------- */

static struct kqt_kind *read_kind_and_time(struct kqt *k) {
    uint64_t number = read_varint(k), n_ticks = read_varint(k);
    if (number >= k->n_kinds) {
        kqt_stop(k, "there is no kind %" PRIu64, number);
    }
    struct kqt_kind *kind = &k->kinds[number];
    if (kind->op == KQT_EXISTED && (k->begun || n_ticks != 0)) {
        kqt_stop(k, "an object that existed before comes late");
    }
    if (n_ticks > UINT64_MAX / k->header.tick_ns - k->ticks) {
        kqt_stop(k, "the time has more than 64 bits");
    }
    if (kind->n_left-- == 0) {
        kqt_stop(k, "there are more records of kind %" PRIu64 " than the header says", number);
    }
    k->begun = k->begun || kind->op != KQT_EXISTED;
    k->ticks += n_ticks;
    k->n_of_op[kind->op]++;
    return kind;
}

static void check_sum(const struct kqt *k, const char *what, uint64_t said, uint64_t found) {
    if (said != UINT64_MAX && said != found) {
        stop(STATUS_BAD_INPUT, "%s: after the last record: %s: the header says %" PRIu64 ", there are %" PRIu64,
             k->path, what, said, found);
    }
}

static void check_sums(struct kqt *k) {
    const struct kqt_header *h = &k->header;
    if (stream_byte(&k->stream) != STREAM_END) {
        stop(STATUS_BAD_INPUT, "%s: something follows the last record, %" PRIu64, k->path, h->n_events);
    }
    check_sum(k, "objects", h->n_objects, k->n_born);
    check_sum(k, "preexisting", h->n_existed, k->n_of_op[KQT_EXISTED]);
    check_sum(k, "allocs", h->n_allocs, k->n_of_op[KQT_ALLOC]);
    check_sum(k, "frees", h->n_frees, k->n_of_op[KQT_FREE] + k->n_of_op[KQT_FREE_IN_BATCH]);
    check_sum(k, "splits", h->n_splits, k->n_of_op[KQT_SPLIT]);
    check_sum(k, "duration_ns", h->duration_ns, k->ticks * h->tick_ns);
    for (uint32_t i = 0; i < k->n_kinds; i++) {
        if (k->kinds[i].n_left != 0) {
            stop(STATUS_BAD_INPUT, "%s: after the last record: %" PRIu64 " of kind %u are missing", k->path,
                 k->kinds[i].n_left, i);
        }
    }
}

bool kqt_next(struct kqt *k, struct kqt_record *record) {
    if (k->n_records == k->header.n_events) {
        check_sums(k);
        return false;
    }
    k->n_records++;
    const struct kqt_kind *kind = read_kind_and_time(k);
    *record = (struct kqt_record){.kind = kind, .ns = k->ticks * k->header.tick_ns};
    if (kind->op == KQT_EXISTED || kind->op == KQT_ALLOC) {
        record->object = bear(k, 1, kind->order);
    } else {
        record->object = end_object(k, kind);
    }
    if (kind->op == KQT_SPLIT) {
        record->pieces = bear(k, (uint64_t)1 << (kind->order - kind->piece_order), kind->piece_order);
    }
    return true;
}

void kqt_open(struct kqt *k, const char *path) {
    *k = (struct kqt){.path = path, .n_room = 1024};
    stream_open(&k->stream, path);
    kqt_read_header(k);
    k->orders = make_room(k->n_room, 1);
}

void kqt_close(struct kqt *k) {
    stream_close(&k->stream);
    free(k->kinds);
    free(k->orders);
}
