/* fuzz.h: what the fuzz targets share.
 *
 * A target is one function from bytes to nothing, called by libFuzzer (clang's coverage-guided fuzzer) with bytes that it
 * makes up. A target does not only survive: it compares each answer with that of a second, slow and independent program,
 * and ends the process where they differ. The same bytes always do the same. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

/* Bytes that are used up from the front; behind the end there are zeros. */
struct input {
    const uint8_t *at;
    size_t n_left;
};

static inline uint8_t take(struct input *in) {
    if (in->n_left == 0) {
        return 0;
    }
    in->n_left--;
    return *in->at++;
}

/* Says what is wrong and ends the process, so that libFuzzer keeps the bytes. */
_Noreturn void fuzz_fail(const char *format, ...);

#endif
