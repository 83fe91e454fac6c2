/* copied.c: a program that has the files of `make amalgamation` beside it, and hooks of its own. The same text is C and C++. */
#include "quire.h"
#include "quire_boot.h" /* in any order, as often as one likes */

#include "quire.h"
#include "works.h"
#include <stdlib.h>

static char *memory;

#if !defined QUIRE_PORT_CPU_H || defined QUIRE_PORT_LOCAL /* port/template/local.h wants it, too */
unsigned quire_port_cpu(void) {
    return 0;
}
#endif
#ifdef QUIRE_PORT_LOCAL
bool quire_port_fence(unsigned cpu) {
    return cpu == 0;
}
#endif

void *quire_port_map(quire_pa pa) {
    return memory + (pa - RAM_BASE);
}

void quire_port_fault(const struct quire_fault *fault) {
    printf("%s: %s\n", fault->call, quire_fault_name(fault->kind));
    abort();
}

int main(void) {
    struct quire_region space[4];
    struct quire_regions map = {space, 4, 0};
    struct quire_config config = {};
    struct quire *q;
    memory = (char *)aligned_alloc(QUIRE_PAGE_SIZE, RAM_END - RAM_BASE);
    config.n_cpus = 1;
    quire_regions_add(&map, RAM_BASE, RAM_END - RAM_BASE, QUIRE_USABLE);
    if (!quire_regions_normalise(&map) || quire_init(&q, &config, map.at, map.n) != QUIRE_OK) {
        return 2;
    }
    return works(q);
}
