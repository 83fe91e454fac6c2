/* kit.c: what can be found out about a port from outside.
 *
 * The frames that the kit holds are found by their tag (quire_walk), so it needs no list of them. A frame that it holds has a
 * stamp at both ends, with the frame's address and its holder's name. What is not there afterwards tells what is wrong: the stamp of
 * another frame (two are one), that of another holder (two CPUs hold one frame), or none (there is no memory).
 *
 * Findings are noted where they are made, on any CPU, in interrupts, and printed when nothing else runs.
 *
 * Atomic accesses are sequentially consistent: none is in anybody's way. `handed` carries a frame with its stamps from one CPU to
 * another; the counts that CPUs wait for order what comes before and after. */
#include "kit.h"

#include <quire/port.h>

_Static_assert(sizeof(kit_word) == sizeof(unsigned) && sizeof(kit_long_word) == sizeof(uintptr_t),
               "kit.h: the same words in C++");

/* ---- findings -------------------------------------------------------------------------------------------- */

/* %a and %b stand for the two values in hexadecimal, %m and %n for the same in decimal. */
static const char *const texts[KIT_WRONGS] = {
    [KIT_TAG_IN_USE] = "somebody holds %n frames under the kit's tag, %m: give the kit one of its own",
    [KIT_CPU_TOO_LARGE] =
        "quire_port_cpu says %m, and the allocator was made for %n CPUs: they have the numbers from 0 on",
    [KIT_CPU_TWICE] = "quire_port_cpu says %m on two CPUs",
    [KIT_CPU_CHANGED] = "quire_port_cpu says %m, and later %n on the same CPU",
    [KIT_CPU_NESTED] = "quire_port_cpu says %m in an interrupt, and no CPU has that number",
    [KIT_UNMAPPED] = "quire_port_map has no address for the frame %a",
    [KIT_METADATA_SPLIT] =
        "quire_port_map does not put the allocator's own frame %b right after the one before it: they begin at %a",
    [KIT_OVERLAP] = "the frames %a and %b are one: quire_port_map has one address for both, or it is one memory",
    [KIT_FORGETS] = "the frame %a does not keep what is written to it: is there memory, and is it nobody else's?",
    [KIT_TWO_HOLDERS] = "the frame %a is written by two CPUs at once: do atomic operations work on all of memory?",
    [KIT_QUIET_CHANGED] =
        "reserved memory has changed, from %a on: a frame that was handed out is the same memory, or it is written to",
    [KIT_COUNT] = "there were %m frames, and later %n: somebody else allocates, or frames get lost",
    [KIT_NEVER_NESTED] = "the timer never called kit_nested while all CPUs allocated",
    [KIT_FAULT_CHANGES] =
        "%m frames were free before a misuse was reported, and %n after it: what does quire_port_fault do?",
    [KIT_FAULT_RETURNS] = "quire_port_fault returned: a misuse goes by unnoticed",
    [KIT_KEEPS] = "after a request was refused, %n frames more than before are owner %m's",
    [KIT_FAULTS] = "%m faults were reported: quire_port_fault knows which",
    [KIT_DAMAGED] = "the allocator's records are damaged, frame %a: somebody writes to its memory",
};

static void wrong(struct kit *kit, enum kit_wrong what, uint64_t first, uint64_t second) {
    const unsigned bit = 1u << what;
    if ((atomic_fetch_or(&kit->found, bit) & bit) == 0) {
        kit->value[what][0] = first;
        kit->value[what][1] = second;
    }
}

static bool is_found(struct kit *kit, enum kit_wrong what) {
    return (atomic_load(&kit->found) & 1u << what) != 0;
}

struct line {
    char text[200];
    unsigned n;
};

static void add_char(struct line *line, char c) {
    if (line->n + 1 < sizeof line->text)
        line->text[line->n++] = c;
}

static void add_hex(struct line *line, uint64_t value) {
    char digits[16];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value != 0);
    add_char(line, '0');
    add_char(line, 'x');
    while (n > 0)
        add_char(line, digits[--n]);
}

