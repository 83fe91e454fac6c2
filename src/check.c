/* check.c: the end of a core that found a mistake of its own. */
#include "check.h"

#include <quire/port.h>

_Noreturn void q_assert_failed(const char *function, const char *condition, uint64_t value) {
    const struct quire_fault fault = {
        .kind = QUIRE_FAULT_METADATA, .call = function, .detail = condition, .pa = QUIRE_NONE, .value = value};
    quire_port_fault(&fault); /* not counted: whose data these are is not known here */
    __builtin_trap();
}
