/* gic.h: the interrupt controller: Arm Generic Interrupt Controller, version 2 (IHI 0048) or 3 (IHI 0069). */
#ifndef GIC_H
#define GIC_H

#include <arch.h>

#define GIC_POKE   1u     /* the interrupt that one CPU sends to another */
#define GIC_TIMER  27u    /* the virtual timer's, on every machine: Base System Architecture (DEN0094), table of PPIs */
#define GIC_NONE   1020u  /* from here on numbers stand for no interrupt */
#define GIC_NUMBER 0x3FFu /* in what acknowledge() returns; version 2 has the sender above it */

struct quire_fdt;

struct gic {
    bool (*find)(const struct quire_fdt *tree); /* once, on the CPU that boots. False: it is another version */
    bool (*start_cpu)(void);                    /* on each CPU. False: the controller does not know it */
    uint32_t (*acknowledge)(void);              /* takes the most urgent interrupt */
    void (*end)(uint32_t acknowledged);         /* and lets others come */
    void (*poke)(const struct cpu *cpu);        /* all that was stored before is seen by who is interrupted */
};

extern const struct gic gic_v2, gic_v3;
extern const struct gic *gic; /* the one that this machine has */

#endif
