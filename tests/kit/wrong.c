/* wrong.c: ports that are right pass, and of each that is wrong the kit says in which way.
 *
 * The hooks are this file's own: they serve memory of 16 MiB, mapped twice, and tell one lie, or none. */
#include "kit/kit.h"
#include <quire/port.h>

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB     ((quire_pa)1 << 20)
#define RAM     (16 * MIB) /* where it begins, and how much it is */
#define HOLE    (24 * MIB) /* 1 MiB of it is reserved */
#define ODD     (26 * MIB) /* the frame that is lied about; never the allocator's own */
#define KIT_TAG 200
#define OP_TAG  7
#define N_CPUS  4u

/* ---- the port -------------------------------------------------------------------------------------------- */

enum lie {
    NO_LIE,
    CPU_LARGE,    /* numbers beyond the last one */
    CPU_ZERO,     /* all CPUs are number 0 */
    CPU_WANDERS,  /* another number with each hundredth call */
    CPU_OTHER,    /* another number in interrupts */
    MAP_NONE,     /* no address for a frame */
    MAP_METADATA, /* the allocator's frames do not lie one behind the other */
    MAP_SAME,     /* one address for two frames */
    MAP_HOLE,     /* an address where nothing stays */
    MAP_TAIL,     /* the last byte of a frame is not there */
    MAP_RESERVED, /* the address of reserved memory for a frame */
    MAP_TWO,      /* somebody else holds the frame, too */
    MAP_TAKES,    /* allocates a frame, once */
    FAULT_TAKES,  /* the same in the hook for faults */
    FAULT_STOPS,  /* it does not return: no lie */
    MAP_SLOW,     /* interrupts take long, and CPU 1 comes last: no lie */
};

static enum lie lie;
static unsigned char *ram, *twin; /* the same memory */
static struct quire *q;
static __thread unsigned cpu;
static __thread bool in_interrupt;
static atomic_uint n_calls, n_taken;
static jmp_buf stopped;

unsigned quire_port_cpu(void) {
    switch (lie) {
    case CPU_LARGE:
        return cpu + N_CPUS;
    case CPU_ZERO:
        return 0;
    case CPU_WANDERS:
        return atomic_fetch_add(&n_calls, 1) / 100 % N_CPUS;
    case CPU_OTHER:
        return in_interrupt ? N_CPUS - 1 : cpu;
    default:
        return cpu;
    }
}

static void take_one(void) {
    if (atomic_fetch_add(&n_taken, 1) == 0)
        quire_alloc(q, OP_TAG);
}

/* The holder's name, wherever there is one, becomes another one. kit.c says what a stamp is. */
static void *share(unsigned char *frame) {
    uint64_t stamp[3];
    memcpy(stamp, frame, sizeof stamp);
    const uint64_t other = ~stamp[1] & (uint64_t)1 << 40;
    stamp[1] |= other;
    stamp[2] ^= other;
    memcpy(frame, stamp, sizeof stamp);
    return frame;
}

void *quire_port_map(quire_pa pa) {
    static unsigned char nothing[4096];
    unsigned char *frame = ram + (pa - RAM);
    if (pa < RAM || pa >= 2 * RAM)
        return NULL;
    if (lie == MAP_TAKES && q != NULL)
        take_one();
    if (lie == MAP_SLOW && (in_interrupt || cpu == 1))
        usleep(in_interrupt ? 200 : 1);
    if (lie == MAP_METADATA && pa > RAM && pa < ODD)
        return twin + (pa - RAM);
    if (pa != ODD)
        return frame;
    switch (lie) {
    case MAP_NONE:
        return NULL;
    case MAP_SAME:
        return frame + 3 * MIB;
    case MAP_HOLE:
        return memset(nothing, 0xFF, sizeof nothing);
    case MAP_TAIL:
        frame[4095] = 0xFF;
        return frame;
    case MAP_RESERVED:
        return ram + (HOLE - RAM);
    case MAP_TWO:
        return share(frame);
    default:
        return frame;
    }
}

void quire_port_fault(const struct quire_fault *fault) {
    (void)fault;
    if (lie == FAULT_TAKES)
        take_one();
    if (lie == FAULT_STOPS)
        longjmp(stopped, 1);
}

/* ---- a kernel -------------------------------------------------------------------------------------------- */

static char said[8192];

static void print_line(void *context, const char *line) {
    assert_ptr_equal(context, said);
    assert_in_range(strlen(line), 1, 199);
    size_t n = strlen(said);
    snprintf(said + n, sizeof said - n, "%s\n", line);
}

