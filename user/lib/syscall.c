/* syscall.c: a C function for each system call. */
#include "user.h"

void exit(int status) {
    for (;;) {
        system_call(SYS_EXIT, status, 0, 0);
    }
}

int fork(void) {
    return (int)system_call(SYS_FORK, 0, 0, 0);
}
int exec(const char *path, char *const argv[]) {
    return (int)system_call(SYS_EXEC, (long)path, (long)argv, 0);
}
int wait(int *status) {
    return (int)system_call(SYS_WAIT, (long)status, 0, 0);
}
int kill(int pid) {
    return (int)system_call(SYS_KILL, pid, 0, 0);
}
int getpid(void) {
    return (int)system_call(SYS_GETPID, 0, 0, 0);
}
intptr_t sbrk(intptr_t n_bytes) {
    return system_call(SYS_SBRK, n_bytes, 0, 0);
}
int pipe(int fd[2]) {
    return (int)system_call(SYS_PIPE, (long)fd, 0, 0);
}
int dup(int fd) {
    return (int)system_call(SYS_DUP, fd, 0, 0);
}
int open(const char *path, int flags) {
    return (int)system_call(SYS_OPEN, (long)path, flags, 0);
}
int close(int fd) {
    return (int)system_call(SYS_CLOSE, fd, 0, 0);
}
long read(int fd, void *to, size_t n) {
    return system_call(SYS_READ, fd, (long)to, (long)n);
}
long write(int fd, const void *from, size_t n) {
    return system_call(SYS_WRITE, fd, (long)from, (long)n);
}
int sleep_ms(unsigned milliseconds) {
    return (int)system_call(SYS_SLEEP, (long)milliseconds, 0, 0);
}
uint64_t uptime_ms(void) {
    return (uint64_t)system_call(SYS_UPTIME, 0, 0, 0);
}
long list(unsigned i, char name[ABI_NAME]) {
    return system_call(SYS_LIST, (long)i, (long)name, 0);
}
int poweroff(int status) {
    return (int)system_call(SYS_POWEROFF, status, 0, 0);
}

long meminfo(struct meminfo *to, char *map, size_t n_map) {
    return system_call(SYS_MEMINFO, (long)to, (long)map, (long)n_map);
}
