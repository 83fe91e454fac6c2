/* kit.h: is this kernel's port of Quire right?
 *
 * A port is three functions, and a memory map. If one of them is wrong, a kernel mostly runs for a while, and then something
 * else is wrong. This kit finds that out beforehand and says it in words: hand it an allocator that nobody else uses meanwhile, on
 * one CPU, then on all of them.
 *
 *     static struct kit kit = {.print = print_line, .tag = 200};
 *     kit.q = q;
 *     kit.n_cpus = n_started;
 *     kit_begin(&kit);
 *     kit_run_one_cpu(&kit);
 *     (on each CPU, at once)  kit_run_each_cpu(&kit);
 *     if (!kit_end(&kit))
 *         panic("the port is wrong");
 *
 * From kit_begin to kit_end nobody else may allocate or free. The kit writes to all free memory, and gives every frame back.
 * It uses nothing but include/quire, needs no C library, and takes less than 1 KiB of stack beside the allocator's. */
#ifndef KIT_H
#define KIT_H

#include <quire/quire.h>

/* Words that several CPUs change. For C++, which leaves them alone, they are words of the same size. */
#ifdef __cplusplus
typedef unsigned kit_word;
typedef uintptr_t kit_long_word;
#else
#include <stdatomic.h>
typedef atomic_uint kit_word;
typedef atomic_uintptr_t kit_long_word;
#endif

/* What may be wrong. Each is said once, for where it was found first. */
enum kit_wrong {
    KIT_TAG_IN_USE,     /* somebody holds frames under the kit's tag: nothing else was looked at */
    KIT_CPU_TOO_LARGE,  /* quire_port_cpu: a number that is none of a CPU's */
    KIT_CPU_TWICE,      /* two CPUs have one number */
    KIT_CPU_CHANGED,    /* a CPU has another number later */
    KIT_CPU_NESTED,     /* in an interrupt a number that no CPU has */
    KIT_UNMAPPED,       /* quire_port_map: no address for a frame */
    KIT_METADATA_SPLIT, /* the allocator's own frames are not mapped in a row */
    KIT_OVERLAP,        /* two frames are one */
    KIT_FORGETS,        /* a frame does not keep what is written to it */
    KIT_TWO_HOLDERS,    /* a frame that a CPU holds was written by another CPU */
    KIT_QUIET_CHANGED,  /* reserved memory is not what it was */
    KIT_COUNT,          /* not as many frames as before: somebody else allocates, or frames get lost */
    KIT_NEVER_NESTED,   /* kit_nested was not called while all CPUs allocated */
    KIT_FAULT_CHANGES,  /* after a misuse there are not as many frames as before */
    KIT_FAULT_RETURNS,  /* quire_port_fault should not return, and did */
    KIT_KEEPS,          /* who was refused a request keeps frames */
    KIT_FAULTS,         /* faults were reported that the kit did not provoke */
    KIT_DAMAGED,        /* quire_validate finds the allocator's records damaged */
    KIT_WRONGS
};

/* Reserved memory that nobody writes to meanwhile and that quire_port_map maps: the kernel's code, say. */
struct kit_quiet {
    quire_pa base, end;
    uint32_t sum; /* the kit's own */
};

/* 13 KiB: make it static, of zeros. */
struct kit {
    /* What the caller says before kit_begin. */
    struct quire *q;
    void (*print)(void *context, const char *line); /* a line of at most 199 characters, without its end */
    void *context;                                  /* for `print` */
    unsigned n_cpus;         /* how many will call kit_run_each_cpu. May be set until the first of them does */
    uint8_t tag;             /* owner of the frames that the kit takes: nobody else's */
    bool is_nested;          /* the kernel calls kit_nested from its timer interrupt */
    bool fault_returns;      /* quire_port_fault notes a fault and returns, as in a test; else it panics */
    struct kit_quiet *quiet; /* the caller's list of these; may be none */
    size_t n_quiet;

    /* The kit's own. */
    kit_word found; /* a bit for each enum kit_wrong */
    unsigned told;  /* those that were printed */
    uint64_t value[KIT_WRONGS][2];
    uint64_t n_free; /* at the beginning */
    uint64_t n_faults;
    uint64_t before[QUIRE_TAGS], now[QUIRE_TAGS]; /* frames of each owner */
    kit_word n_started, n_arrived, n_left, n_done, n_nested;
    kit_word is_storming;
    kit_long_word handed; /* a frame on its way from one CPU to another: its number, and 1 more */
    kit_word refused_tag, every, n_asked, n_refused; /* every: 0, none is refused */
    kit_word seen[QUIRE_MAX_CPUS / 32];              /* a bit for each CPU number */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Looks at what there is. What was found in an earlier round is forgotten. */
void kit_begin(struct kit *kit);

/* On one CPU, while the others do nothing with the allocator: takes all memory, three times, in different ways, and must get as
 * many frames each time; writes to each frame, and finds there what it wrote; looks how the allocator's own frames are
 * mapped; with fault_returns, provokes a fault. */
void kit_run_one_cpu(struct kit *kit);

/* Once on each of n_cpus CPUs, which wait for each other: each takes frames, writes its own name into them, finds it there, and
 * gives them back, some through another CPU. Whoever calls this stays on its CPU meanwhile. When it returns on one of them, the
 * kit allocates on none of them any more. */
void kit_run_each_cpu(struct kit *kit);

/* From the timer interrupt, at any time, on any CPU: allocates in the middle of whatever was interrupted. Does nothing
 * unless kit_run_each_cpu runs. */
void kit_nested(struct kit *kit);

/* Runs `operation` again and again: each request for a frame that it makes is refused in the first run, every second one in the
 * next, then every third, until a run is refused nothing; QUIRE_TAGS runs at most. It may fail, but must not keep frames
 * when it failed or succeeded. Only requests for `tag` count, and only where the kernel asks kit_refuses before it allocates. */
void kit_run_refused(struct kit *kit, uint8_t tag, void (*operation)(void *context), void *context);

/* For the place where the kernel calls the allocator: if this returns true, do as if there were no memory. */
bool kit_refuses(struct kit *kit, uint8_t tag);

/* The same for a kernel that does not ask: `operation` runs with no frame free, with one, with two.., until n_frames. */
void kit_run_scarce(struct kit *kit, uint64_t n_frames, void (*operation)(void *context), void *context);

/* While nobody else allocates, in interrupts neither: says what was found. True: the port is right, as far as can be seen. */
bool kit_end(struct kit *kit);

/* Last of all, where fault_returns is not set: frees a frame twice. quire_port_fault should panic; if it returns, that is said,
 * and so does this. */
void kit_provoke_fault(struct kit *kit);

#ifdef __cplusplus
}
#endif

#endif
