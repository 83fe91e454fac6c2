/* space.h: the memory of a program. */
#ifndef SPACE_H
#define SPACE_H

#include <arch.h>

/* A range of addresses that a program may use, and how. A page in it gets a frame when it is first touched. */
struct area {
    uintptr_t base, end; /* whole pages, but for the end of the heap */
    unsigned access;
};

enum { AREA_STACK, AREA_HEAP, AREA_SEGMENTS, N_AREAS = AREA_SEGMENTS + 6 };

/* Its own process uses it alone; others only before that process has run. So it needs no lock. */
struct space {
    quire_pa root; /* its page table, or paging_kernel_root when there is no space */
    struct area area[N_AREAS];
};

/* What can fail returns 0 or a negative enum error: -E_NOMEM, or -E_FAULT where the program may not do this. */

int space_new(struct space *space); /* with a stack and an empty heap, at USER_BASE */
int space_copy(struct space *to, struct space *from);
void space_free(struct space *space); /* all that it took. No CPU uses it any more; what is left is no space */

/* A segment of a program: its area, which must not meet another one; then its contents, anywhere inside it, once. What
 * is not filled is zero. -E_NOEXEC: it meets another, or there are too many. */
int space_add(struct space *space, const struct area *area);
int space_fill(struct space *space, uintptr_t to, const void *from, size_t n_bytes);

/* Moves the end of the heap; *old_end is where it was. */
int space_grow(struct space *space, intptr_t n_bytes, uintptr_t *old_end);

/* Makes the page at `address` usable for `access`; *frame is what is mapped there then. */
int space_touch(struct space *space, uintptr_t address, unsigned access, quire_pa *frame);

/* Between the kernel and a program's addresses, which may be anything. */
int copy_from(struct space *space, void *to, uintptr_t from, size_t n);
int copy_to(struct space *space, uintptr_t to, const void *from, size_t n);
int copy_string_from(struct space *space, char *to, uintptr_t from,
                     size_t n); /* -E_INVAL: it has no end within n bytes */

#endif
