/* trace.h: a recorded trace (KQT 1; docs/benchmarks.md describes the format) in memory, ready to be replayed.
 *
 * Objects are gone: each operation names a slot, the place in a table where a replay keeps the frame. An object of
 * 2^order frames has as many slots, so that it can be taken frame by frame, and freed in pieces. No slot is used
 * twice. */
#ifndef REPLAY_TRACE_H
#define REPLAY_TRACE_H

#include <stdbool.h>
#include <stdint.h>

struct op {
    uint32_t slot; /* the first of 2^order */
    uint16_t cpu;
    uint8_t order;
    bool is_free : 1;
    bool in_frames : 1; /* taken frame by frame by everybody: freed in pieces, or larger than the largest order */
};

#define N_SAMPLES 1000u /* moments at which fragmentation is looked at, in equal distances of recorded time */

struct trace {
    const char *path;
    char name[64]; /* from the header, else from the path */
    unsigned n_cpus;
    uint64_t duration_ns;
    struct op *ops;
    uint32_t n_ops;
    uint32_t n_before; /* of them: the first ones, allocations older than the recording */
    uint32_t n_allocs; /* within the recording */
    uint32_t n_frees;
    uint32_t n_slots;
    uint32_t n_orders;    /* of the allocations: of order 1 and more */
    uint32_t n_in_frames; /* of those: in_frames */
    uint64_t peak_frames, end_frames;
    uint32_t sampled_at[N_SAMPLES]; /* how many operations are over at each of those moments */
};

/* Reads and checks a file. What breaks a rule of the format ends the program, with the record's number. */
void trace_read(struct trace *t, const char *path);
/* Lets everybody take everything frame by frame. */
void trace_in_frames(struct trace *t);

void trace_drop(struct trace *t);

/* Bytes of memory to replay it in: twice what is live at most, so that whole blocks matter and nobody is short of
 * memory; at least 64 MiB. A multiple of 4 MiB, as bench/peer.h wants it. */
uint64_t trace_memory(const struct trace *t);

#endif
