/* uefi.c: descriptors of UEFI of any length.
 *
 *     input   length of a descriptor, or which of the usual ones (1); version (1); the list */
#include "maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    if (n_bytes < 2) {
        return 0;
    }
    const struct maps_list list = {
        .bytes = bytes + 2,
        .n_bytes = n_bytes - 2,
        .stride = bytes[0] >= 160  ? 48
                  : bytes[0] >= 80 ? 40
                                   : bytes[0],
        .version = bytes[1],
    };
    fuzz_list(read_uefi, judge_uefi, &list);
    return 0;
}
