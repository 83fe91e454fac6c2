/* list_percpu.c: a list for each CPU, as in xv6 on RISC-V with its lock exercise done. A CPU whose list is empty
 * takes one frame from the first list that has one. All memory is the booting CPU's at first. */
#include "list.h"
#include <quire/port.h>

static struct list lists[MAX_CPUS];

/* The number of the CPU is good while interrupts are off. */
quire_pa quire_alloc(struct quire *q, uint8_t tag) {
    (void)tag;
    bool on = arch_interrupts_off();
    unsigned cpu = quire_port_cpu();
    struct link *frame = list_take(&lists[cpu]);
    for (unsigned other = 0; frame == NULL && other < q->n_cpus; other++) {
        if (other != cpu) {
            frame = list_take(&lists[other]);
        }
    }
    arch_interrupts_restore(on);
    return hand_out(q, frame);
}

enum quire_status quire_free(struct quire *q, quire_pa pa) {
    check_address(q, pa);
    struct link *frame = direct(pa);
    fill(q, frame, FILL_FREED);
    bool on = arch_interrupts_off();
    list_add(&lists[quire_port_cpu()], frame);
    arch_interrupts_restore(on);
    return QUIRE_OK;
}

uint64_t lists_n_free(void) {
    uint64_t n = 0;
    for (unsigned i = 0; i < MAX_CPUS; i++) {
        n += list_length(&lists[i]);
    }
    return n;
}
