/* coroutine.c: the threads explored, as coroutines on stacks of their own.
 *
 * Made once, with ucontext; switched with _setjmp and _longjmp, which save no signal mask and so cost no system call. A coroutine
 * can be left for good at any point: the next schedule begins with a jump to its base, or goes on from a snapshot, for
 * which stacks are copied as they are (snapshot.c). */
#define _GNU_SOURCE
#include "coroutine.h"

#include "explore.h"

#include <stdlib.h>
#include <ucontext.h>

#define STACK_BYTES (256u << 10)

/* Of a function's frame, below the address that the compiler calls its own. */
#define FRAME_BYTES 1024u

struct coroutine {
    jmp_buf base;
    char *stack;
};

/* Where one goes on; it lies on its stack. */
struct place {
    jmp_buf at;
};

static struct coroutine coroutines[MAX_THREADS];
static OF_SCHEDULE struct place *suspended[MAX_THREADS]; /* NULL: not begun */
static OF_SCHEDULE unsigned running;
static jmp_buf outside;
static ucontext_t here;
static void (*body)(void);

static void live(void) {
    if (_setjmp(coroutines[running].base) == 0) {
        _longjmp(outside, 1);
    }
    body(); /* does not return */
    abort();
}

static void make(unsigned i) {
    static ucontext_t context;
    coroutines[i].stack = malloc(STACK_BYTES);
    if (coroutines[i].stack == NULL || getcontext(&context) != 0) {
        abort();
    }
    context.uc_stack.ss_sp = coroutines[i].stack;
    context.uc_stack.ss_size = STACK_BYTES;
    makecontext(&context, live, 0);
    running = i;
    if (_setjmp(outside) == 0) {
        swapcontext(&here, &context);
    }
}

void coroutines_make(void (*each)(void)) {
    body = each;
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        make(i);
    }
}

void coroutines_begin(void) {
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        suspended[i] = NULL;
    }
}

static void go_to(unsigned to) {
    running = to;
    _longjmp(suspended[to] == NULL ? coroutines[to].base : suspended[to]->at, 1);
}

int coroutines_enter(unsigned to) {
    int why = _setjmp(outside);
    if (why == 0) {
        go_to(to);
    }
    return why;
}

int coroutines_resume(jmp_buf at) {
    int why = _setjmp(outside);
    if (why == 0) {
        _longjmp(at, 1);
    }
    return why;
}

void coroutines_switch(unsigned to) {
    struct place place;
    suspended[running] = &place;
    if (_setjmp(place.at) == 0) {
        go_to(to);
    }
}

void coroutines_leave(int why) {
    _longjmp(outside, why);
}

void coroutines_stacks(char *now, void (*put)(void *at, size_t n_bytes)) {
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        char *lowest = i == running ? now : (char *)suspended[i];
        if (lowest != NULL) {
            put(lowest - FRAME_BYTES, (size_t)(coroutines[i].stack + STACK_BYTES - lowest) + FRAME_BYTES);
        }
    }
}
