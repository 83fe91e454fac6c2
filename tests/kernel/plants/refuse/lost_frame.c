/* lost_frame.c: before stack_make: takes a frame first and, when the stack is refused, forgets it. */
#include <process.h>

uintptr_t __real_stack_make(unsigned number);
uintptr_t __wrap_stack_make(unsigned number);

uintptr_t __wrap_stack_make(unsigned number) {
    quire_pa frame = quire_alloc(frames, OWNER_KERNEL);
    uintptr_t top = __real_stack_make(number);
    if (top != 0 && frame != QUIRE_NONE) {
        quire_free(frames, frame);
    }
    return top;
}
