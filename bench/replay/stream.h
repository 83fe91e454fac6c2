/* stream.h: the bytes of a file, whether it is plain or compressed by xz or zstd. What a file is, its first bytes say,
 * not its name. A file that can not be read or whose compression is damaged ends the program. */
#ifndef REPLAY_STREAM_H
#define REPLAY_STREAM_H

#include <stddef.h>
#include <stdint.h>

enum { STREAM_END = -1 };

struct stream {
    const unsigned char *next, *end; /* decompressed and not read yet */
    struct source *source;
};

void stream_open(struct stream *s, const char *path);
void stream_close(struct stream *s);

int stream_refill(struct stream *s); /* for stream_byte: the first of the next bytes */

/* The next byte, or STREAM_END. */
static inline int stream_byte(struct stream *s) {
    return s->next != s->end ? *s->next++ : stream_refill(s);
}

#endif
