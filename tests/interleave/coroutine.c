/* coroutine.c: the threads explored, as coroutines on stacks of their own.
 *
 * Made once, with ucontext; switched with _setjmp and _longjmp, which save no signal mask and so cost no system call. A coroutine
 * can be left for good at any point: the next schedule begins with a jump to its base. */
#define _GNU_SOURCE
#include "coroutine.h"

#include "explore.h"

#include <setjmp.h>
#include <stdlib.h>
#include <ucontext.h>

#define STACK_BYTES (256u << 10)

struct coroutine {
    jmp_buf base, at;
    bool started;
    char *stack;
};

static struct coroutine coroutines[MAX_THREADS];
static jmp_buf outside;
static ucontext_t here;
static void (*body)(void);
static unsigned running;

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
        coroutines[i].started = false;
    }
}

static void go_to(unsigned to) {
    running = to;
    if (!coroutines[to].started) {
        coroutines[to].started = true;
        _longjmp(coroutines[to].base, 1);
    }
    _longjmp(coroutines[to].at, 1);
}

int coroutines_enter(unsigned to) {
    int why = _setjmp(outside);
    if (why == 0) {
        go_to(to);
    }
    return why;
}

void coroutines_switch(unsigned to) {
    if (_setjmp(coroutines[running].at) == 0) {
        go_to(to);
    }
}

void coroutines_leave(int why) {
    _longjmp(outside, why);
}
