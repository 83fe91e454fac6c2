/* pc.h: what the examples for PCs share beside example.h. */
#ifndef PC_H
#define PC_H

#include <boot/report.h>

#define LOW_BYTES  (1ull << 20) /* the BIOS, its data, and much that loaders pass lie there: left alone as a whole */
#define MAPPED_END (4ull << 30) /* by long_mode.S; in 32 bits nothing has an address beyond */

extern char image_begin[], image_end[]; /* kernel.ld */

/* For struct quire_boot_report. */
void print_problem(void *context, const struct quire_boot_problem *problem);

#endif
