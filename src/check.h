/* check.h: what the core believes about itself, checked where it is cheap.
 *
 * QUIRE_CHECK 0: callers' arguments only, which are always checked. 1, the default: Q_CHECK as well, nowhere on the
 * way of a call that ends in the CPU's cache. 2: besides, a free claims the frame by an exchange, so that two CPUs
 * that free it at once are found out at once (record.h). */
#ifndef Q_CHECK_H
#define Q_CHECK_H

#include <stdint.h>

#ifndef QUIRE_CHECK
#define QUIRE_CHECK 1
#endif

/* Reports QUIRE_FAULT_METADATA with the condition in words and the value that breaks it. */
void q_check_failed(const char *condition, const char *function, uint64_t value);

#if QUIRE_CHECK >= 1
#define Q_CHECK(condition, value) ((condition) ? (void)0 : q_check_failed(#condition, __func__, (uint64_t)(value)))
#else
#define Q_CHECK(condition, value) ((void)sizeof((condition) ? (value) : (value)))
#endif

/* A step of a checksum over data that never change, so that damage to them is found before they are used: the hash of
 * Fowler, Noll and Vo (FNV-1a), a word at a time. Each step is one to one, so no single flipped bit escapes. It begins
 * with Q_NO_SUM. */
#define Q_NO_SUM ((uintptr_t)2166136261u)
static inline uintptr_t q_checksum(uintptr_t sum, uintptr_t word) {
    return (sum ^ word) * 16777619u;
}

#endif
