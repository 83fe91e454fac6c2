/* exercise.c: an allocator put to use, as a kernel would, on one CPU. Each step leaves memory as it found it. */
#include "example.h"
#include <quire/port.h>

enum owner { OWNER_TABLE = 1, OWNER_DMA, OWNER_USER };

static void *at(quire_pa frame) {
    return quire_port_map(frame);
}

static const char *port(struct quire *q) {
    return port_is_right(q) ? NULL : "the port is not right";
}

/* A frame can be written to, and given back. */
static const char *one_frame(struct quire *q) {
    quire_pa frame = quire_alloc(q, OWNER_TABLE);
    if (frame == QUIRE_NONE) {
        return "there is no frame at all";
    }
    volatile uint32_t *word = at(frame);
    *word = 0x51;
    bool kept = *word == 0x51;
    quire_free(q, frame);
    return kept ? NULL : "a frame does not keep what is written to it";
}

/* 16 neighbours, aligned to their size: what a device wants. One of them is given back before the others. */
static const char *neighbours(struct quire *q) {
    quire_pa buffer;
    if (quire_alloc_order(q, 4, OWNER_DMA, &buffer) != QUIRE_OK || buffer % (16 * QUIRE_PAGE_SIZE) != 0) {
        return "no 16 frames side by side";
    }
    picture(q, "16 frames are in use");
    if (quire_free(q, buffer) != QUIRE_OK || quire_free_frames(q, buffer + QUIRE_PAGE_SIZE, 15) != QUIRE_OK) {
        return "frames side by side do not go back one by one";
    }
    return NULL;
}

/* What fork does: two share a frame, and the first one that writes gets a copy of its own. */
static const char *copy_on_write(struct quire *q) {
    quire_pa frame = quire_alloc(q, OWNER_USER), copy;
    if (frame == QUIRE_NONE) {
        return "there is no frame to share";
    }
    *(uint32_t *)at(frame) = 0xC0;
    if (quire_get(q, frame) != QUIRE_OK || quire_refs(q, frame) != 2) {
        return "a frame with two owners does not have two references";
    }
    picture(q, "a frame is shared");
    if (quire_cow(q, frame, &copy) != QUIRE_OK || copy == frame || *(uint32_t *)at(copy) != 0xC0) {
        return "no copy of a shared frame";
    }
    quire_put(q, copy);
    quire_put(q, frame);
    return NULL;
}

/* Every frame can be had, and then none. They are kept in a list that runs through themselves. */
static const char *exhaustion(struct quire *q) {
    uint64_t n_free = quire_n_free(q), n_taken = 0;
    quire_pa list = QUIRE_NONE, frame;
    while ((frame = quire_alloc(q, OWNER_USER)) != QUIRE_NONE) {
        *(quire_pa *)at(frame) = list;
        list = frame;
        n_taken++;
    }
    picture(q, "all that could be had is in use");
    while (list != QUIRE_NONE) {
        frame = list;
        list = *(quire_pa *)at(frame);
        quire_free(q, frame);
    }
    return n_taken == n_free ? NULL : "not every free frame could be had";
}

static const char *all_is_back(const struct quire *q, uint64_t n_before) {
    struct quire_fault fault;
    if (quire_validate(q, &fault) != QUIRE_OK) {
        return "the allocator's own data do not agree";
    }
    return quire_n_free(q) == n_before ? NULL : "some frames did not come back";
}

int exercise(struct quire *q) {
    static const char *(*const steps[])(struct quire *) = {port, one_frame, neighbours, copy_on_write, exhaustion};
    uint64_t n_before = quire_n_free(q);
    const char *wrong = NULL;
    picture_key();
    picture(q, "before");
    for (unsigned i = 0; i < sizeof steps / sizeof steps[0] && wrong == NULL; i++) {
        wrong = steps[i](q);
    }
    wrong = wrong == NULL ? all_is_back(q, n_before) : wrong;
    picture(q, "after");
    print("\nverdict: %s\n", wrong == NULL ? "passed" : wrong);
    return wrong == NULL ? 0 : 1;
}
