/* compiler.h: what gcc and clang are told about the code: where it goes, and which way a branch mostly takes. */
#ifndef Q_COMPILER_H
#define Q_COMPILER_H

_Static_assert(__builtin_expect(1, 1), "gcc and clang know this");

/* A function that is seldom called: kept apart from those that often are. */
#define Q_COLD __attribute__((noinline, cold))

/* A function that is kept out of its callers, so that they stay short and need no stack. */
#define Q_APART __attribute__((noinline))

/* What stands before it is done before what stands after it, for interrupts of this CPU. No instruction. */
#if defined(__clang__) && defined(__riscv) /* clang 14 makes a fence of the usual way */
#define Q_COMPILER_BARRIER() __asm__ volatile("" ::: "memory")
#else
#define Q_COMPILER_BARRIER() atomic_signal_fence(memory_order_seq_cst)
#endif

/* For branches that the quick ways do not take, so that the code which they do take stays together. */
#define Q_SELDOM(condition) (__builtin_expect(!!(condition), 0))

#endif
