/* verdict.h: the end. */
#ifndef VERDICT_H
#define VERDICT_H

#include <process.h>

/* The life of the ancestor: run_and_check, and the power switch. */
_Noreturn void verdict(void);

struct outcome {
    int program; /* the status of process 1; STATUS_FAILED when it could not be started */
    int frames;  /* 0, STATUS_LEAKED or STATUS_DAMAGED */
};
struct outcome run_and_check(void);

/* QEMU exits with 0 for success; of another status it passes on the low byte. */
_Noreturn void power_off(int status);

#endif
