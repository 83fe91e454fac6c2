/* late_copy.c: before space_free: copies out of a page table that was freed. */
#include <kernel.h>
#include <space.h>

void __real_space_free(struct space *space);
void __wrap_space_free(struct space *space);

void __wrap_space_free(struct space *space) {
    static pte_t last[4];
    const pte_t *root = direct(space->root);
    __real_space_free(space);
    memcpy(last, root, sizeof last);
}
