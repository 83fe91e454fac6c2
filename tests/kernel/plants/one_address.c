/* one_address.c: before quire_port_map: some frames have the address of their neighbour. */
#include <quire/port.h>

void *__real_quire_port_map(quire_pa pa);
void *__wrap_quire_port_map(quire_pa pa);

void *__wrap_quire_port_map(quire_pa pa) {
    return __real_quire_port_map((pa & 0x1FFFFFF) == 0x1ABC000 ? pa + QUIRE_PAGE_SIZE : pa);
}
