/* list_uncounted.c: for designs without reference counts: nothing is ever shared, and fork copies.
 *
 * The linker puts space_copy before the kernel's. That the count of each frame is at its end keeps the kernel from
 * sharing the frame of zeros, too, so that nobody asks for one reference more. */
#include "list.h"
#include <space.h>

uint32_t quire_refs(const struct quire *q, quire_pa pa) {
    (void)q, (void)pa;
    return QUIRE_MAX_REFS;
}

enum quire_status quire_get(struct quire *q, quire_pa pa) {
    (void)q;
    panic("one reference more to 0x%lx, and nobody counts", pa);
}

enum quire_status quire_cow(struct quire *q, quire_pa shared, quire_pa *own) {
    (void)q, (void)own;
    panic("0x%lx is shared, and nobody counts", shared);
}

int __wrap_space_copy(struct space *to, struct space *from);

static int copy_page(struct space *to, uintptr_t address, pte_t entry) {
    pte_t *copy = paging_make(to->root, address);
    quire_pa frame = copy == NULL ? QUIRE_NONE : quire_alloc(frames, OWNER_USER);
    if (frame == QUIRE_NONE) {
        return -E_NOMEM;
    }
    memcpy(direct(frame), direct(pte_frame(entry)), PAGE_BYTES);
    *copy = pte_make(frame, pte_access(entry));
    return 0;
}

int __wrap_space_copy(struct space *to, struct space *from) {
    int error = space_new(to);
    if (error != 0) {
        return error;
    }
    memcpy(to->area, from->area, sizeof to->area);
    uintptr_t address = 0;
    for (pte_t *entry; error == 0 && (entry = paging_next(from->root, &address)) != NULL; address += PAGE_BYTES) {
        error = copy_page(to, address, *entry);
    }
    if (error != 0) {
        space_free(to);
    }
    return error;
}
