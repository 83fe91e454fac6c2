/* pipe.c: a ring of bytes between processes. A pipe is one frame: this header and, in the rest, the ring.
 *
 * n_read and n_written only grow; their difference is what the ring holds, their remainders are the places in it. */
#include <process.h>

struct pipe {
    struct lock lock;
    unsigned n_readers, n_writers; /* open ends */
    size_t n_read, n_written;      /* bytes so far */
    struct queue readers, writers; /* processes that wait for bytes, for room */
    char ring[];
};

#define RING_BYTES (PAGE_BYTES - sizeof(struct pipe))

int pipe_new(struct file *out, struct file *in) {
    quire_pa frame = quire_alloc(frames, OWNER_PIPE);
    if (frame == QUIRE_NONE) {
        return -E_NOMEM;
    }
    struct pipe *pipe = direct(frame);
    memset(pipe, 0, sizeof *pipe);
    pipe->n_readers = pipe->n_writers = 1;
    *out = (struct file){.kind = FILE_PIPE_OUT, .pipe = pipe};
    *in = (struct file){.kind = FILE_PIPE_IN, .pipe = pipe};
    return 0;
}

static unsigned *ends(struct pipe *pipe, enum file_kind end) {
    return end == FILE_PIPE_OUT ? &pipe->n_readers : &pipe->n_writers;
}

void pipe_add_end(struct pipe *pipe, enum file_kind end) {
    bool on = lock_acquire(&pipe->lock);
    ++*ends(pipe, end);
    lock_release(&pipe->lock, on);
}

void pipe_close_end(struct pipe *pipe, enum file_kind end) {
    bool on = lock_acquire(&pipe->lock);
    --*ends(pipe, end);
    wake_all(&pipe->readers); /* there may be nobody left to wait for */
    wake_all(&pipe->writers);
    bool last = pipe->n_readers == 0 && pipe->n_writers == 0;
    lock_release(&pipe->lock, on);
    if (last) {
        quire_free(frames, direct_pa(pipe));
    }
}

static size_t least(size_t a, size_t b, size_t c) {
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* What of the ring can be moved in one piece: from a place, up to n_most bytes, up to the ring's end. */
static size_t piece(size_t place, size_t n_wanted, size_t n_most) {
    return least(n_wanted, n_most, RING_BYTES - place);
}

/* Moves what is there and fits, which is at most two pieces; an error moves nothing. The lock is held. */
static long take(struct pipe *pipe, struct space *space, uintptr_t to, size_t n) {
    size_t done = 0, n_there = pipe->n_written - pipe->n_read;
    while (done < n && done < n_there) {
        size_t place = (pipe->n_read + done) % RING_BYTES;
        size_t part = piece(place, n - done, n_there - done);
        int error = copy_to(space, to + done, pipe->ring + place, part);
        if (error != 0) {
            return error;
        }
        done += part;
    }
    pipe->n_read += done;
    return (long)done;
}

static long put(struct pipe *pipe, struct space *space, uintptr_t from, size_t n) {
    size_t done = 0, n_room = RING_BYTES - (pipe->n_written - pipe->n_read);
    while (done < n && done < n_room) {
        size_t place = (pipe->n_written + done) % RING_BYTES;
        size_t part = piece(place, n - done, n_room - done);
        int error = copy_from(space, pipe->ring + place, from + done, part);
        if (error != 0) {
            return error;
        }
        done += part;
    }
    pipe->n_written += done;
    return (long)done;
}

long pipe_read(struct pipe *pipe, struct space *space, uintptr_t to, size_t n) {
    struct process *process = current();
    bool on = lock_acquire(&pipe->lock);
    while (pipe->n_read == pipe->n_written && pipe->n_writers > 0 && !atomic_load(&process->killed)) {
        wait_in(&pipe->readers, &pipe->lock);
    }
    long result = atomic_load(&process->killed) ? -E_INTR : take(pipe, space, to, n);
    wake_all(&pipe->writers);
    lock_release(&pipe->lock, on);
    return result;
}

long pipe_write(struct pipe *pipe, struct space *space, uintptr_t from, size_t n) {
    struct process *process = current();
    size_t done = 0;
    long result = 0;
    bool on = lock_acquire(&pipe->lock);
    while (done < n && result >= 0) {
        while (pipe->n_written - pipe->n_read == RING_BYTES && pipe->n_readers > 0 && !atomic_load(&process->killed)) {
            wait_in(&pipe->writers, &pipe->lock);
        }
        if (atomic_load(&process->killed)) {
            result = -E_INTR;
        } else if (pipe->n_readers == 0) {
            result = -E_PIPE;
        } else {
            result = put(pipe, space, from + done, n - done);
        }
        if (result > 0) {
            done += (size_t)result;
        }
        wake_all(&pipe->readers);
    }
    lock_release(&pipe->lock, on);
    return done > 0 ? (long)done : result;
}
