/* psci.c: calls of the firmware. A call is an smc or an hvc, as the device tree says, with the function in x0; it answers
 * with an error in x0, 0 for success (SMC Calling Convention, DEN0028; PSCI, DEN0022, section 5.2). */
#include <boot/fdt.h>
#include <kernel.h>
#include <psci.h>

#define CPU_ON     0xC4000003u
#define SYSTEM_OFF 0x84000008u

static bool by_smc;

void psci_find(const struct quire_fdt *tree) {
    const char *method = quire_fdt_device_text(tree, "arm,psci-0.2", "method");
    by_smc = method != NULL && same(method, "smc");
}

#define CLOBBERED "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "memory"

static int64_t call(uint64_t function, uint64_t x, uint64_t y, uint64_t z) {
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = x;
    register uint64_t x2 __asm__("x2") = y;
    register uint64_t x3 __asm__("x3") = z;
    if (by_smc) {
        __asm__ volatile("smc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::CLOBBERED);
    } else {
        __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::CLOBBERED);
    }
    return (int64_t)x0;
}

bool psci_cpu_on(uint64_t id, quire_pa at, uint64_t argument) {
    return call(CPU_ON, id, at, argument) == 0;
}

void psci_system_off(void) {
    call(SYSTEM_OFF, 0, 0, 0);
}
