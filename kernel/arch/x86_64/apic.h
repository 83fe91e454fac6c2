/* apic.h: the local APIC: interrupts between CPUs, and each one's timer. Manual, volume 3A, chapter 11. */
#ifndef APIC_H
#define APIC_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the CPUs may have ids of more than 8 bits, which need the newer mode, x2APIC. To be said before the first APIC is
 * switched on; false: the processor does not have it. */
bool apic_use_long_ids(void);

void apic_open(uint64_t registers); /* where they are in memory, said once */
void apic_switch_on(void);          /* that of the CPU that runs this */
uint32_t apic_id(void);             /* of the CPU that runs this; before all else, too */
void apic_end_of_interrupt(void);

void apic_send(uint64_t id, unsigned vector); /* an interrupt */
void apic_send_init(uint64_t id);             /* stops a CPU, so that it can be started */
void apic_send_start(uint64_t id, uint32_t page);

void apic_timer_set(uint32_t n_counts); /* one interrupt, VECTOR_TIMER; 0: none */
uint32_t apic_timer_left(void);

/* Another CPU has asked this one to forget translations (paging.c). */
void paging_forget_asked(void);

#endif
