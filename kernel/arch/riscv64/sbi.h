/* sbi.h: calls of the firmware: RISC-V Supervisor Binary Interface, version 1.0; each with the chapter that has it. A
 * result of false means that the firmware refused. */
#ifndef SBI_H
#define SBI_H

#include <quire/region.h>
#include <stdbool.h>
#include <stdint.h>

/* Extensions, and errors. */
enum {
    SBI_PUTCHAR = 1,
    SBI_GETCHAR = 2,
    SBI_TIMER = 0x54494D45,  /* "TIME" */
    SBI_IPI = 0x735049,      /* "sPI" */
    SBI_RFENCE = 0x52464E43, /* "RFNC" */
    SBI_HSM = 0x48534D,      /* "HSM" */
    SBI_RESET = 0x53525354,  /* "SRST" */
};
enum { SBI_NOT_SUPPORTED = -2, SBI_INVALID_PARAMETER = -3 };

void sbi_console_putchar(char c); /* 5, Legacy Extensions: the only console that every version has */
int sbi_console_getchar(void);    /* -1: none */

bool sbi_set_timer(uint64_t time);                                           /* 6, Timer */
bool sbi_send_ipi(uint64_t hart);                                            /* 7, IPI */
bool sbi_remote_sfence_vma(uint64_t hart, uintptr_t base, uint64_t n_bytes); /* 8, RFENCE */
bool sbi_hart_start(uint64_t hart, quire_pa at);                             /* 9, Hart State Management */
void sbi_shutdown(bool failed); /* 10, System Reset: returns where there is no such thing */

#endif
