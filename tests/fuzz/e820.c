/* e820.c: entries of E820 of any length.
 *
 *     input   length of an entry, or which of the usual ones (1); the list */
#include "maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    if (n_bytes == 0) {
        return 0;
    }
    const struct maps_list list = {
        .bytes = bytes + 1,
        .n_bytes = n_bytes - 1,
        .stride = bytes[0] >= 128  ? 24
                  : bytes[0] >= 64 ? 20
                                   : bytes[0],
    };
    fuzz_list(read_e820, judge_e820, &list);
    return 0;
}
