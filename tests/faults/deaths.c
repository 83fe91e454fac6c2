/* deaths.c: runs each program of deaths.h and says whether it ended as its line says. */
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

/* The name of a function as words. */
static const char *in_words(const char *name) {
    static char words[LINE_BYTES];
    snprintf(words, sizeof words, "%s", name);
    for (char *c = words; *c != '\0'; c++) {
        *c = *c == '_' ? ' ' : *c;
    }
    return words;
}

int main(void) {
    unsigned n = 0, n_wrong = 0;
    for (const struct death *death = deaths; death != NULL; death = death->next) {
        char line[LINE_BYTES];
        machine_try(die, death, line);
        bool right = strcmp(line, death->line) == 0;
        printf("%s %u - %s: %s\n", right ? "ok" : "not ok", ++n, death->group, in_words(death->name));
        if (!right) {
            printf("#   says      %s\n#   should be %s\n", line, death->line);
            n_wrong++;
        }
    }
    printf("1..%u\n# %u kinds of fault, each in a process of its own\n", n, n);
    return n_wrong == 0 ? 0 : 1;
}
