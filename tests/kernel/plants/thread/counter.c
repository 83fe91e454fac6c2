/* counter.c: before space_touch: counts its calls, without a lock. */
#include <space.h>

int __real_space_touch(struct space *space, uintptr_t address, unsigned access, quire_pa *frame);
int __wrap_space_touch(struct space *space, uintptr_t address, unsigned access, quire_pa *frame);

unsigned n_touched;

int __wrap_space_touch(struct space *space, uintptr_t address, unsigned access, quire_pa *frame) {
    n_touched++;
    return __real_space_touch(space, address, access, frame);
}
