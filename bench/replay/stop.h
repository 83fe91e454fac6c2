/* stop.h: the one way in which quire-replay gives up. */
#ifndef REPLAY_STOP_H
#define REPLAY_STOP_H

enum { STATUS_BROKEN_PEER = 1, STATUS_BAD_INPUT = 2 };

/* Says so in one line on stderr, behind the program's name, and ends it. */
_Noreturn void stop(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* calloc that stops where there is no memory. */
void *make_room(unsigned long n, unsigned long size);

/* The same for an array that grows. */
void *more_room(void *old, unsigned long n, unsigned long size);

#endif
