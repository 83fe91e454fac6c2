/* console.h: the terminal. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <process.h>

/* Until console_let_go, nobody else's output appears. The result is what console_let_go wants. */
bool console_hold(void);
void console_let_go(bool interrupts_were_on);

/* For the end: waits until no other CPU prints, but not for ever, as printing may be what went wrong. */
void console_seize(void);

/* Takes what was typed meanwhile. From the timer's tick. */
void console_poll(void);

/* Like SYS_READ and SYS_WRITE. Reading waits for a line, or for Ctrl-D, the end. */
long console_read(struct space *space, uintptr_t to, size_t n);
long console_write(struct space *space, uintptr_t from, size_t n);

#endif
