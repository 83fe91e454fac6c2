/* stream.c: a buffer of the file's bytes, one of decompressed ones, and between them a decoder: a function that moves
 * as much as it can from one to the other. See stream.h. */
#define _GNU_SOURCE /* fopen's "e" */
#include "stream.h"

#include "stop.h"

#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { IN_BYTES = 1 << 16, OUT_BYTES = 1 << 18 };

struct source {
    const char *path;
    FILE *file;
    size_t (*decode)(struct source *s); /* bytes made in out[]; 0: there are no more */
    size_t in_at, n_in;
    bool file_ended;
    lzma_stream xz;
    ZSTD_DStream *zstd;
    bool in_frame; /* zstd: in the middle of one */
    unsigned char in[IN_BYTES], out[OUT_BYTES];
};

static void fill_in(struct source *s) {
    if (s->in_at < s->n_in || s->file_ended) {
        return;
    }
    s->in_at = 0;
    s->n_in = fread(s->in, 1, sizeof s->in, s->file);
    s->file_ended = s->n_in < sizeof s->in;
    if (ferror(s->file)) {
        stop(STATUS_BAD_INPUT, "%s: %s", s->path, strerror(errno));
    }
}

static size_t decode_plain(struct source *s) {
    fill_in(s);
    size_t n = s->n_in - s->in_at;
    memcpy(s->out, s->in + s->in_at, n);
    s->in_at = s->n_in;
    return n;
}

/* ---- xz, by liblzma ------------------------------------------------------------------------------------- */

static size_t decode_xz(struct source *s) {
    s->xz.next_out = s->out;
    s->xz.avail_out = sizeof s->out;
    for (lzma_ret status = LZMA_OK; s->xz.avail_out > 0 && status != LZMA_STREAM_END;) {
        fill_in(s);
        s->xz.next_in = s->in + s->in_at;
        s->xz.avail_in = s->n_in - s->in_at;
        status = lzma_code(&s->xz, s->file_ended ? LZMA_FINISH : LZMA_RUN);
        s->in_at = s->n_in - s->xz.avail_in;
        if (status != LZMA_OK && status != LZMA_STREAM_END) {
            stop(STATUS_BAD_INPUT, "%s: the xz file is %s", s->path, status == LZMA_BUF_ERROR ? "cut off" : "damaged");
        }
    }
    return sizeof s->out - s->xz.avail_out;
}

static void begin_xz(struct source *s) {
    s->xz = (lzma_stream)LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&s->xz, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK) {
        stop(STATUS_BAD_INPUT, "%s: liblzma has no memory", s->path);
    }
    s->decode = decode_xz;
}

/* ---- zstd, by libzstd ----------------------------------------------------------------------------------- */

static size_t decode_zstd(struct source *s) {
    ZSTD_outBuffer out = {s->out, sizeof s->out, 0};
    while (out.pos == 0) {
        fill_in(s);
        if (s->in_at == s->n_in && !s->in_frame) {
            break;
        }
        ZSTD_inBuffer in = {s->in, s->n_in, s->in_at};
        size_t status = ZSTD_decompressStream(s->zstd, &out, &in);
        if (ZSTD_isError(status) || (s->in_at == s->n_in && out.pos == 0)) {
            stop(STATUS_BAD_INPUT, "%s: the zstd file is %s", s->path, ZSTD_isError(status) ? "damaged" : "cut off");
        }
        s->in_frame = status != 0;
        s->in_at = in.pos;
    }
    return out.pos;
}

static void begin_zstd(struct source *s) {
    s->zstd = ZSTD_createDStream();
    if (s->zstd == NULL) {
        stop(STATUS_BAD_INPUT, "%s: libzstd has no memory", s->path);
    }
    s->decode = decode_zstd;
}

/* ---- the stream ----------------------------------------------------------------------------------------- */

static bool begins_with(const struct source *s, const char *magic, size_t n) {
    return s->n_in >= n && memcmp(s->in, magic, n) == 0;
}

void stream_open(struct stream *stream, const char *path) {
    struct source *s = make_room(1, sizeof *s);
    s->path = path;
    s->file = fopen(path, "rbe");
    if (s->file == NULL) {
        stop(STATUS_BAD_INPUT, "%s: %s", path, strerror(errno));
    }
    fill_in(s);
    if (begins_with(s, "\3757zXZ", 6)) { /* the string's end is its sixth byte */
        begin_xz(s);
    } else if (begins_with(s, "\x28\xB5\x2F\xFD", 4)) {
        begin_zstd(s);
    } else {
        s->decode = decode_plain;
    }
    *stream = (struct stream){NULL, NULL, s};
}

int stream_refill(struct stream *stream) {
    struct source *s = stream->source;
    stream->next = s->out;
    stream->end = s->out + s->decode(s);
    return stream->next == stream->end ? STREAM_END : *stream->next++;
}

void stream_close(struct stream *stream) {
    struct source *s = stream->source;
    fclose(s->file);
    lzma_end(&s->xz);
    ZSTD_freeDStream(s->zstd);
    free(s);
}
