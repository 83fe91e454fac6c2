/* multiboot2.c: structures of Multiboot 2 in memory.
 *
 *     input   where the memory begins (1), where in it the structure does (1); the memory (maps.h) */
#include "maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    fuzz_memory(read_multiboot2, judge_multiboot2, bytes, n_bytes);
    return 0;
}
