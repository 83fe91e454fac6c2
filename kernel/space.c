/* space.c: the memory of programs: frames on demand, sharing, copying.
 *
 * A space is a few areas and a page table. An area only says what its program may do; a page gets a frame when it is
 * first touched. Each mapping of a frame in any space is one reference to it:
 *
 *     first touch, to write       a frame of its own, zeroed
 *     first touch, to read        the zero frame, read-only, shared by all
 *     fork                        the same frames on both sides, read-only on both
 *     write to a read-only page   of a writable area: a frame of its own again. quire_cow copies when there is another
 *                                 reference, and else finds that the frame is ours already
 *
 * So the table says less than the area where sharing is to be noticed, never more. */
#include <kernel.h>
#include <space.h>

/* The zero frame's references are counted like any frame's, and the count has an end (QUIRE_MAX_REFS). */
#define ZERO_REFS_ENOUGH (QUIRE_MAX_REFS / 2)

_Static_assert(ZERO_REFS_ENOUGH + MAX_CPUS < QUIRE_MAX_REFS, "CPUs may pass the check at the same time");

static const struct area *area_at(const struct space *space, uintptr_t address) {
    for (unsigned i = 0; i < N_AREAS; i++) {
        const struct area *area = &space->area[i];
        if (address >= area->base && address < page_up(area->end)) {
            return area;
        }
    }
    return NULL;
}

/* ---- making and ending ------------------------------------------------------------------------------------ */

int space_new(struct space *space) {
    const unsigned data = ACCESS_READ | ACCESS_WRITE;
    memset(space, 0, sizeof *space);
    space->area[AREA_STACK] = (struct area){USER_TOP - USER_STACK_BYTES, USER_TOP, data};
    space->area[AREA_HEAP] = (struct area){USER_BASE, USER_BASE, data};
    quire_pa root = paging_new();
    space->root = root == QUIRE_NONE ? paging_kernel_root : root;
    return root == QUIRE_NONE ? -E_NOMEM : 0;
}

void space_free(struct space *space) {
    if (space->root == paging_kernel_root) {
        return;
    }
    uintptr_t address = 0;
    for (pte_t *entry; (entry = paging_next(space->root, &address)) != NULL; address += PAGE_BYTES) {
        quire_put(frames, pte_frame(*entry));
    }
    paging_free(space->root);
    space->root = paging_kernel_root;
}

/* The copy gets no zero frames: it asks for them when it reads, with the check of space_touch. */
int space_copy(struct space *to, struct space *from) {
    int error = space_new(to);
    if (error != 0) {
        return error;
    }
    memcpy(to->area, from->area, sizeof to->area);
    uintptr_t address = 0;
    for (pte_t *entry; (entry = paging_next(from->root, &address)) != NULL; address += PAGE_BYTES) {
        quire_pa frame = pte_frame(*entry);
        if (frame == zero_frame) {
            continue;
        }
        pte_t *copy = paging_make(to->root, address);
        if (copy == NULL) {
            error = -E_NOMEM;
            break;
        }
        quire_get(frames, frame);
        *entry = pte_make(frame, pte_access(*entry) & ~(unsigned)ACCESS_WRITE);
        *copy = *entry;
    }
    /* Forget that pages were writable. Other CPUs did so when they stopped running this process. */
    paging_activate(from->root);
    if (error != 0) {
        space_free(to); /* what is read-only now stays so until it is written; quire_cow finds that it is not shared */
    }
    return error;
}

/* ---- pages ------------------------------------------------------------------------------------------------ */

static int new_page(pte_t *entry, unsigned access, quire_pa *frame) {
    *frame = quire_alloc(frames, OWNER_USER);
    if (*frame == QUIRE_NONE) {
        return -E_NOMEM;
    }
    memset(direct(*frame), 0, PAGE_BYTES);
    *entry = pte_make(*frame, access | ACCESS_USER);
    return 0;
}

static int first_touch(pte_t *entry, const struct area *area, unsigned access, quire_pa *frame) {
    if ((access & ACCESS_WRITE) != 0 || quire_refs(frames, zero_frame) >= ZERO_REFS_ENOUGH) {
        return new_page(entry, area->access, frame);
    }
    quire_get(frames, zero_frame);
    *entry = pte_make(zero_frame, (area->access & ~(unsigned)ACCESS_WRITE) | ACCESS_USER);
    *frame = zero_frame;
    return 0;
}

/* A write to a page that is read-only though its area is not. */
static int stop_sharing(pte_t *entry, uintptr_t address, const struct area *area, quire_pa *frame) {
    if (pte_frame(*entry) == zero_frame) {
        pte_t own;
        int error = new_page(&own, area->access, frame);
        if (error == 0) {
            paging_replace(entry, address, own);
            quire_put(frames, zero_frame);
        }
        return error;
    }
    if (quire_cow(frames, pte_frame(*entry), frame) != QUIRE_OK) {
        return -E_NOMEM;
    }
    paging_replace(entry, address, pte_make(*frame, area->access | ACCESS_USER));
    return 0;
}