static struct kit_quiet quiet = {.base = HOLE, .end = HOLE + 2 * 4096 - 100};
static struct kit kit;

static void map_ram(void) {
    int file = memfd_create("ram", 0);
    assert_int_equal(ftruncate(file, RAM), 0);
    ram = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    twin = mmap(NULL, RAM, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_true(ram != MAP_FAILED && twin != MAP_FAILED);
    close(file);
}

/* A kernel that has just made its allocator, and a port that lies from then on. */
static void boot(enum lie next) {
    const struct quire_region regions[] = {{RAM, HOLE, QUIRE_USABLE, 0}, {HOLE + MIB, 2 * RAM, QUIRE_USABLE, 0}};
    const struct quire_config config = {.n_cpus = N_CPUS};
    lie = NO_LIE;
    q = NULL;
    memset(ram, 0x3C, RAM);
    assert_int_equal(quire_init(&q, &config, regions, 2), QUIRE_OK);
    memset(&kit, 0, sizeof kit);
    kit = (struct kit){.q = q, .print = print_line, .context = said, .n_cpus = 1, .tag = KIT_TAG};
    kit.quiet = &quiet;
    kit.n_quiet = 1;
    kit.fault_returns = true;
    said[0] = '\0';
    atomic_store(&n_calls, 0);
    atomic_store(&n_taken, 0);
    lie = next;
}

static void interrupt(int signal) {
    (void)signal;
    in_interrupt = true;
    kit_nested(&kit);
    in_interrupt = false;
}

static void set_timer(unsigned microseconds) {
    const struct itimerval every = {{0, microseconds}, {0, microseconds}};
    const struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

static uint64_t held(void) {
    uint64_t n[QUIRE_TAGS];
    quire_tag_stats(q, n);
    return n[KIT_TAG];
}

static uint64_t held_after[N_CPUS]; /* what the kit held when each CPU came back from it */

static void *run_cpu(void *number) {
    cpu = (unsigned)(uintptr_t)number;
    kit_run_each_cpu(&kit);
    held_after[cpu] = held();
    return NULL;
}

/* As many CPUs as kit.n_cpus says. */
static void run_together(void) {
    pthread_t others[N_CPUS];
    cpu = 0;
    for (uintptr_t i = 1; i < kit.n_cpus; i++)
        assert_int_equal(pthread_create(&others[i], NULL, run_cpu, (void *)i), 0);
    run_cpu(NULL);
    for (unsigned i = 1; i < kit.n_cpus; i++)
        pthread_join(others[i], NULL);
}

static bool run_all(unsigned n_cpus) {
    kit.n_cpus = n_cpus;
    kit_begin(&kit);
    kit_run_one_cpu(&kit);
    run_together();
    return kit_end(&kit);
}

/* ---- what it says ---------------------------------------------------------------------------------------- */

static void assert_says(const char *words) {
    if (strstr(said, words) == NULL)
        fail_msg("'%s' is not in:\n%s", words, said);
}

static void assert_right(bool good) {
    if (!good || atomic_load(&kit.found) != 0 || strstr(said, "WRONG") != NULL)
        fail_msg("it should be right:\n%s", said);
    assert_says("the port is right");
}

/* It is wrong in this way. */
static void assert_wrong(bool good, enum kit_wrong what, const char *words) {
    if (good || (atomic_load(&kit.found) >> what & 1) == 0)
        fail_msg("it should say '%s':\n%s", words, said);
    assert_says("WRONG: ");
    assert_says(words);
    assert_null(strstr(said, "the port is right"));
}

/* In no other one. */
static void assert_only(bool good, enum kit_wrong what, const char *words) {
    assert_wrong(good, what, words);
    if (atomic_load(&kit.found) != 1u << what)
        fail_msg("one thing is wrong:\n%s", said);
}

/* ---- right ones ------------------------------------------------------------------------------------------ */

static void a_right_port_passes(void **state) {
    (void)state;
    for (unsigned n = 1; n <= N_CPUS; n++) {
        boot(NO_LIE);
        const uint64_t before = quire_n_free(q);
        assert_right(run_all(n));
        assert_int_equal(quire_n_free(q), before);
        assert_int_equal(held(), 0);
        assert_right(run_all(n)); /* and again, with the same kit */
    }
}

static void interrupts_are_nothing_special(void **state) {
    (void)state;
    boot(NO_LIE);
    kit.is_nested = true;
    set_timer(100);
    bool good = run_all(N_CPUS);
    set_timer(0);
    assert_right(good);
    assert_in_range(atomic_load(&kit.n_nested), N_CPUS, UINT32_MAX);
}

/* Who comes back from the kit first may count: the others' interrupts hold nothing any more. */
static void the_first_that_is_done_can_count(void **state) {
    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        boot(MAP_SLOW);
        kit.is_nested = true;
        set_timer(10000);
        bool good = run_all(N_CPUS);
        set_timer(0);
        assert_right(good);
        for (unsigned i = 0; i < N_CPUS; i++)
            assert_in_range(held_after[i], 0, 1); /* the frame that is on its way */
    }
}

/* ---- wrong ones ------------------------------------------------------------------------------------------- */

static void numbers_of_cpus_are_looked_at(void **state) {
    (void)state;
    boot(CPU_LARGE);
    assert_only(run_all(2), KIT_CPU_TOO_LARGE, "quire_port_cpu says 4, and the allocator was made for 4 CPUs");
    boot(CPU_ZERO);
    assert_only(run_all(2), KIT_CPU_TWICE, "quire_port_cpu says 0 on two CPUs");
    boot(CPU_WANDERS);
    assert_wrong(run_all(1), KIT_CPU_CHANGED, "on the same CPU");
    boot(CPU_OTHER);
    kit.is_nested = true;
    set_timer(100);
    bool good = run_all(2);
    set_timer(0);
    assert_only(good, KIT_CPU_NESTED, "quire_port_cpu says 3 in an interrupt");
}

static void addresses_are_looked_at(void **state) {
    (void)state;
    boot(MAP_NONE);
    assert_only(run_all(1), KIT_UNMAPPED, "quire_port_map has no address for the frame 0x1a00000");
    boot(MAP_METADATA);
    assert_only(run_all(1), KIT_METADATA_SPLIT, "does not put the allocator's own frame");
    boot(MAP_SAME);
    assert_only(run_all(1), KIT_OVERLAP, "the frames 0x1a00000 and 0x1d00000 are one");
    boot(MAP_HOLE);
    assert_only(run_all(1), KIT_FORGETS, "the frame 0x1a00000 does not keep what is written to it");
    boot(MAP_TAIL);
    assert_only(run_all(1), KIT_FORGETS, "the frame 0x1a00000 does not keep what is written to it");
    boot(MAP_RESERVED);
    assert_only(run_all(1), KIT_QUIET_CHANGED, "reserved memory has changed, from 0x1800000 on");
    boot(MAP_TWO);
    assert_wrong(run_all(1), KIT_TWO_HOLDERS, "the frame 0x1a00000 is written by two CPUs");
    assert_int_equal(held(), 0);
}

static void frames_that_go_away_are_missed(void **state) {
    (void)state;
    boot(MAP_TAKES);
    char words[100];
    unsigned long n = (unsigned long)quire_n_free(q);
    snprintf(words, sizeof words, "there were %lu frames, and later %lu: somebody else allocates", n, n - 1);
    assert_only(run_all(1), KIT_COUNT, words);
}

static void a_timer_that_does_not_run_is_noticed(void **state) {
    (void)state;
    boot(NO_LIE);
    kit.is_nested = true;
    assert_only(run_all(2), KIT_NEVER_NESTED, "the timer never called kit_nested");
}

static void a_tag_that_is_in_use_stops_it(void **state) {
    (void)state;
    boot(NO_LIE);
    quire_pa pa = quire_alloc(q, KIT_TAG);
    assert_only(run_all(2), KIT_TAG_IN_USE, "somebody holds 1 frames under the kit's tag, 200");
    assert_int_equal(quire_free(q, pa), QUIRE_OK); /* it is still held */
}

/* ---- faults ---------------------------------------------------------------------------------------------- */

static void the_hook_for_faults_is_looked_at(void **state) {
    (void)state;
    boot(FAULT_TAKES);
    assert_wrong(run_all(1), KIT_FAULT_CHANGES, "before a misuse was reported");

    boot(NO_LIE);
    kit.fault_returns = false;
    assert_right(run_all(1));
    said[0] = '\0';
    kit_provoke_fault(&kit);
    assert_only(false, KIT_FAULT_RETURNS, "quire_port_fault returned");

    boot(FAULT_STOPS);
    kit.fault_returns = false;
    assert_right(run_all(1));
    said[0] = '\0';
    if (setjmp(stopped) == 0) {
        kit_provoke_fault(&kit);
        fail_msg("it came back");
    }
    assert_null(strstr(said, "WRONG"));
    assert_says("quire_port_fault should not return");
}

static void free_twice(void *unused) {
    (void)unused;
    quire_pa pa = quire_alloc(q, OP_TAG);
    if (pa != QUIRE_NONE && quire_free(q, pa) == QUIRE_OK)
        assert_int_equal(quire_free(q, pa), QUIRE_FAULT);
}

static void faults_of_others_are_told(void **state) {
    (void)state;
    boot(NO_LIE);
    kit_begin(&kit);
    kit_run_one_cpu(&kit); /* with a fault that the kit provokes */
    kit_run_scarce(&kit, 1, free_twice, NULL);
    assert_only(kit_end(&kit), KIT_FAULTS, "1 faults were reported");
}

/* Somebody writes to the allocator's memory: one byte, where it does not agree with itself afterwards. */
static void damage_is_told(void **state) {
    (void)state;
    boot(NO_LIE);
    struct quire_fault fault;
    quire_pa held_frame = quire_alloc(q, OP_TAG);
    kit_begin(&kit);
    unsigned char *metadata = (unsigned char *)q;
    size_t at = 4096;
    for (; at < 16384; at++) {
        metadata[at] ^= 1;
        if (quire_validate(q, &fault) == QUIRE_FAULT)
            break;
        metadata[at] ^= 1;
    }
    assert_in_range(at, 4096, 16383);
    assert_wrong(kit_end(&kit), KIT_DAMAGED, "the allocator's records are damaged");
    metadata[at] ^= 1;
    assert_int_equal(quire_free(q, held_frame), QUIRE_OK);
}

/* ---- refusals -------------------------------------------------------------------------------------------- */

static unsigned n_operations, n_failed;

static quire_pa kernel_alloc(void) {
    return kit_refuses(&kit, OP_TAG) ? QUIRE_NONE : quire_alloc(q, OP_TAG);
}

/* Takes five frames and gives them back; in the middle it may fail. *leaks: it forgets what it had by then. */
static void operate(void *leaks) {
    quire_pa frames[5];
    unsigned n = 0;
    n_operations++;
    while (n < 5 && (frames[n] = kernel_alloc()) != QUIRE_NONE)
        n++;
    n_failed += n < 5;
    while (n > 0 && !(n_failed > 0 && *(const bool *)leaks))
        quire_free(q, frames[--n]);
}

static void who_is_refused_must_not_keep_frames(void **state) {
    (void)state;
    bool leaks = false;
    boot(NO_LIE);
    n_operations = n_failed = 0;
    quire_pa others = quire_alloc(q, OP_TAG + 1); /* a frame that is somebody's all the time */
    kit_begin(&kit);
    kit_run_refused(&kit, OP_TAG, operate, &leaks);
    /* Every request is refused, every second, .. every fifth; and one run is refused nothing. */
    assert_int_equal(n_operations, 6);
    assert_int_equal(n_failed, 5);
    kit_run_refused(&kit, OP_TAG + 1, operate, &leaks); /* nobody asks for these */
    assert_int_equal(n_operations, 7);
    kit_run_scarce(&kit, 6, operate, &leaks);
    assert_int_equal(n_failed, 5 + 5);
    assert_false(kit_refuses(&kit, OP_TAG));
    assert_right(kit_end(&kit));
    assert_int_equal(quire_refs(q, others), 1);

    leaks = true;
    boot(NO_LIE);
    n_operations = n_failed = 0;
    kit_begin(&kit);
    kit_run_refused(&kit, OP_TAG, operate, &leaks);
    assert_wrong(kit_end(&kit), KIT_KEEPS, "after a request was refused, 1 frames more than before are owner 7's");

    boot(NO_LIE);
    n_operations = n_failed = 0;
    kit_begin(&kit);
    kit_run_scarce(&kit, 3, operate, &leaks);
    assert_wrong(kit_end(&kit), KIT_KEEPS, "frames more than before are owner 7's");
    assert_int_equal(held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_port_passes),
        cmocka_unit_test(interrupts_are_nothing_special),
        cmocka_unit_test(the_first_that_is_done_can_count),
        cmocka_unit_test(numbers_of_cpus_are_looked_at),
        cmocka_unit_test(addresses_are_looked_at),
        cmocka_unit_test(frames_that_go_away_are_missed),
        cmocka_unit_test(a_timer_that_does_not_run_is_noticed),
        cmocka_unit_test(a_tag_that_is_in_use_stops_it),
        cmocka_unit_test(the_hook_for_faults_is_looked_at),
        cmocka_unit_test(faults_of_others_are_told),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(who_is_refused_must_not_keep_frames),
    };
    map_ram();
    return cmocka_run_group_tests_name("the conformance kit", tests, NULL, NULL);
}
