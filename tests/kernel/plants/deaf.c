/* deaf.c: before conformance_tick: ticks go by. */
#include <conformance.h>

void __wrap_conformance_tick(void);

void __wrap_conformance_tick(void) {
    ;
}
