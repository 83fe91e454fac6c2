/* check.h: what the core believes about itself, checked where it is cheap. Q_CHECK is in report.h.
 *
 *   Q_CHECK    what is so unless somebody wrote into the allocator's own data. Looked at from QUIRE_CHECK 1 on, the
 *              default, nowhere on the way of a call that ends in the CPU's cache
 *   Q_ASSERT   what is so unless the core itself has a mistake: what a function may rely on when it is called, what it
 *              leaves. Looked at from QUIRE_CHECK 2 on, which is for tests; below, it costs nothing
 *
 * What the compiler can know is a _Static_assert. What callers may do wrong is neither: their arguments are looked at
 * always, at 0, too. At 2, besides, a free claims the frame by an exchange, so that two CPUs that free it at once
 * are found out at once (record.h).
 *
 * A Q_CHECK that fails is a fault as any other: reported by the name of the public call, and counted. It is false then,
 * and its caller leaves what was found alone: it ends the call as any other fault does, before anything is changed, or
 * takes another frame instead. Where frames are on their way home already, the call goes on, as fault.h says.
 * A Q_ASSERT that fails is reported by the name of the function that it stands in, and nothing goes on from there. */
#ifndef Q_CHECK_H
#define Q_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#ifndef QUIRE_CHECK
#define QUIRE_CHECK 1
#endif

/* Reports QUIRE_FAULT_METADATA with the condition that does not hold, and the value that breaks it. */
_Noreturn void q_assert_failed(const char *function, const char *condition, uint64_t value);

#define Q_ASSERT(condition, value)                                                                                     \
    (QUIRE_CHECK < 2 || (condition) ? (void)0 : q_assert_failed(__func__, #condition, (uint64_t)(value)))

/* A step of a checksum over data that never change, so that damage to them is found before they are used: the hash of
 * Fowler, Noll and Vo (FNV-1a), a word at a time. Each step is one to one, so no single flipped bit escapes. It begins
 * with Q_NO_SUM. */
#define Q_NO_SUM ((uintptr_t)2166136261u)
static inline uintptr_t q_checksum(uintptr_t sum, uintptr_t word) {
    return (sum ^ word) * 16777619u;
}

#endif
