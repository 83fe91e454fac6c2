/* picture.c: all memory of an allocator as letters, one for each block of 512 frames, 64 in a line.
 *
 * quire_walk says it in runs of equal frames. Each run adds its state to those of the blocks that it reaches into; a block's
 * letter is known when the walk has left it. */
#include "example.h"

#define BLOCK_BYTES (QUIRE_BLOCK_FRAMES * QUIRE_PAGE_SIZE)
#define LINE_BYTES  (64 * BLOCK_BYTES)

struct pen {
    quire_pa block;  /* that the walk is in; QUIRE_NONE before the first */
    quire_pa next;   /* where the last letter that was drawn ends */
    unsigned states; /* seen in the block: bit n for state n */
};

static char letter(unsigned states) {
    if ((states & 1u << QUIRE_STATE_SHARED) != 0) {
        return 's';
    } else if ((states & 1u << QUIRE_STATE_HELD) != 0) {
        return (states & 1u << QUIRE_STATE_FREE) != 0 ? '+' : '#';
    } else if ((states & 1u << QUIRE_STATE_METADATA) != 0) {
        return 'm';
    }
    return (states & 1u << QUIRE_STATE_FREE) != 0 ? '.' : ' ';
}

static void draw(struct pen *pen) {
    if (pen->block == QUIRE_NONE) {
        return;
    }
    if (pen->block != pen->next || (pen->block & (LINE_BYTES - 1)) == 0) {
        print("\n  %x ", pen->block);
    }
    console_put(letter(pen->states));
    pen->next = pen->block + BLOCK_BYTES;
}

static bool add_run(void *context, const struct quire_run *run) {
    struct pen *pen = context;
    quire_pa last = run->base + (run->n_frames - 1) * QUIRE_PAGE_SIZE;
    for (quire_pa block = run->base & ~(BLOCK_BYTES - 1); block <= last; block += BLOCK_BYTES) {
        if (block != pen->block) {
            draw(pen);
            pen->block = block;
            pen->states = 0;
        }
        pen->states |= 1u << run->state;
    }
    return true;
}

void picture(const struct quire *q, const char *title) {
    struct pen pen = {.block = QUIRE_NONE, .next = QUIRE_NONE};
    struct quire_stats stats;
    quire_stats(q, &stats);
    print("\n%s: %u of %u frames are free", title, (unsigned)stats.n_free, (unsigned)stats.n_frames);
    quire_walk(q, add_run, &pen);
    draw(&pen);
    print("\n");
}

void picture_key(void) {
    print("\nA letter is 2 MiB:  . free   + partly in use   # in use   s some of it shared   m the allocator's own\n");
}
