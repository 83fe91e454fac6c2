/* machine.h: a machine whose every fault ends it.
 *
 * Each thing that is tried runs in a process of its own (machine_try), which ends with the first fault that the
 * allocator reports and leaves one line behind: the report, to the last field. The hooks of quire/port.h are here. */
#ifndef FAULTS_MACHINE_H
#define FAULTS_MACHINE_H

#include "changes.h"
#include "tests/pair.h"

#define PAGE  QUIRE_PAGE_SIZE
#define BLOCK (QUIRE_BLOCK_FRAMES * PAGE)
#define MIB   ((quire_pa)1 << 20)
#define GIB   ((quire_pa)1 << 30)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define USABLE(from, to)                                                                                               \
    { .base = (from), .end = (to), .type = QUIRE_USABLE }
#define RESERVED(from, to)                                                                                             \
    { .base = (from), .end = (to), .type = QUIRE_RESERVED }

/* ---- memory and CPUs -------------------------------------------------------------------------------------- */

/* Physical memory: all of [ram_base, ram_base + RAM_BYTES), whether managed or not, full of what was there before. */
#define RAM_BYTES (768 * MIB)
extern quire_pa ram_base;
unsigned char *ram_at(quire_pa pa);

extern unsigned this_cpu;     /* what quire_port_cpu says */
extern quire_pa not_mapped;   /* a frame for which quire_port_map has no address; QUIRE_NONE: there is none such */
extern void (*between)(void); /* called by the next quire_port_cpu: an interrupt, or another CPU, at that moment */

/* The allocator of most tests: two CPUs, a zone that begins and ends within a block, and half a block that is no memory
 * in the middle of it. */
#define RAM      (64 * MIB + 16 * PAGE)
#define HOLE     (72 * MIB + 64 * PAGE)
#define HOLE_END (72 * MIB + 320 * PAGE)
#define RAM_END  (76 * MIB + 32 * PAGE)
extern struct quire *q;
void machine_start(enum quire_content content);

/* Allocations that must succeed. */
quire_pa one(uint8_t tag);
quire_pa many(unsigned order, uint8_t tag);
void take(quire_pa pa, unsigned order, uint8_t tag); /* this very one, and whatever comes before it */

q_record *record_of(quire_pa pa);

/* ---- what a process has to say ---------------------------------------------------------------------------- */

#define LINE_BYTES 512

/* The frame that a misuse is about: reports call it "it". QUIRE_NONE: none. */
extern quire_pa it;

/* Runs `what` in a process of its own. `line`: the report that ended it, or what it said, "nothing", or how it died. */
void machine_try(void (*what)(const void *about), const void *about, char line[LINE_BYTES]);

/* Where it is set, faults are kept there and do not end the process. */
extern struct quire_fault *kept;

/* Adds to the line. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A call that must change nothing in the allocator's own data: if it does, a report of it, or say_status, says so. */
#define WRONG(call) (changes_remember(q), (call))

/* Says how a call ended that reported nothing; what quire_validate finds. */
void say_status(enum quire_status status);
void say_validate(void);

#endif
