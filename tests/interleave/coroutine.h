/* coroutine.h: see coroutine.c. */
#ifndef COROUTINE_H
#define COROUTINE_H

/* Makes all of them; each will call `each`, which must not return. */
void coroutines_make(void (*each)(void));

/* None has begun. */
void coroutines_begin(void);

/* From outside: runs one until coroutines_leave is called, and returns what that was given. */
int coroutines_enter(unsigned to);

/* From inside: another one goes on, or begins. */
void coroutines_switch(unsigned to);
void coroutines_leave(int why);

#endif
