/* limine.c: responses of Limine.
 *
 *     input   whether there is a response (1); the entries (24 each; tests/boot/maps.h) */
#include "maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    if (n_bytes == 0) {
        return 0;
    }
    const struct maps_list list = {.bytes = bytes + 1, .n_bytes = n_bytes - 1, .stride = bytes[0]};
    fuzz_list(read_limine, judge_limine, &list);
    return 0;
}
