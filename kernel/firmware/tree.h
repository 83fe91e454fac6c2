/* tree.h: what a machine with a device tree takes from it for itself. */
#ifndef TREE_H
#define TREE_H

struct quire_fdt;

/* Implemented by the architecture: the speed of the clock, where devices are. */
void arch_devices(const struct quire_fdt *tree);

#endif
