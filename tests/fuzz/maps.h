/* maps.h: what the targets for memory maps share: the two opinions of tests/boot/maps.h must be the same. */
#ifndef FUZZ_MAPS_H
#define FUZZ_MAPS_H

#include "fuzz.h"
#include "tests/boot/maps.h"

typedef void maps_lister(struct maps_result *result, const struct maps_list *list);

/* Ends the process where the two differ. */
void fuzz_list(maps_lister *read, maps_lister *judge, const struct maps_list *list);
void fuzz_loader(maps_loader *read, maps_loader *judge, const struct quire_boot_view *view, quire_pa at);

/* A structure in memory that is all of the input but its first two bytes: where that memory begins, and where in it the
 * structure does, in steps of 8 bytes. */
void fuzz_memory(maps_loader *read, maps_loader *judge, const uint8_t *bytes, size_t n_bytes);

/* Where the memory begins that a byte stands for: so that it ends at 2^64 for one of them. */
quire_pa fuzz_base(uint8_t byte, size_t n_bytes);

#endif
