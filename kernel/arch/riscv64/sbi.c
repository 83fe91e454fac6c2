/* sbi.c: calls of the firmware, after the RISC-V Supervisor Binary Interface, version 1.0. A call is an ecall with the
 * extension in a7 and the function in a6; it answers with an error in a0, 0 for success (chapter 3, "Binary Encoding").
 * The calls of chapter 5 are older: no function, and a0 is the result. */
#include "sbi.h"

static int64_t call(uint64_t extension, uint64_t function, uint64_t x, uint64_t y, uint64_t z, uint64_t w) {
    register uint64_t a0 __asm__("a0") = x;
    register uint64_t a1 __asm__("a1") = y;
    register uint64_t a2 __asm__("a2") = z;
    register uint64_t a3 __asm__("a3") = w;
    register uint64_t a6 __asm__("a6") = function;
    register uint64_t a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a6), "r"(a7) : "memory");
    return (int64_t)a0;
}

bool sbi_set_timer(uint64_t time) {
    return call(SBI_TIMER, 0, time, 0, 0, 0) == 0;
}

bool sbi_send_ipi(uint64_t hart) {
    return call(SBI_IPI, 0, 1, hart, 0, 0) == 0;
}

bool sbi_remote_sfence_vma(uint64_t hart, uintptr_t base, uint64_t n_bytes) {
    return call(SBI_RFENCE, 1, 1, hart, base, n_bytes) == 0;
}

bool sbi_hart_start(uint64_t hart, quire_pa at) {
    return call(SBI_HSM, 0, hart, at, 0, 0) == 0;
}

void sbi_shutdown(bool failed) {
    call(SBI_RESET, 0, 0, failed, 0, 0);
}

void sbi_console_putchar(char c) {
    call(SBI_PUTCHAR, 0, (unsigned char)c, 0, 0, 0);
}

int sbi_console_getchar(void) {
    return (int)call(SBI_GETCHAR, 0, 0, 0, 0, 0);
}
