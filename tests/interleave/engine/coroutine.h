/* coroutine.h: see coroutine.c. */
#ifndef COROUTINE_H
#define COROUTINE_H

#include <setjmp.h>
#include <stddef.h>

/* Makes all of them; each will call `each`, which must not return. */
void coroutines_make(void (*each)(void));

/* None has begun. */
void coroutines_begin(void);

/* From outside: runs one until coroutines_leave is called, and returns what that was given. */
int coroutines_enter(unsigned to);

/* The same for one whose stack has been put back as it was when `at` was set. */
int coroutines_resume(jmp_buf at);

/* From inside: another one goes on, or begins. */
void coroutines_switch(unsigned to);
void coroutines_leave(int why);

/* Tells `put` of the parts of stacks in use; `now` is in the frame of the caller. */
void coroutines_stacks(char *now, void (*put)(void *at, size_t n_bytes));

#endif
