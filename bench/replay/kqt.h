/* kqt.h: a file in the format KQT 1, record by record, each rule of the format checked. What breaks one ends the
 * program with a line that names the record (the first is 1) or the line of the header. */
#ifndef REPLAY_KQT_H
#define REPLAY_KQT_H

#include "stream.h"

#include <stdbool.h>

#define KQT_MAX_ORDER 30u
#define KQT_MAX_CPUS  1024u

enum kqt_op { KQT_EXISTED = 'P', KQT_ALLOC = 'A', KQT_FREE = 'F', KQT_FREE_IN_BATCH = 'B', KQT_SPLIT = 'S' };

/* All about an event but when and to which object. */
struct kqt_kind {
    enum kqt_op op;
    unsigned cpu, order;
    unsigned piece_order; /* KQT_SPLIT only */
    uint64_t n_left;      /* records of it that the header announced and that did not come yet */
};

struct kqt_header {
    char name[64];
    uint64_t n_cpus, page_size, tick_ns, n_events, n_objects;
    uint64_t n_existed, n_allocs, n_frees, n_splits, duration_ns, is_truncated; /* UINT64_MAX: the file does not say */
};

struct kqt_record {
    const struct kqt_kind *kind;
    uint64_t ns;     /* since the recording began */
    uint32_t object; /* numbered from 0; KQT_SPLIT: the one that ends */
    uint32_t pieces; /* KQT_SPLIT: the first of 2^(order - piece_order) new ones */
};

struct kqt {
    struct kqt_header header;
    const char *path;
    struct stream stream;
    struct kqt_kind *kinds;
    uint32_t n_kinds;
    uint64_t n_lines, n_records, ticks;
    bool begun;      /* a record other than KQT_EXISTED was there */
    uint8_t *orders; /* of each object so far, plus 1; 0: it is gone */
    uint64_t n_born, n_room;
    int64_t last[KQT_MAX_CPUS]; /* object that a record of this CPU named last */
    uint64_t n_of_op[128];
};

void kqt_open(struct kqt *k, const char *path);
bool kqt_next(struct kqt *k, struct kqt_record *record); /* false: that was all, and the sums are right */
void kqt_close(struct kqt *k);

/* For what a file says that is no mistake of it, but too much for its reader. */
_Noreturn void kqt_stop(const struct kqt *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For kqt.c: reads the header. */
void kqt_read_header(struct kqt *k);

#endif
