/* snapshot.c: a schedule as it stands at a decision, to be gone on with from there when the decision is taken otherwise.
 *
 * Schedules that follow each other in the search differ in their last tenth or so; all before would be run again.
 * Instead, what a schedule changes is copied at each decision: the variables marked OF_SCHEDULE (and all of those of the
 * scenarios), the stacks of the coroutines, the views of memory.c. Simulated memory is large and changes little, so there
 * what is overwritten is kept (cells.c). Decisions lie on a stack, and so do their snapshots. */
#include "coroutine.h"
#include "explore.h"

#include <string.h>

/* All variables of that section, as the linker calls its ends. */
extern char __start_of_schedule[], __stop_of_schedule[];

struct snapshot {
    jmp_buf at;
    struct mark mark;
    size_t end; /* of its parts */
};

/* A part of memory; the bytes follow. */
struct part {
    void *at;
    size_t n_bytes;
};

#define ROOM (256u << 20)
static _Alignas(64) char room[ROOM];
static size_t n_used;

static size_t rounded(size_t n_bytes) {
    return (n_bytes + 15) & ~(size_t)15;
}

static void put(void *at, size_t n_bytes) {
    struct part part = {at, n_bytes};
    memcpy(&room[n_used], &part, sizeof part);
    memcpy(&room[n_used + sizeof part], at, n_bytes);
    n_used += sizeof part + rounded(n_bytes);
}

static void put_back(size_t from, size_t end) {
    while (from < end) {
        struct part part;
        memcpy(&part, &room[from], sizeof part);
        memcpy(part.at, &room[from + sizeof part], part.n_bytes);
        from += sizeof part + rounded(part.n_bytes);
    }
}

struct snapshot *snapshot_take(void) {
    if (n_used > ROOM / 2) {
        return NULL;
    }
    struct snapshot *volatile s = (struct snapshot *)(void *)&room[n_used]; /* volatile: it must outlive _setjmp */
    n_used += rounded(sizeof *s);
    if (_setjmp(s->at) == 0) {
        put(__start_of_schedule, (size_t)(__stop_of_schedule - __start_of_schedule));
        memory_parts(put);
        coroutines_stacks(__builtin_frame_address(0), put);
        s->end = n_used;
        s->mark = cells_mark();
    }
    return s;
}

int snapshot_go_on(struct snapshot *s) {
    size_t from = (size_t)((char *)s - room) + rounded(sizeof *s);
    cells_restore(s->mark);
    put_back(from, s->end);
    n_used = s->end;
    s->mark = cells_mark();
    return coroutines_resume(s->at);
}

void snapshot_forget(const struct snapshot *s) {
    n_used = (size_t)((const char *)s - room);
}
