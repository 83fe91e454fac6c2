/* ignored_error.c: before copy_to: says that all was copied, whatever happened. */
#include <space.h>

int __real_copy_to(struct space *space, uintptr_t to, const void *from, size_t n);
int __wrap_copy_to(struct space *space, uintptr_t to, const void *from, size_t n);

int __wrap_copy_to(struct space *space, uintptr_t to, const void *from, size_t n) {
    (void)__real_copy_to(space, to, from, n);
    return 0;
}
