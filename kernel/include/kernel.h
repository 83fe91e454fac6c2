/* kernel.h: what every file of the kernel may use: the frames, printing, giving up, memory functions and locks. */
#ifndef KERNEL_H
#define KERNEL_H

#include <abi.h>
#include <arch.h>
#include <quire/quire.h>
#include <stdatomic.h>

/* ---- frames --------------------------------------------------------------------------------------------- */

extern struct quire *frames; /* where every frame comes from */
extern quire_pa zero_frame;  /* one frame of zeros, mapped read-only wherever a program has read but not yet written */

const char *owner_name(uint8_t tag); /* "a page table", ...: for messages */

/* ---- messages ------------------------------------------------------------------------------------------- */

/* The usual conversions: %c %s %d %u %x, with l for long; a width, - for left and 0 for leading zeros. One call's text
 * is not mixed with another's. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same text into a buffer of n bytes, cut off where it is full, always terminated. */
void print_to(char *to, size_t n, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Says why and switches the machine off with a failure. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the machine's exit status is when it is not a program's own: 0 is success. */
enum { STATUS_FAILED = 1, STATUS_LEAKED = 2, STATUS_DAMAGED = 3, STATUS_PANIC = 4 };

/* ---- memory and strings ----------------------------------------------------------------------------------- */

void *memset(void *to, int byte, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
bool same(const char *a, const char *b);

static inline uintptr_t page_down(uintptr_t address) {
    return address & ~(uintptr_t)(PAGE_BYTES - 1);
}
static inline uintptr_t page_up(uintptr_t address) {
    return page_down(address + PAGE_BYTES - 1);
}

/* ---- locks ------------------------------------------------------------------------------------------------ */

/* For a few instructions: a CPU that waits spins, and interrupts are off while a lock is held, so that a handler never waits
 * for what it interrupted. The order, if two are held: a pipe's or the console's, then process_lock, then print's. */
struct lock {
    _Atomic(struct cpu *) holder;
};

bool lock_acquire(struct lock *lock);                          /* were interrupts on? That is for lock_release */
bool lock_acquire_within(struct lock *lock, unsigned n_tries); /* was it acquired? Interrupts are off afterwards */
void lock_release(struct lock *lock, bool interrupts_were_on);

#endif
