/* fields.h: each field of each structure of the allocator's own data, and what becomes of a bit flipped in it. */
#ifndef FAULTS_FIELDS_H
#define FAULTS_FIELDS_H

#include "machine.h"

/* Some bits of a field. One flipped bit makes quire_validate say `says`, or one of several texts, with " | " between
 * them. NULL: it says that all is well, for the reason `why`; and then all memory can still be had. */
struct field {
    const char *name;
    size_t offset, n_bytes;
    uint64_t bits; /* ALL of its bits, or some of a field that has no more than 64 */
    const char *says, *why;
};
#define ALL UINT64_MAX

/* One structure in some state. Its fields cover all of it, padding included. */
struct object {
    const char *name;
    void *at;
    size_t n_bytes;
    const struct field *fields;
    size_t n_fields;
    const char *zeroed, *all_ones; /* what quire_validate says when all of its bytes are 0, or 0xFF */
};

/* Makes an allocator in `q` that has something of everything. */
void fields_start(void);

extern struct object objects[];
extern const size_t n_objects;

#endif
