/* region.h: ranges of physical memory, the vocabulary that firmware readers and the allocator share.
 *
 * A region is half-open, [base, end). That makes its length end - base, lets neighbours share a bound, and
 * means that the last byte of the 64-bit address space can not be inside one, which costs nobody anything. */
#ifndef QUIRE_REGION_H
#define QUIRE_REGION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Frames are 2^QUIRE_PAGE_SHIFT bytes: 4 KiB unless the build says otherwise (12..16). */
#ifndef QUIRE_PAGE_SHIFT
#define QUIRE_PAGE_SHIFT 12
#endif
#if QUIRE_PAGE_SHIFT < 12 || QUIRE_PAGE_SHIFT > 16
#error "QUIRE_PAGE_SHIFT is 12..16"
#endif
#define QUIRE_PAGE_SIZE ((quire_pa)1 << QUIRE_PAGE_SHIFT)

/* A physical address in bytes. 0 is an address like any other; QUIRE_NONE is none. */
typedef uint64_t quire_pa;
#define QUIRE_NONE UINT64_MAX

enum quire_region_type {
    QUIRE_RESERVED, /* not to be handed out; also what a caller gets who forgets to say */
    QUIRE_USABLE,   /* RAM that nobody else uses */
};

struct quire_region {
    quire_pa base; /* first byte */
    quire_pa end;  /* first byte behind it; end > base */
    enum quire_region_type type;
    unsigned node; /* that the memory is near to, if the machine has several: quire_config.n_nodes (quire.h) */
};

#ifdef __cplusplus
}
#endif

#endif
