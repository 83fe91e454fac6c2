/* mild.c: before quire_port_fault: nothing happens. */
#include <quire/port.h>

void __wrap_quire_port_fault(const struct quire_fault *fault);

void __wrap_quire_port_fault(const struct quire_fault *fault) {
    (void)fault;
}
