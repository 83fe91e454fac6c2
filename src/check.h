/* check.h: what the core believes about itself, checked where it is cheap. Q_CHECK is in report.h.
 *
 *   Q_CHECK          true unless somebody wrote into the allocator's own data. Evaluated from QUIRE_CHECK 1 on, the
 *                    default, but nowhere in a call that the CPU's cache answers
 *   Q_ASSERT         true unless the core itself has a mistake: what a function may rely on when it is called, and what
 *                    it leaves. Evaluated from QUIRE_CHECK 2 on, which is for tests; at 0 and 1 it costs nothing
 *   _Static_assert   what the compiler can know
 *
 * Mistakes of callers are none of these: each call looks at its arguments at every level, 0 included. At level 2 a
 * free also claims the frame by an exchange, so that two CPUs that free it at once are found at once (record.h).
 *
 * A Q_CHECK that fails is a fault as any other: it is reported by the name of the public call, and counted. The macro is
 * false then, and its caller leaves what was found alone: it ends the call as any other fault does, before anything is
 * changed, or takes another frame instead. Where frames are on their way home already, the call goes on, as fault.h says.
 *
 * A Q_ASSERT that fails is reported by the name of the function that it stands in, and nothing goes on from there. Its
 * condition changes nothing, and reads no word that another CPU may change at the same time. */
#ifndef Q_CHECK_H
#define Q_CHECK_H

#include <stdbool.h>
#include <stddef.h>
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

/* The same over a row of words. */
static inline uintptr_t q_checksum_of(uintptr_t sum, const uintptr_t *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        sum = q_checksum(sum, words[i]);
    }
    return sum;
}

#endif
