/* psci.h: calls of the firmware: Arm Power State Coordination Interface, version 1.0 (DEN0022), which each section names. */
#ifndef PSCI_H
#define PSCI_H

#include <quire/region.h>
#include <stdbool.h>
#include <stdint.h>

struct quire_fdt;
void psci_find(const struct quire_fdt *tree); /* by which instruction the firmware is called */

/* Starts the CPU with this id at a physical address, with `argument` in its first register. False: the firmware refuses. */
bool psci_cpu_on(uint64_t id, quire_pa at, uint64_t argument); /* 5.6 */

void psci_system_off(void); /* 5.11 */

#endif
