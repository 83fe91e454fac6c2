/* machine.h: what the files of this architecture know of each other. */
#ifndef MACHINE_H
#define MACHINE_H

#include <boot/loader.h>

/* How the loader left the machine: what kernel_main gets. */
struct loaded {
    uint32_t magic; /* says which loader it was */
    quire_pa info;  /* its structure */
};

void clock_open(void); /* finds out how fast time passes; interrupts are off */

bool uefi_read(struct quire_regions *map, struct quire_boot_info *info, const struct quire_boot_view *view, quire_pa at,
               struct quire_boot_report *report);

extern quire_pa start_page; /* a page below 1 MiB for CPUs to start in; QUIRE_NONE: there is none */

#endif
