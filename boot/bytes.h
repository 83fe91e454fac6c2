/* bytes.h: numbers in what firmware for PCs has left, with the low byte first, at any alignment. Private to boot/. */
#ifndef QUIRE_BOOT_BYTES_H
#define QUIRE_BOOT_BYTES_H

#include <stdint.h>

static inline uint32_t q_le32(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t q_le64(const uint8_t *at) {
    return q_le32(at) | (uint64_t)q_le32(at + 4) << 32;
}

#endif
