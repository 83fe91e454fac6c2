/* port.c: the conformance kit (kit/kit.h) looks whether the three functions of the port are right, and the memory map: on the one
 * CPU that runs. A kernel with more of them calls kit_run_each_cpu on each. */
#include "example.h"
#include <kit/kit.h>

enum { OWNER_KIT = 200 };

static void print_line(void *context, const char *line) {
    (void)context;
    print("%s\n", line);
}

bool port_is_right(struct quire *q) {
    static struct kit kit = {.print = print_line, .n_cpus = 1, .tag = OWNER_KIT};
    kit.q = q;
    kit_begin(&kit);
    kit_run_one_cpu(&kit);
    kit_run_each_cpu(&kit);
    return kit_end(&kit);
}
