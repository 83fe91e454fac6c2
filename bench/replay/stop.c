/* stop.c: see stop.h. */
#define _GNU_SOURCE /* reallocarray */
#include "stop.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void stop(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fflush(stdout);
    fputs("quire-replay: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(status);
}

static void *checked(void *room) {
    if (room == NULL) {
        stop(STATUS_BAD_INPUT, "no memory for a trace of that size");
    }
    return room;
}

void *make_room(unsigned long n, unsigned long size) {
    return checked(calloc(n + 1, size));
}

void *more_room(void *old, unsigned long n, unsigned long size) {
    return checked(reallocarray(old, n, size));
}
