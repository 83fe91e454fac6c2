/* bits.h: the bottom: words, counting bits, runs of bits.
 *
 * A word is as wide as a pointer, so that 32-bit machines need no 64-bit atomics. The two counting functions are
 * written out where the processor has no instruction for them: compilers then call __popcountdi2 and __ctzdi2, which
 * live in libgcc and not in a kernel. So do the 64-bit ones on 32-bit machines. */
#ifndef Q_BITS_H
#define Q_BITS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uintptr_t q_word;

#define Q_WORD_BITS  ((unsigned)(sizeof(q_word) * CHAR_BIT))
#define Q_ALL_BITS   UINTPTR_MAX
#define Q_WORD_ORDER (sizeof(q_word) == 8 ? 6u : 5u) /* log2 of the bits of a word */
_Static_assert(sizeof(q_word) == 4 || sizeof(q_word) == 8, "words of 32 or 64 bits");

#if defined(__POPCNT__) || defined(__riscv_zbb) || defined(__aarch64__)
static inline unsigned q_popcount(q_word w) {
    return (unsigned)(sizeof w == sizeof(unsigned) ? __builtin_popcount((unsigned)w) : __builtin_popcountll(w));
}
#else
/* Adds neighbours: bits to pairs, pairs to nibbles, nibbles to bytes; the multiplication sums the bytes in the top
 * one. */
static inline unsigned q_popcount(q_word w) {
    w -= (w >> 1) & (Q_ALL_BITS / 3);
    w = (w & (Q_ALL_BITS / 5)) + ((w >> 2) & (Q_ALL_BITS / 5));
    w = (w + (w >> 4)) & (Q_ALL_BITS / 17);
    return (unsigned)((w * (Q_ALL_BITS / 255)) >> (Q_WORD_BITS - 8));
}
#endif

/* Index of the lowest set bit; w is not 0. */
#if defined(__x86_64__) || defined(__i386__) || defined(__riscv_zbb) || defined(__aarch64__)
static inline unsigned q_lowest(q_word w) {
    return (unsigned)(sizeof w == sizeof(unsigned) ? __builtin_ctz((unsigned)w) : __builtin_ctzll(w));
}
#elif UINTPTR_MAX == UINT64_MAX
/* A power of two shifts a de Bruijn sequence so that its top six bits are of each value once. */
static inline unsigned q_lowest(q_word w) {
    static const unsigned char place[64] = {0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,
                                            62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
                                            63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
                                            46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6};
    return place[(w & (~w + 1)) * 0x03f79d71b4cb0a89u >> 58];
}
#else
static inline unsigned q_lowest(q_word w) {
    static const unsigned char place[32] = {0,  1,  28, 2,  29, 14, 24, 3, 30, 22, 20, 15, 25, 17, 4,  8,
                                            31, 27, 13, 23, 21, 19, 16, 7, 26, 12, 18, 6,  11, 5,  10, 9};
    return place[(w & (~w + 1)) * 0x077cb531u >> 27];
}
#endif

/* Index of the highest set bit; w is not 0. */
static inline unsigned q_highest(q_word w) {
    unsigned i = 0;
    for (unsigned half = Q_WORD_BITS / 2; half > 0; half /= 2) {
        if (w >> half != 0) {
            w >>= half;
            i += half;
        }
    }
    return i;
}

static inline q_word q_bit(size_t i) {
    return (q_word)1 << (i % Q_WORD_BITS);
}

/* n bits from bit 0 up; n <= Q_WORD_BITS. */
static inline q_word q_low_bits(size_t n) { /* a shift by all bits of a word has no meaning in C */
    return n == 0 ? 0 : Q_ALL_BITS >> (Q_WORD_BITS - n);
}

/* Those of bits [from, to) of a row of words that lie in word `w`. */
static inline q_word q_range_in_word(size_t w, size_t from, size_t to) {
    size_t first = w * Q_WORD_BITS;
    if (to <= first || from >= first + Q_WORD_BITS) {
        return 0;
    }
    q_word below_to = q_low_bits(to - first < Q_WORD_BITS ? to - first : Q_WORD_BITS);
    return from > first ? below_to & ~q_low_bits(from - first) : below_to;
}

/* log2 of n, rounded up; n > 0. */
static inline unsigned q_order_of(size_t n) {
    unsigned order = 0;
    for (; order < Q_WORD_BITS && n > (size_t)1 << order; order++) {}
    return order;
}

/* In which positions of `w` a run of 2^order set bits begins that is aligned to its size; 2^order <= Q_WORD_BITS. */
static inline q_word q_aligned_runs(q_word w, unsigned order) {
    /* Every 2^order-th bit. */
    static const q_word starts[] = {
        Q_ALL_BITS, Q_ALL_BITS / 0x3, Q_ALL_BITS / 0xF, Q_ALL_BITS / 0xFF, Q_ALL_BITS / 0xFFFF, Q_ALL_BITS / 0xFFFFFFFF,
        1 /* a whole word */};
    for (unsigned shift = 1; shift < 1u << order; shift *= 2) {
        w &= w >> shift;
    }
    return w & starts[order];
}

#endif
