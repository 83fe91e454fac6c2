/* turns.c: the name of a schedule, by which it can be run again.
 *
 * It tells the steps at which the schedule left the usual way (the running thread goes on; loads return the newest value): 17r2 at
 * step 17 thread 2 runs, 17v1 the load returns the value before the newest, 17s0 the running thread stops for ever;
 * 17c0 all threads die, 17c5 and the fifth write of recovery is not made, either.
 * Steps count all atomic accesses, fences, memset and memcpy, whatever is known about sharing, so a name means the same
 * always. */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct turn turns[MAX_STEPS];
static OF_SCHEDULE unsigned n_turns, next_turn; /* next_turn: in a replay */

void turns_begin(bool again) {
    next_turn = 0;
    n_turns = again ? n_turns : 0;
}

void turns_add(struct turn turn) {
    if (n_turns < MAX_STEPS) {
        turns[n_turns++] = turn;
    }
}

const struct turn *turn_at(unsigned step, char kind) {
    const struct turn *turn = &turns[next_turn];
    if (next_turn == n_turns || turn->step != step || turn->kind != kind) {
        return NULL;
    }
    next_turn++;
    return turn;
}

const char *turns_name(const char *scenario) {
    static char text[MAX_STEPS * 10 + 64];
    size_t n = (size_t)snprintf(text, sizeof text, "%s/", scenario);
    for (unsigned i = 0; i < n_turns && n < sizeof text - 20; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%u%c%u", i > 0 ? "," : "", turns[i].step, turns[i].kind,
                              turns[i].value);
    }
    return text;
}

void turns_parse(const char *id) {
    int used = 0;
    n_turns = 0;
    id = strchr(id, '/');
    for (id = id == NULL ? "" : id + 1; n_turns < MAX_STEPS; id += used) {
        struct turn *turn = &turns[n_turns];
        id += *id == ',';
        if (sscanf(id, "%u%c%u%n", &turn->step, &turn->kind, &turn->value, &used) != 3) {
            break;
        }
        n_turns++;
    }
    if (*id != '\0') {
        fprintf(stderr, "explore: \"%s\" is no part of a schedule's name; it looks like 17r2,40v1\n", id);
        exit(2);
    }
}
