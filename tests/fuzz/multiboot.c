/* multiboot.c: structures of Multiboot 1 in memory.
 *
 *     input   where the memory begins (1), where in it the structure does (1); the memory (maps.h) */
#include "maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    fuzz_memory(read_multiboot, judge_multiboot, bytes, n_bytes);
    return 0;
}
