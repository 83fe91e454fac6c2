/* report.c: a schedule that failed, for a person.
 *
 * Kept while a schedule is replayed, printed at its end: only then is it known which cells more than one thread used. */
#define _GNU_SOURCE /* popen, getpid */
#include "scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct line {
    unsigned thread;
    struct access access; /* ACCESS_NONE: the note alone */
    uint64_t value, written;
    unsigned age;
    char note[80];
};

#define MAX_LINES 20000
static struct line lines[MAX_LINES];
static unsigned n_lines;

void trace_clear(void) {
    n_lines = 0;
}

void trace_access(const struct access *access, uint64_t value, uint64_t written, unsigned age) {
    if (replaying && n_lines < MAX_LINES) {
        lines[n_lines++] = (struct line){current, *access, value, written, age, ""};
    }
}

void trace_note(const char *format, ...) {
    if (replaying && n_lines < MAX_LINES) {
        struct line *line = &lines[n_lines++];
        *line = (struct line){.thread = current};
        va_list args;
        va_start(args, format);
        vsnprintf(line->note, sizeof line->note, format, args);
        va_end(args);
    }
}

/* ---- places in the code ---------------------------------------------------------------------------------- */

struct place {
    const void *pc;
    char text[100];
};

static struct place places[1000];
static unsigned n_places;

/* "file.c:12 function", as addr2line says. */
static void ask(const void *pc, char *text, size_t n) {
    char command[100], function[60] = "?", at[100] = "";
    snprintf(command, sizeof command, "addr2line -sfe /proc/%ld/exe %#lx 2>/dev/null", (long)getpid(),
             (unsigned long)pc - 1); /* the return address: the call stands before it */
    FILE *answer = popen(command, "r");
    if (answer != NULL) {
        if (fgets(function, sizeof function, answer) != NULL && fgets(at, sizeof at, answer) != NULL) {
            function[strcspn(function, "\n")] = '\0';
            at[strcspn(at, " \n")] = '\0';
        }
        pclose(answer);
    }
    snprintf(text, n, "%.30s %.50s", at, function);
}

static const char *place_of(const void *pc) {
    for (unsigned i = 0; i < n_places; i++) {
        if (places[i].pc == pc) {
            return places[i].text;
        }
    }
    if (n_places == sizeof places / sizeof places[0]) {
        return "";
    }
    struct place *place = &places[n_places++];
    place->pc = pc;
    ask(pc, place->text, sizeof place->text);
    return place->text;
}

/* ---- printing -------------------------------------------------------------------------------------------- */

static void print_access(const struct line *line) {
    static const char *const kinds[] = {"", "load", "store", "rmw", "fence", "barrier"};
    static const char *const orders[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
    const struct access *access = &line->access;
    char where[60], what[80];
    world_describe(access->at, where, sizeof where);
    if (access->kind == ACCESS_RMW) {
        snprintf(what, sizeof what, "%#llx -> %#llx", (unsigned long long)line->value,
                 (unsigned long long)line->written);
    } else {
        snprintf(what, sizeof what, "%#llx%s", (unsigned long long)line->value,
                 line->age > 0 ? " (not the newest value)" : "");
    }
    printf("  T%u  %-7s %-7s  %-34s %-36s %s\n", line->thread, kinds[access->kind], orders[access->order], where, what,
           place_of(access->pc));
}

static void print_line(const struct line *line) {
    if (line->access.kind != ACCESS_NONE) {
        print_access(line);
    } else if (line->thread == NOBODY) {
        printf("      %s\n", line->note);
    } else {
        printf("  T%u  %s\n", line->thread, line->note);
    }
}

/* Of a long row of steps the middle one is seldom what matters. */
#define PRINTED_FIRST 100
#define PRINTED_LAST  100

void trace_print(void) {
    unsigned n = 0;
    for (unsigned i = 0; i < n_lines; i++) {
        if (lines[i].access.kind == ACCESS_NONE || cells_shared(lines[i].access.at)) {
            lines[n++] = lines[i];
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (i < PRINTED_FIRST || i + PRINTED_LAST >= n) {
            print_line(&lines[i]);
        } else if (i == PRINTED_FIRST) {
            printf("  ... %u steps ...\n", n - PRINTED_FIRST - PRINTED_LAST);
        }
    }
}
