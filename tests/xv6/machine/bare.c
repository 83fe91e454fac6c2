/* bare.c: what the machines have in common. See bare.h. */
#include "bare.h"

#define STACK_PAINT 0xA5

void *memset(void *at, int byte, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
int memcmp(const void *a, const void *b, size_t n);

/* ---- what every kernel has ----------------------------------------------------------------------------------- */

void *memset(void *at, int byte, size_t n) {
    unsigned char *to = at;
    uintptr_t word = UINTPTR_MAX / 0xFF * (unsigned char)byte;
    for (; n >= sizeof word && (uintptr_t)to % sizeof word == 0; n -= sizeof word, to += sizeof word) {
        *(uintptr_t *)(void *)to = word;
    }
    while (n-- > 0) {
        *to++ = (unsigned char)byte;
    }
    return at;
}

void *memmove(void *to, const void *from, size_t n) {
    unsigned char *t = to;
    const unsigned char *f = from;
    if (f < t) {
        while (n-- > 0) {
            t[n] = f[n];
        }
    } else {
        while (n-- > 0) {
            *t++ = *f++;
        }
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    return memmove(to, from, n);
}

int memcmp(const void *a, const void *b, size_t n) {
    const unsigned char *x = a, *y = b;
    for (; n > 0; n--, x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}

/* ---- TAP ----------------------------------------------------------------------------------------------------- */

static void print(const char *text) {
    while (*text != 0) {
        put_char(*text++);
    }
}

static void print_number(uintptr_t n) {
    if (n >= 10) {
        print_number(n / 10);
    }
    put_char((char)('0' + n % 10));
}

void plan(unsigned n_tests) {
    print("1..");
    print_number(n_tests);
    print("\n");
}

void test(bool passed, const char *name, uintptr_t figure) {
    static unsigned n;
    print(passed ? "ok " : "not ok ");
    print_number(++n);
    print(" - ");
    print(name);
    print(": ");
    print_number(figure);
    print("\n");
}

void bail_out(const char *what, uintptr_t figure) {
    print("Bail out! ");
    print(what);
    print(" ");
    print_number(figure);
    print("\n");
    finish();
}

/* ---- tests --------------------------------------------------------------------------------------------------- */

/* The figure is up to 256 bytes too high: from what this function uses itself to where the paint begins. */
__attribute__((noinline)) uintptr_t stack_used(void (*call)(void), volatile char *bottom) {
    volatile char *top = __builtin_frame_address(0);
    for (volatile char *p = bottom; p < top - 256; p++) {
        *p = (char)STACK_PAINT;
    }
    call();
    volatile char *lowest = bottom;
    while (lowest < top - 256 && *lowest == (char)STACK_PAINT) {
        lowest++;
    }
    return (uintptr_t)(top - lowest);
}

/* Held pages are a list: in each the address of the next, so that each is written and read once. */
static uintptr_t *held;

uintptr_t take_all(void) {
    uintptr_t n = 0;
    for (uintptr_t *page; (page = take()) != NULL; n++) {
        page[0] = (uintptr_t)held;
        page[1] = (uintptr_t)page;
        page[PAGE / sizeof *page - 1] = ~(uintptr_t)page;
        held = page;
    }
    return n;
}

bool give_all(void) {
    bool intact = true;
    while (held != NULL) {
        uintptr_t *page = held;
        intact = intact && page[1] == (uintptr_t)page && page[PAGE / sizeof *page - 1] == ~(uintptr_t)page;
        held = (uintptr_t *)page[0];
        give(page);
    }
    return intact;
}

static void take_and_give(void) {
    give(take());
}

static void take_none(void) {
    if (take() != NULL) {
        bail_out("a page after there was none", 0);
    }
}

uintptr_t test_memory(uintptr_t n_pages_at_most, volatile char *stack_bottom) {
    uintptr_t stack = stack_used(take_and_give, stack_bottom);
    test(stack < 1088, "bytes of stack in kalloc and kfree", stack);
    uintptr_t all = take_all();
    test(all <= n_pages_at_most && all > n_pages_at_most - n_pages_at_most / 20, "all pages but for those kept",
         n_pages_at_most - all);
    stack = stack_used(take_none, stack_bottom);
    test(stack < 1088, "bytes of stack without memory", stack);
    test(give_all(), "contents of pages", all);
    uintptr_t again = take_all();
    test(again == all && give_all(), "pages the second time", again);
    return all;
}
