/* deaths.c: runs all of deaths.h and says which ended as they should. */
#include "deaths.h"

#include <stdio.h>
#include <string.h>

struct death *deaths;
static struct death **last = &deaths;

void death_add(struct death *death) {
    *last = death;
    last = &death->next;
}

static void die(const void *about) {
    const struct death *death = about;
    machine_start(QUIRE_CONTENT_NONE);
    death->misuse();
}

bool death_is_right(const struct death *death, char line[LINE_BYTES]) {
    machine_try(die, death, line);
    return strcmp(line, death->line) == 0;
}