/* By subtraction: 32-bit machines have no division of 64 bits. */
static void add_decimal(struct line *line, uint64_t value) {
    static const uint32_t powers[] = {1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    bool any = false;
    for (unsigned i = 0; i < sizeof powers / sizeof *powers; i++) {
        char digit = '0';
        for (; value >= powers[i] && digit < '9'; value -= powers[i])
            digit++;
        any = any || digit != '0' || powers[i] == 1;
        if (any)
            add_char(line, digit);
    }
}

static void add_value(struct line *line, char how, const uint64_t value[2]) {
    const uint64_t number = value[how == 'b' || how == 'n'];
    if (how == 'a' || how == 'b')
        add_hex(line, number);
    else
        add_decimal(line, number);
}

static void print(struct kit *kit, const char *begin, const char *text, uint64_t first, uint64_t second) {
    struct line line = {.n = 0};
    const uint64_t value[2] = {first, second};
    for (; *begin != '\0'; begin++)
        add_char(&line, *begin);
    for (; *text != '\0'; text++)
        if (*text == '%')
            add_value(&line, *++text, value);
        else
            add_char(&line, *text);
    line.text[line.n] = '\0';
    kit->print(kit->context, line.text);
}

/* What has been found since the last time. */
static void print_findings(struct kit *kit) {
    for (unsigned what = 0; what < KIT_WRONGS; what++)
        if (is_found(kit, what) && (kit->told & 1u << what) == 0) {
            kit->told |= 1u << what;
            print(kit, "kit: WRONG: ", texts[what], kit->value[what][0], kit->value[what][1]);
        }
}

/* ---- stamps ---------------------------------------------------------------------------------------------- */

struct stamp {
    uint64_t pa, holder, sum;
};

#define STAMP_SUM 0x51C3E5F7A9B2D4ECu
#define ANYBODY   UINT64_MAX /* a holder */

/* The stamp at one end of a frame; NULL: it is not mapped. */
static struct stamp *stamp_at(struct kit *kit, quire_pa pa, bool at_end) {
    unsigned char *bytes = quire_port_map(pa);
    if (bytes == NULL) {
        wrong(kit, KIT_UNMAPPED, pa, 0);
        return NULL;
    }
    return (struct stamp *)(void *)(bytes + (at_end ? QUIRE_PAGE_SIZE - sizeof(struct stamp) : 0));
}

static void write_stamps(struct kit *kit, quire_pa pa, uint64_t holder) {
    for (unsigned end = 0; end < 2; end++) {
        struct stamp *stamp = stamp_at(kit, pa, end != 0);
        if (stamp == NULL)
            return;
        stamp->pa = pa;
        stamp->holder = holder;
        stamp->sum = pa ^ holder ^ STAMP_SUM;
    }
}

static void check_stamps(struct kit *kit, quire_pa pa, uint64_t holder) {
    for (unsigned end = 0; end < 2; end++) {
        const struct stamp *place = stamp_at(kit, pa, end != 0);
        if (place == NULL)
            return;
        const struct stamp stamp = {place->pa, place->holder, place->sum};
        if (stamp.sum != (stamp.pa ^ stamp.holder ^ STAMP_SUM))
            wrong(kit, KIT_FORGETS, pa, 0);
        else if (stamp.pa != pa)
            wrong(kit, KIT_OVERLAP, pa, stamp.pa);
        else if (stamp.holder != holder && holder != ANYBODY)
            wrong(kit, KIT_TWO_HOLDERS, pa, 0);
    }
}

/* ---- all memory ------------------------------------------------------------------------------------------- */

/* What is to be done with each run of frames that the kit holds. */
struct visit {
    struct kit *kit;
    void (*each)(struct kit *kit, quire_pa pa, uint64_t holder); /* with each frame; NULL: give all back */
};

static bool visit_run(void *context, const struct quire_run *run) {
    const struct visit *visit = context;
    struct kit *kit = visit->kit;
    if (run->state != QUIRE_STATE_HELD || run->tag != kit->tag)
        return true;
    if (visit->each == NULL)
        (void)quire_free_frames(kit->q, run->base, run->n_frames);
    for (uint64_t i = 0; visit->each != NULL && i < run->n_frames; i++)
        visit->each(kit, run->base + i * QUIRE_PAGE_SIZE, 0);
    return true;
}

static void visit_held(struct kit *kit, void (*each)(struct kit *kit, quire_pa pa, uint64_t holder)) {
    struct visit visit = {kit, each};
    quire_walk(kit->q, visit_run, &visit);
}

static void give_all_back(struct kit *kit) {
    visit_held(kit, NULL);
}

static uint64_t take_all(struct kit *kit) {
    uint64_t n = 0;
    while (quire_alloc(kit->q, kit->tag) != QUIRE_NONE)
        n++;
    return n;
}

static uint64_t take_all_in_bulk(struct kit *kit) {
    quire_pa frames[16];
    uint64_t n = 0;
    size_t now;
    do {
        now = quire_alloc_bulk(kit->q, 16, 0, kit->tag, frames);
        n += now;
    } while (now == 16);
    return n;
}

/* Larger pieces first. */
static uint64_t take_all_by_order(struct kit *kit) {
    uint64_t n = 0;
    quire_pa pa;
    for (unsigned order = QUIRE_MAX_ORDER; order > 0; order--)
        while (quire_alloc_order(kit->q, order, kit->tag, &pa) == QUIRE_OK)
            n += 1u << order;
    return n + take_all(kit);
}

static void expect_count(struct kit *kit, uint64_t expected, uint64_t n) {
    if (n != expected)
        wrong(kit, KIT_COUNT, expected, n);
}

/* ---- on one CPU ------------------------------------------------------------------------------------------ */

/* A run of the allocator's own frames lies in memory as it lies in physical memory. */
static bool look_at_metadata(void *context, const struct quire_run *run) {
    struct kit *kit = context;
    if (run->state != QUIRE_STATE_METADATA)
        return true;
    const unsigned char *begin = quire_port_map(run->base);
    for (uint64_t at = 0; at < run->n_frames * QUIRE_PAGE_SIZE; at += QUIRE_PAGE_SIZE) {
        const unsigned char *here = quire_port_map(run->base + at);
        if (here == NULL)
            wrong(kit, KIT_UNMAPPED, run->base + at, 0);
        else if (here != begin + (size_t)at)
            wrong(kit, KIT_METADATA_SPLIT, run->base, run->base + at);
    }
    return true;
}

static void look_at_number(struct kit *kit) {
    struct quire_stats stats;
    quire_stats(kit->q, &stats);
    const unsigned number = quire_port_cpu();
    if (number >= stats.n_cpus)
        wrong(kit, KIT_CPU_TOO_LARGE, number, stats.n_cpus);
}

/* Frees a frame twice. */
static void misuse(struct kit *kit) {
    const quire_pa pa = quire_alloc(kit->q, kit->tag);
    if (pa == QUIRE_NONE || quire_free(kit->q, pa) != QUIRE_OK)
        return;
    (void)quire_free(kit->q, pa);
    kit->n_faults++;
}

static void expect_fault_to_return(struct kit *kit) {
    const uint64_t before = quire_n_free(kit->q);
    misuse(kit);
    const uint64_t after = quire_n_free(kit->q);
    if (after != before)
        wrong(kit, KIT_FAULT_CHANGES, before, after);
}

void kit_run_one_cpu(struct kit *kit) {
    if (is_found(kit, KIT_TAG_IN_USE))
        return;
    print(kit, "kit: ", "%m frames: each is taken, written to, and looked at", kit->n_free, 0);
    look_at_number(kit);
    quire_walk(kit->q, look_at_metadata, kit);
    expect_count(kit, kit->n_free, take_all(kit));
    visit_held(kit, write_stamps);
    visit_held(kit, check_stamps);
    give_all_back(kit);
    expect_count(kit, kit->n_free, take_all_in_bulk(kit));
    give_all_back(kit);
    expect_count(kit, kit->n_free, take_all_by_order(kit));
    give_all_back(kit);
    if (kit->fault_returns)
        expect_fault_to_return(kit);
    print_findings(kit);
}

/* ---- on all CPUs ----------------------------------------------------------------------------------------- */

#define ROUNDS      1000u
#define MOST_ROUNDS 100000u /* while no interrupt comes */
#define HELD        8u      /* allocations at a time, of each CPU */

struct held {
    quire_pa pa; /* QUIRE_NONE: nothing */
    unsigned order;
};

static void take(struct kit *kit, struct held *held, unsigned order, uint64_t me) {
    held->order = order;
    if (order == 0)
        held->pa = quire_alloc(kit->q, kit->tag);
    else if (quire_alloc_order(kit->q, order, kit->tag, &held->pa) != QUIRE_OK)
        held->pa = QUIRE_NONE;
    for (unsigned i = 0; held->pa != QUIRE_NONE && i < 1u << order; i++)
        write_stamps(kit, held->pa + i * QUIRE_PAGE_SIZE, me);
}

static void give(struct kit *kit, struct held *held, uint64_t me) {
    for (unsigned i = 0; held->pa != QUIRE_NONE && i < 1u << held->order; i++)
        check_stamps(kit, held->pa + i * QUIRE_PAGE_SIZE, me);
    if (held->pa != QUIRE_NONE)
        (void)quire_free_order(kit->q, held->pa, held->order);
    held->pa = QUIRE_NONE;
}

/* Leaves a frame to the next CPU that comes by, and frees the one that was left here. What another CPU has written must be
 * there to see. seq_cst exchange: the stamps of the frame come with it. */
static void hand_on(struct kit *kit, struct held *held, uint64_t me) {
    check_stamps(kit, held->pa, me);
    const uintptr_t left = atomic_exchange(&kit->handed, (uintptr_t)(held->pa >> QUIRE_PAGE_SHIFT) + 1);
    held->pa = left != 0 ? (quire_pa)(left - 1) << QUIRE_PAGE_SHIFT : QUIRE_NONE;
    give(kit, held, ANYBODY);
}

static bool is_over(struct kit *kit, unsigned round) {
    const bool is_waiting = kit->is_nested && atomic_load(&kit->n_nested) < kit->n_cpus;
    return round >= (is_waiting ? MOST_ROUNDS : ROUNDS);
}

/* `number` is the CPU's. */
static void storm(struct kit *kit, uint64_t me, unsigned number) {
    struct held held[HELD];
    uint32_t random = (uint32_t)me << 8 ^ 0x9E3779B9u; /* never 0 */
    for (unsigned i = 0; i < HELD; i++)
        held[i].pa = QUIRE_NONE;
    for (unsigned round = 0; !is_over(kit, round); round++) {
        random ^= random << 13; /* Marsaglia's xorshift */
        random ^= random >> 17;
        random ^= random << 5;
        struct held *one = &held[random % HELD];
        const unsigned now = quire_port_cpu();
        if (now != number)
            wrong(kit, KIT_CPU_CHANGED, number, now);
        if (one->pa == QUIRE_NONE)
            take(kit, one, (random >> 8) % 4 == 0 ? (random >> 16) % 4 : 0, me);
        else if (one->order == 0 && (random >> 8) % 4 == 0)
            hand_on(kit, one, me);
        else
            give(kit, one, me);
    }
    for (unsigned i = 0; i < HELD; i++)
        give(kit, &held[i], me);
}

/* Notes the number of the CPU that runs this. */
static void note_number(struct kit *kit, unsigned number) {
    const unsigned bit = 1u << number % 32;
    look_at_number(kit);
    if (number < QUIRE_MAX_CPUS && (atomic_fetch_or(&kit->seen[number / 32], bit) & bit) != 0)
        wrong(kit, KIT_CPU_TWICE, number, 0);
}

static void wait_for_all(struct kit *kit, kit_word *n) {
    atomic_fetch_add(n, 1);
    while (atomic_load(n) < kit->n_cpus)
        ;
}

void kit_run_each_cpu(struct kit *kit) {
    if (is_found(kit, KIT_TAG_IN_USE))
        return;
    const unsigned number = quire_port_cpu();
    const uint64_t me = 1 + (uint64_t)atomic_fetch_add(&kit->n_started, 1);
    note_number(kit, number);
    wait_for_all(kit, &kit->n_arrived);
    atomic_store(&kit->is_storming, 1);
    storm(kit, me, number);
    wait_for_all(kit, &kit->n_left);
    atomic_store(&kit->is_storming, 0);
    wait_for_all(kit, &kit->n_done); /* a CPU that gets here has left the interrupt that held frames */
}

void kit_nested(struct kit *kit) {
    if (atomic_load(&kit->is_storming) == 0)
        return;
    const unsigned number = quire_port_cpu();
    if (number >= QUIRE_MAX_CPUS || (atomic_load(&kit->seen[number / 32]) & 1u << number % 32) == 0)
        wrong(kit, KIT_CPU_NESTED, number, 0);
    const uint64_t me = UINT32_MAX + (uint64_t)atomic_fetch_add(&kit->n_nested, 1);
    struct held one = {QUIRE_NONE, 0}, four = {QUIRE_NONE, 0};
    take(kit, &one, 0, me);
    take(kit, &four, 2, me);
    give(kit, &one, me);
    give(kit, &four, me);
}

/* ---- refusals -------------------------------------------------------------------------------------------- */

/* Whoever was refused a request has given back what it had taken before. */
static void expect_nothing_kept(struct kit *kit) {
    quire_tag_stats(kit->q, kit->now);
    for (unsigned tag = 0; tag < QUIRE_TAGS; tag++)
        if (tag != kit->tag && kit->now[tag] > kit->before[tag])
            wrong(kit, KIT_KEEPS, tag, kit->now[tag] - kit->before[tag]);
}

bool kit_refuses(struct kit *kit, uint8_t tag) {
    const unsigned every = atomic_load(&kit->every);
    unsigned n = atomic_load(&kit->n_asked), next;
    if (every == 0 || tag != atomic_load(&kit->refused_tag))
        return false;
    do {
        next = n + 1 == every ? 0 : n + 1;
    } while (!atomic_compare_exchange_weak(&kit->n_asked, &n, next));
    if (next == 0)
        atomic_fetch_add(&kit->n_refused, 1);
    return next == 0;
}

void kit_run_refused(struct kit *kit, uint8_t tag, void (*operation)(void *context), void *context) {
    atomic_store(&kit->refused_tag, tag);
    for (unsigned every = 1; every <= QUIRE_TAGS; every++) {
        atomic_store(&kit->n_asked, 0);
        atomic_store(&kit->n_refused, 0);
        atomic_store(&kit->every, every);
        operation(context);
        expect_nothing_kept(kit);
        if (atomic_load(&kit->n_refused) == 0)
            break;
    }
    atomic_store(&kit->every, 0);
    print_findings(kit);
}

static bool give_first(void *context, const struct quire_run *run) {
    struct kit *kit = context;
    const bool is_ours = run->state == QUIRE_STATE_HELD && run->tag == kit->tag;
    if (is_ours)
        (void)quire_free(kit->q, run->base);
    return !is_ours;
}

void kit_run_scarce(struct kit *kit, uint64_t n_frames, void (*operation)(void *context), void *context) {
    if (is_found(kit, KIT_TAG_IN_USE))
        return;
    (void)take_all_by_order(kit);
    for (uint64_t n = 0; n <= n_frames; n++) {
        operation(context);
        expect_nothing_kept(kit);
        quire_walk(kit->q, give_first, kit);
    }
    give_all_back(kit);
    print_findings(kit);
}

/* ---- the beginning and the end ----------------------------------------------------------------------------- */

static uint32_t sum_of(struct kit *kit, const struct kit_quiet *quiet) {
    uint32_t sum = 0;
    for (quire_pa pa = quiet->base; pa < quiet->end; pa++) {
        const quire_pa in_frame = pa & (QUIRE_PAGE_SIZE - 1);
        const unsigned char *frame = quire_port_map(pa - in_frame);
        if (frame == NULL) {
            wrong(kit, KIT_UNMAPPED, pa - in_frame, 0);
            return 0;
        }
        sum = (sum << 5 | sum >> 27) ^ frame[in_frame];
    }
    return sum;
}

/* Whatever an earlier round has left. */
static void forget(struct kit *kit) {
    kit->told = 0;
    kit_word *const words[] = {&kit->found,  &kit->n_started, &kit->n_arrived, &kit->n_left,
                               &kit->n_done, &kit->n_nested,  &kit->every};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        atomic_store(words[i], 0);
    for (size_t i = 0; i < sizeof kit->seen / sizeof *kit->seen; i++)
        atomic_store(&kit->seen[i], 0);
    atomic_store(&kit->is_storming, 0);
    atomic_store(&kit->handed, 0);
}

void kit_begin(struct kit *kit) {
    struct quire_stats stats;
    forget(kit);
    quire_stats(kit->q, &stats);
    kit->n_free = stats.n_free;
    kit->n_faults = stats.n_faults;
    quire_tag_stats(kit->q, kit->before);
    if (kit->before[kit->tag] != 0)
        wrong(kit, KIT_TAG_IN_USE, kit->tag, kit->before[kit->tag]);
    for (size_t i = 0; i < kit->n_quiet; i++)
        kit->quiet[i].sum = sum_of(kit, &kit->quiet[i]);
}

/* As much memory as before, in order, and nobody has complained. */
static void expect_all_back(struct kit *kit) {
    struct quire_stats stats;
    struct quire_fault fault;
    quire_stats(kit->q, &stats);
    expect_count(kit, kit->n_free, stats.n_free);
    if (stats.n_faults != kit->n_faults)
        wrong(kit, KIT_FAULTS, stats.n_faults - kit->n_faults, 0);
    if (quire_validate(kit->q, &fault) == QUIRE_FAULT)
        wrong(kit, KIT_DAMAGED, fault.pa, 0);
}

bool kit_end(struct kit *kit) {
    if (!is_found(kit, KIT_TAG_IN_USE)) {
        give_all_back(kit); /* the frame that was on its way */
        expect_all_back(kit);
    }
    for (size_t i = 0; i < kit->n_quiet; i++)
        if (kit->quiet[i].sum != sum_of(kit, &kit->quiet[i]))
            wrong(kit, KIT_QUIET_CHANGED, kit->quiet[i].base, 0);
    if (kit->is_nested && atomic_load(&kit->n_left) != 0 && atomic_load(&kit->n_nested) == 0)
        wrong(kit, KIT_NEVER_NESTED, 0, 0);
    print_findings(kit);
    if (atomic_load(&kit->found) != 0)
        return false;
    const unsigned n = atomic_load(&kit->n_left);
    print(kit, "kit: ",
          n == 0 ? "the port is right, on one CPU"
                 : "the port is right, on all CPUs at once (%m) and in interrupts (%n)",
          n, atomic_load(&kit->n_nested));
    return true;
}

void kit_provoke_fault(struct kit *kit) {
    print(kit, "kit: ", "now a frame is freed twice, and quire_port_fault should not return", 0, 0);
    misuse(kit);
    wrong(kit, KIT_FAULT_RETURNS, 0, 0);
    print_findings(kit);
}
