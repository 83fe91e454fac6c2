/* contents.c: scenarios of what frames contain: what one CPU filled in must be what another one gets.
 *
 * Contents are plain memory. A read or write of them that is not ordered behind the last holder's is a data race, which
 * stands for all that a weakly ordered machine could show there. */
#include "scenarios.h"

#include <quire/port.h>
#include <string.h>

static quire_pa held;
static bool written; /* by who had freed the frame */

/* The holder writes to the frame; what was there does not matter. */
static void soil(quire_pa pa) {
    touch(pa);
    poke((uintptr_t)quire_port_map(pa), 8, 0x1234567812345678);
}

static bool contains(quire_pa pa, uint8_t byte) {
    const uint8_t *at = quire_port_map(pa);
    cells_plain((uintptr_t)at, QUIRE_PAGE_SIZE, false);
    return at[0] == byte && memcmp(at, at + 1, QUIRE_PAGE_SIZE - 1) == 0;
}

/* ---- zeros, or junk --------------------------------------------------------------------------------------- */

static uint8_t fill; /* what a new holder finds in each byte */

static void nothing_free(enum quire_content policy) {
    world_contents(policy);
    world_make(0, 1, 2);
    world_take_all();
    held = world_frame(300);
}

static void nothing_free_zero(void) {
    nothing_free(QUIRE_CONTENT_ZERO);
    fill = 0;
}

static void nothing_free_junk(void) {
    nothing_free(QUIRE_CONTENT_JUNK);
    fill = 5;
}

static void nothing_free_junk_free(void) {
    nothing_free(QUIRE_CONTENT_JUNK_FREE);
    fill = 1;
}

static void take_filled(void) {
    quire_pa pa = take();
    if (pa != QUIRE_NONE) {
        expect(contains(pa, fill), "a frame with something else in it than its policy says");
        soil(pa);
        give(pa);
    }
}

static void give_and_take_filled(void) {
    soil(held);
    give(held);
    take_filled();
}

const struct scenario zeroed = {
    .name = "zeroed",
    .about = "a frame is written and freed by whoever gets it; the next one gets zeros",
    .set_up = nothing_free_zero,
    .thread = {take_filled, give_and_take_filled},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

const struct scenario junk = {
    .name = "junk",
    .about = "the same with junk, which is written when a frame is freed, and other junk when it is handed out",
    .set_up = nothing_free_junk,
    .thread = {take_filled, give_and_take_filled},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

const struct scenario junk_free = {
    .name = "junk-free",
    .about = "the same with junk that is written when a frame is freed only",
    .set_up = nothing_free_junk_free,
    .thread = {take_filled, give_and_take_filled},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

/* ---- XSA-364: a scrub that is not yet visible ------------------------------------------------------------- */

static void two_held(void) {
    world_contents(QUIRE_CONTENT_POISON);
    world_make(0, 1, 2);
    held = take_order(1);
    world_leave((const size_t[]){300}, 1);
}

static void write_and_give(void) {
    world_run_on(NO_CPU);
    soil(held);
    give_order(held, 1);
}

/* quire_alloc itself verifies the poison. */
static void take_poisoned(void) {
    for (unsigned i = 0; i < 3; i++) {
        quire_pa pa = take();
        if (pa != QUIRE_NONE) {
            expect(contains(pa, QUIRE_POISON), "a frame was handed out that is not poisoned");
            soil(pa);
        }
    }
}

const struct scenario scrubbed = {
    .name = "xsa-364",
    .about = "frames are poisoned by who frees them, while another CPU allocates and verifies them",
    .set_up = two_held,
    .thread = {write_and_give, take_poisoned},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

static quire_pa second_of(quire_pa run) {
    return run + QUIRE_PAGE_SIZE;
}

static void give_run_and_take_one(void) {
    soil(held);
    soil(second_of(held));
    give_order(held, 1);
    take();
}

static void take_poisoned_run(void) {
    quire_pa run = take_order(1);
    if (run != QUIRE_NONE) {
        expect(contains(run, QUIRE_POISON) && contains(second_of(run), QUIRE_POISON),
               "a run was handed out that is not poisoned");
        soil(run);
        soil(second_of(run));
        give_order(run, 1);
    }
}

const struct scenario scrubbed_run = {
    .name = "scrubbed-run",
    .reads_caches = true,
    .about = "the same with a run of two, which another CPU allocates as a run",
    .set_up = two_held,
    .thread = {give_run_and_take_one, take_poisoned_run},
    .check = check_world_by_exhaustion,
    .quick = {1, 1, 0},
    .full = {3, 1, 0},
};

/* ---- a write to a freed frame ----------------------------------------------------------------------------- */

static void begin(void) {
    written = false;
}

static void one_held(void) {
    world_contents(QUIRE_CONTENT_POISON);
    world_make(0, 1, 2);
    world_leave((const size_t[]){300}, 1);
    held = world_frame(100);
}

/* The write is a mistake, so it is not looked at for data races. */
static void give_and_write(void) {
    world_run_on(NO_CPU);
    give(held);
    poke((uintptr_t)quire_port_map(held) + 8, 8, 0);
    written = true;
}

/* The same with the second frame of a run. */
static void give_run_and_write(void) {
    world_run_on(NO_CPU);
    give_order(held - QUIRE_PAGE_SIZE, 1);
    poke((uintptr_t)quire_port_map(held), 8, 0);
    written = true;
}

static void run_held(void) {
    two_held();
    held = second_of(held);
}

static void take_unwritten_run(void) {
    bool before = written;
    quire_pa run = take_order(1);
    expect(!before || (run == QUIRE_NONE && world_n_faults() == 1), "a run was handed out that was written");
}

static void take_unwritten(void) {
    bool before = written;
    quire_pa a = take(), b = take();
    expect(!before || (a != held && b != held && world_n_faults() == 1), "a frame was handed out that was written");
}

static void in_nobodys_hands(void) {
    expect(world_n_faults() <= 1, "more than one fault");
    if (world_n_faults() == 1) {
        world_hold(held, 1); /* it stays out of use */
    }
    check_world();
}

const struct scenario written_after_free = {
    .name = "written-after-free",
    .about = "a freed frame is written to; whoever allocates later is told, and gets another one",
    .set_up = one_held,
    .start = begin,
    .thread = {give_and_write, take_unwritten},
    .check = in_nobodys_hands,
    .faults_expected = true,
    .quick = {2, 1, 0},
    .full = {3, 2, 0},
};

const struct scenario run_written_after_free = {
    .name = "run-written-after-free",
    .about = "the same in a run of two; the other frame of it stays in use",
    .set_up = run_held,
    .start = begin,
    .thread = {give_run_and_write, take_unwritten_run},
    .check = in_nobodys_hands,
    .faults_expected = true,
    .quick = {2, 1, 0},
    .full = {4, 2, 0},
};