int space_touch(struct space *space, uintptr_t address, unsigned access, quire_pa *frame) {
    const struct area *area = area_at(space, address);
    if (area == NULL || (area->access & access) != access) {
        return -E_FAULT;
    }
    pte_t *entry = paging_make(space->root, address);
    if (entry == NULL) {
        return -E_NOMEM;
    }
    if (*entry == 0) {
        return first_touch(entry, area, access, frame); /* a CPU that remembers that nothing was there comes again */
    }
    int error = 0;
    *frame = pte_frame(*entry);
    if ((access & ~pte_access(*entry)) != 0) {
        error = stop_sharing(entry, address, area, frame);
    }
    paging_forget_page(address);
    return error;
}

int space_add(struct space *space, const struct area *area) {
    for (unsigned i = 0; i < N_AREAS; i++) {
        if (area->base < page_up(space->area[i].end) && space->area[i].base < area->end) {
            return -E_NOEXEC;
        }
    }
    for (unsigned i = AREA_SEGMENTS; i < N_AREAS; i++) {
        if (space->area[i].end == 0) {
            space->area[i] = *area;
            return 0;
        }
    }
    return -E_NOEXEC;
}

int space_grow(struct space *space, intptr_t n_bytes, uintptr_t *old_end) {
    struct area *heap = &space->area[AREA_HEAP];
    uintptr_t end = heap->end + (uintptr_t)n_bytes;
    bool wrapped = n_bytes < 0 ? end > heap->end : end < heap->end;
    if (wrapped || end < heap->base || end > space->area[AREA_STACK].base) {
        return -E_NOMEM;
    }
    *old_end = heap->end;
    uintptr_t address = page_up(end), limit = page_up(heap->end);
    heap->end = end;
    for (pte_t *entry; (entry = paging_next(space->root, &address)) != NULL && address < limit; address += PAGE_BYTES) {
        quire_pa frame = pte_frame(*entry);
        *entry = 0;
        paging_forget_page(address);
        quire_put(frames, frame);
    }
    return 0;
}

/* ---- between the kernel and programs ---------------------------------------------------------------------- */

/* Each goes page by page through the direct map. */

static size_t rest_of_page(uintptr_t address, size_t n) {
    size_t rest = PAGE_BYTES - address % PAGE_BYTES;
    return n < rest ? n : rest;
}

static void *byte_in(quire_pa frame, uintptr_t address) {
    return (char *)direct(frame) + address % PAGE_BYTES;
}

int space_fill(struct space *space, uintptr_t to, const void *from, size_t n) {
    const struct area *area = area_at(space, to);
    for (size_t done = 0, part; done < n; done += part) {
        part = rest_of_page(to + done, n - done);
        pte_t *entry = paging_make(space->root, to + done);
        quire_pa frame;
        if (entry == NULL || new_page(entry, area->access, &frame) != 0) {
            return -E_NOMEM;
        }
        memcpy(byte_in(frame, to + done), (const char *)from + done, part);
        if ((area->access & ACCESS_EXECUTE) != 0) {
            paging_code_written(direct(frame), PAGE_BYTES);
        }
    }
    return 0;
}

/* Where the kernel sees the program's byte at `address`. */
static int reach(struct space *space, uintptr_t address, unsigned access, void **byte) {
    const unsigned needed = access | ACCESS_USER;
    const pte_t *entry = address < USER_TOP ? paging_find(space->root, address) : NULL;
    if (entry != NULL && (pte_access(*entry) & needed) == needed) {
        *byte = byte_in(pte_frame(*entry), address);
        return 0;
    }
    quire_pa frame;
    int error = space_touch(space, address, access, &frame);
    if (error == 0) {
        *byte = byte_in(frame, address);
    }
    return error;
}

int copy_from(struct space *space, void *to, uintptr_t from, size_t n) {
    for (size_t done = 0, part; done < n; done += part) {
        part = rest_of_page(from + done, n - done);
        void *byte;
        int error = reach(space, from + done, ACCESS_READ, &byte);
        if (error != 0) {
            return error;
        }
        memcpy((char *)to + done, byte, part);
    }
    return 0;
}

int copy_to(struct space *space, uintptr_t to, const void *from, size_t n) {
    for (size_t done = 0, part; done < n; done += part) {
        part = rest_of_page(to + done, n - done);
        void *byte;
        int error = reach(space, to + done, ACCESS_WRITE, &byte);
        if (error != 0) {
            return error;
        }
        memcpy(byte, (const char *)from + done, part);
    }
    return 0;
}

int copy_string_from(struct space *space, char *to, uintptr_t from, size_t n) {
    for (size_t i = 0; i < n; i++) {
        int error = copy_from(space, &to[i], from + i, 1);
        if (error != 0) {
            return error;
        }
        if (to[i] == '\0') {
            return 0;
        }
    }
    return -E_INVAL;
}
