/* fence.c: quire_port_fence on Linux: all other threads of the process execute a barrier (membarrier(2),
 * MEMBARRIER_CMD_PRIVATE_EXPEDITED). On other systems it is refused, and with it each visit to another CPU's cache. */
#define _GNU_SOURCE /* syscall */
#undef QUIRE_PORT_CPU_H
#include <quire/port.h>

#ifdef __linux__
#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool membarrier(int command) {
    return syscall(SYS_membarrier, command, 0, 0) == 0;
}

/* A process registers once; the first call finds out. errno is of the code that a signal handler interrupted. */
static bool fence_all(void) {
    int before = errno;
    bool done = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) ||
                (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
    errno = before;
    return done;
}
#else
static bool fence_all(void) {
    return false;
}
#endif

bool quire_port_fence(unsigned cpu); /* quire/port.h declares it for those with local visits */

bool quire_port_fence(unsigned cpu) {
    return cpu == quire_port_cpu() || fence_all();
}
