/* riscv.h: what the files of this folder share: the instructions that C has no words for, and the calls of the firmware.
 * Registers: RISC-V Privileged Architecture, chapter 4, "Supervisor-Level ISA". */
#ifndef RISCV_H
#define RISCV_H

#include <quire/region.h>
#include <stdbool.h>
#include <stdint.h>

#define SSTATUS_SIE  0x2u   /* interrupts are on */
#define SSTATUS_SPIE 0x20u  /* they will be, after sret */
#define SSTATUS_SPP  0x100u /* sret goes to the kernel */

#define CSR_READER(name)                                                                                               \
    static inline uint64_t riscv_read_##name(void) {                                                                   \
        uint64_t value;                                                                                                \
        __asm__ volatile("csrr %0, " #name : "=r"(value)::"memory");                                                   \
        return value;                                                                                                  \
    }
CSR_READER(time)
CSR_READER(instret)

static inline void riscv_set_satp(uint64_t satp) {
    /* fence.i: the program may have been loaded by another hart (Unprivileged ISA, "Zifencei"). */
    __asm__ volatile("sfence.vma\n csrw satp, %0\n sfence.vma\n fence.i" ::"r"(satp) : "memory");
}

static inline void riscv_forget_page(uintptr_t address) {
    __asm__ volatile("sfence.vma %0" ::"r"(address) : "memory");
}

/* RISC-V Supervisor Binary Interface, version 1.0; each by the chapter of the extension that has it. */
bool sbi_set_timer(uint64_t time);                              /* 6, Timer */
bool sbi_send_ipi(uint64_t hart);                               /* 7, IPI */
bool sbi_remote_sfence_vma(uint64_t hart, uintptr_t base, uint64_t n_bytes); /* 8, RFENCE */
bool sbi_hart_start(uint64_t hart, quire_pa at, uintptr_t a1);  /* 9, Hart State Management */
void sbi_shutdown(bool failed);                                 /* 10, System Reset */
void sbi_console_putchar(char c);                               /* 5, Legacy; the only console that every SBI has */
int sbi_console_getchar(void);

#endif
