/* abi.h: what user programs and the kernel agree on: system call numbers, arguments, and the memory report.
 *
 * RISC-V: number in a7, arguments in a0..a2, ecall, result in a0. aarch64: number in x8, arguments in x0..x2, svc, result in
 * x0. x86-64: number in rax, arguments in rdi, rsi, rdx, syscall, result in rax; rcx and r11 change. A negative result is an
 * error (-enum error). */
#ifndef ABI_H
#define ABI_H

#include <stdint.h>

enum syscall {
    SYS_EXIT = 1, /* (int status), does not return */
    SYS_FORK,     /* () -> pid of the child, 0 in the child */
    SYS_EXEC,     /* (const char *path, char *const argv[]), returns only on error */
    SYS_WAIT,     /* (int *status or NULL) -> pid of a child that ended; status: exit code, or 256 + enum death */
    SYS_KILL,     /* (int pid) */
    SYS_GETPID,   /* () */
    SYS_SBRK,     /* (intptr_t n_bytes) -> the old end of the heap; new pages are zero, and made when first touched */
    SYS_PIPE,     /* (int fd[2]): fd[0] reads, fd[1] writes */
    SYS_DUP,      /* (int fd) -> the lowest free fd, for the same file */
    SYS_OPEN,   /* (const char *path, int flags) -> fd; the initramfs is read-only; "/dev/null" reads empty and swallows
                   writes */
    SYS_CLOSE,  /* (int fd) */
    SYS_READ,   /* (int fd, void *to, size_t n) -> bytes, 0 at the end */
    SYS_WRITE,  /* (int fd, const void *from, size_t n) -> bytes */
    SYS_SLEEP,  /* (unsigned milliseconds) */
    SYS_UPTIME, /* () -> milliseconds since boot */
    SYS_MEMINFO,  /* (struct meminfo *to, char *map, size_t n_map) -> bytes of map filled, see below */
    SYS_LIST,     /* (unsigned i, char name[ABI_NAME]) -> size of the i-th file of the initramfs */
    SYS_POWEROFF, /* (int status): 0 is success; QEMU's exit status says so. For process 1 and its children alike */
};

enum error {
    E_NOMEM = 1, /* no memory */
    E_INVAL,     /* an argument that means nothing */
    E_FAULT,     /* a bad address */
    E_NOENT,     /* no such file, process, or entry */
    E_BADF,      /* no such descriptor, or not open for that */
    E_CHILD,     /* no children */
    E_PIPE,      /* nobody reads any more */
    E_MFILE,     /* too many open files */
    E_AGAIN,     /* too many processes */
    E_INTR,      /* killed while waiting */
    E_NOEXEC,    /* not a program for this machine */
};

enum death { DEATH_KILLED = 1, DEATH_FAULT, DEATH_NOMEM }; /* by kill; by a bad access; by want of memory */

#define ABI_NAME       32 /* bytes for a file name, terminator included */
#define ABI_ARGS       16 /* arguments of exec at the most */
#define ABI_ZONES      8
#define ABI_CPUS       64
#define ABI_ORDERS     19
#define ABI_OPEN_READ  0
#define ABI_OPEN_WRITE 1

/* Where a program lives. It is a static ELF file with its first segment at USER_BASE, no segment both writable and
 * executable, and no page in two segments. _start is entered with argc where results of calls are, argv (argc pointers and a
 * NULL) in the second argument's register, and sp a multiple of 16; fd 0, 1 and 2 are the console. The heap starts after the last segment and may grow up to
 * the stack. Floating point is off: an instruction of it ends the program by DEATH_FAULT. */
#define USER_BASE        0x10000
#define USER_TOP         0x3ffffff000
#define USER_STACK_BYTES 0x10000

/* Owners: the tags that the kernel gives to quire_alloc. */
enum owner {
    OWNER_NONE,
    OWNER_KERNEL,
    OWNER_STACK,
    OWNER_TABLE,
    OWNER_USER,
    OWNER_PIPE,
    OWNER_ZERO,
    OWNER_PROCESS,
    OWNERS
};

struct meminfo_zone {
    uint64_t base, end, n_frames, n_free, n_free_blocks, n_fresh_blocks;
    uint64_t node; /* of the machine's memory */
};
struct meminfo_cpu {
    uint32_t n_warm, n_in, n_out, gathering;
    uint64_t n_refills, n_steals;
};

/* The memory report. With a map, each byte of it is one block, zone after zone: the eighths of it that
 * are held, rounded up ('0' all free .. '8' all held), '.' never used, '#' a block that is partly no RAM of ours. */
struct meminfo {
    uint64_t page_size, n_frames, n_free, n_cached, n_metadata, n_free_blocks, n_faults, n_unproved;
    uint64_t n_owned[OWNERS];    /* held frames by enum owner */
    uint64_t n_runs[ABI_ORDERS]; /* free runs of 2^i aligned frames */
    uint32_t n_zones, n_cpus;    /* all of them; at most ABI_ZONES and ABI_CPUS are described here */
    struct meminfo_zone zone[ABI_ZONES];
    struct meminfo_cpu cpu[ABI_CPUS];
};

#endif
