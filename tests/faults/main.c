/* main.c: prints a line of TAP for each program of deaths.h. */
#include "deaths.h"

#include <stdio.h>

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
        bool right = death_is_right(death, line);
        printf("%s %u - %s: %s\n", right ? "ok" : "not ok", ++n, death->group, in_words(death->name));
        if (!right) {
            printf("#   says      %s\n#   should be %s\n", line, death->line);
            n_wrong++;
        }
    }
    printf("1..%u\n# %u kinds of fault, each in a process of its own\n", n, n);
    return n_wrong == 0 ? 0 : 1;
}
