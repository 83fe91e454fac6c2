/* trees.h: device trees for the RISC-V machine. */
#ifndef XV6_TEST_TREES_H
#define XV6_TEST_TREES_H

#include <stdint.h>

#define TREE_BYTES (64u << 10)

struct bank {
    uint64_t base, n_bytes;
};

/* Writes a tree with this memory and these reservations to `at`, where TREE_BYTES are free. A bank of 0 bytes ends a
 * list. */
void make_tree(void *at, const struct bank *memory, const struct bank *reserved);

/* What the boot ROM says: the address of the tree. boot() sets it. */
extern uint64_t rom_device_tree;

#endif
