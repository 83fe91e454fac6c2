/* progress.c: see progress.h. */
#define _GNU_SOURCE /* isatty */
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 40, QUIET_SECONDS = 10 };

static void draw(unsigned n_done, unsigned n_steps, const char *what) {
    char bar[WIDTH + 1];
    unsigned filled = n_done * WIDTH / n_steps;
    memset(bar, '.', WIDTH);
    memset(bar, '#', filled);
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3u %% %-30.30s", bar, n_done * 100 / n_steps, what);
}

void progress(unsigned n_done, unsigned n_steps, const char *what) {
    static time_t said;
    time_t now = time(NULL);
    said = said == 0 ? now : said;
    if (isatty(STDERR_FILENO)) {
        draw(n_done, n_steps, what);
    } else if (now - said >= QUIET_SECONDS) {
        fprintf(stderr, "quire-replay: %u %%: %s\n", n_done * 100 / n_steps, what);
        said = now;
    }
}

void progress_clear(void) {
    if (isatty(STDERR_FILENO)) {
        fputs("\r\033[K", stderr);
    }
}
