/* regions.h: from what firmware says about memory to what an allocator can use.
 *
 * Firmware lists ranges in any order; they overlap, repeat, nest, end in the middle of a frame, have no length or
 * run past 2^64. One rule makes sense of all of it: a frame is usable when each of its bytes is in some usable
 * range and none is in a reserved one. So reserved wins, usable ranges shrink to whole frames, reserved ones grow
 * to them, and usable ranges that meet in the middle of a frame still give that frame.
 *
 *     static struct quire_region space[1024];
 *     struct quire_regions map = {.at = space, .capacity = 1024};
 *     quire_regions_add(&map, ram_base, ram_bytes, QUIRE_USABLE);
 *     quire_regions_add(&map, kernel_base, kernel_bytes, QUIRE_RESERVED);
 *     if (!quire_regions_normalise(&map))
 *         panic("memory map: room for %zu regions, %zu needed", map.capacity, map.n);
 *     quire_init(&q, &config, map.at, map.n);
 *
 * How much room? One entry for each range that is added: a PC's UEFI has some hundreds, a laptop with an Arm processor some
 * 60 (50 nodes of /reserved-memory, the rest memory and what the kernel adds), most boards under 20. An entry is 24 bytes,
 * so 1024 of them take 24 KiB, which can be given to the allocator later. Too little room is never passed over in silence:
 * nothing is usable then (quire_regions_normalise).
 *
 * Pure functions over the caller's array: nothing is allocated and no other state is kept. */
#ifndef QUIRE_BOOT_REGIONS_H
#define QUIRE_BOOT_REGIONS_H

#include <quire/region.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A list under construction. It starts with n = 0. */
struct quire_regions {
    struct quire_region *at; /* the caller's array */
    size_t capacity;         /* entries that it has room for; 0 to learn only how many are needed */
    size_t n;                /* entries added; what went beyond capacity was counted but not kept */
};

/* Adds [base, base + n_bytes), byte for byte, cut off at the end of the address space (whose last frame is never
 * usable, see region.h). No bytes, no entry. A type other than QUIRE_USABLE counts as reserved, whatever it is.
 * To keep memory above some address out, reserve [that address, 2^64). */
void quire_regions_add(struct quire_regions *map, quire_pa base, uint64_t n_bytes, enum quire_region_type type);

/* Adds memory that is usable later: after the kernel has read ACPI's tables in it, or has left the boot loader's stack and page
 * tables. Until then it counts as reserved; over usable ranges it wins, as reserved ones do over it. */
void quire_regions_add_reclaimable(struct quire_regions *map, quire_pa base, uint64_t n_bytes);

/* Replaces the list by the usable frames alone: sorted, disjoint, not even touching, bounds on frames. They never
 * need more room than the list had. A list may be added to again and normalised again; doing it twice changes nothing.
 *   false  the list did not fit (n > capacity): n is the capacity it needs, and nothing was changed
 * Cost: an insertion sort, O(n^2) at worst and O(n) on a sorted list, then one pass. */
bool quire_regions_normalise(struct quire_regions *map);

/* Normalises a list, and puts into `later` the frames that become usable once reclaimable memory is: normalised, too, none of
 * them in `map`. What `later` had is replaced. When the kernel needs nothing in it any longer, it gives each to
 * quire_add. What the kernel keeps for itself, its image and stack, must have been reserved as always.
 *   false  one of them has no room for map->n entries: map->n and later->n are the capacity they need, and nothing else
 *          was changed
 * Cost: that of quire_regions_normalise, twice, and O(n^2) at worst to tell the two apart. */
bool quire_regions_split(struct quire_regions *map, struct quire_regions *later);

/* Takes n_bytes out of a normalised list: the lowest whole frames of usable memory that are that long, inside `within`
 * (whose type does not count), and begin at a multiple of `alignment`, a power of two. The list stays normalised.
 *   true   *base is where they begin
 *   false  there is no such place, no room for another entry (n == capacity), no bytes were asked for, or the alignment is
 *          no power of two; nothing was changed
 * Cost: O(n). */
bool quire_regions_place(struct quire_regions *map, uint64_t n_bytes, uint64_t alignment,
                         const struct quire_region *within, quire_pa *base);

/* Says which node (struct quire_region) memory is near to: the frames of a normalised list whose first byte lies in
 * [base, base + n_bytes). Regions are cut in two where the node changes. To be called last: quire_regions_normalise forgets
 * nodes, and so does quire_regions_place.
 *   false  the list has no room for the parts, two more at most; nothing was changed
 * Cost: O(n). */
bool quire_regions_set_node(struct quire_regions *map, quire_pa base, uint64_t n_bytes, unsigned node);

#ifdef __cplusplus
}
#endif

#endif
