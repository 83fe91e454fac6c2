/* lookups.c: scenarios of frames that are found by their address, by a CPU that holds none of them (quire_try_get).
 *
 * The holder takes the address away where it is found, and puts its reference. A CPU that found it before takes a
 * reference, and looks again whether the address is still there: only then the frame is what it was looking for. */
#include "litmus.h"
#include "scenarios.h"

#include <quire/port.h>

static quire_pa held, block;

static void address_can_be_found(void) {
    litmus = quire_port_map(world_frame(20)); /* of a frame that is held all the time */
    litmus->x = 1;
}

static void give_up(quire_pa pa) {
    expect(quire_put(q, pa) == QUIRE_OK, "a good put failed");
}

/* Reads the frame through a reference of its own, if it is there. */
static void look_up(void) {
    if (address_is_there() == 0 || !quire_try_get(q, held)) {
        return;
    }
    if (address_is_there() != 0) {
        look(held);
    }
    give_up(held);
}

/* ---- against the last put --------------------------------------------------------------------------------- */

static void one_holder(void) {
    held = world_make_shared(1, 1, 2);
    address_can_be_found();
}

/* The holder. Both frames may be handed out again, and are written to then. */
static void put_and_take(void) {
    look(held);
    address_taken_away();
    give_up(held);
    take();
    take();
}

static void nobody_holds_on(void) {
    expect(world_n_faults() == 0, "a lookup is no fault");
    check_world_by_exhaustion();
}

const struct scenario looked_up = {
    .name = "looked-up",
    .about = "a frame is looked up while its last holder puts it and uses it anew",
    .set_up = one_holder,
    .start = address_can_be_found,
    .thread = {put_and_take, look_up},
    .check = nobody_holds_on,
    .quick = {2, 1, 0},
    .full = {4, 1, 0},
};

const struct scenario looked_up_by_two = {
    .name = "looked-up-by-two",
    .about = "the same by two CPUs",
    .set_up = one_holder,
    .start = address_can_be_found,
    .thread = {put_and_take, look_up, look_up},
    .check = nobody_holds_on,
    .quick = {1, 0, 0},
    .full = {2, 1, 0},
};

/* ---- into a block that is one allocation ------------------------------------------------------------------- */

static quire_pa in_block(size_t i) {
    return block + i * QUIRE_PAGE_SIZE;
}

static void one_block(void) {
    block = world_make_block(2);
    held = in_block(QUIRE_BLOCK_FRAMES - 1);
    address_can_be_found();
}

/* The holder parts the block, too. */
static void free_lower_half(void) {
    give_order(block, QUIRE_BLOCK_ORDER - 1);
}

/* A reference to a frame that is held all the time: no only where the other one is parting the block. */
static void get_and_put(void) {
    if (quire_try_get(q, held)) {
        expect(quire_refs(q, held) == 2, "a frame that was looked up has not two references");
        give_up(held);
    }
    expect(quire_refs(q, held) == 1, "a frame that is held has not one reference");
}

const struct scenario block_looked_up = {
    .name = "block-looked-up",
    .about = "a frame of a whole block is looked up while a part of the block is freed",
    .set_up = one_block,
    .start = address_can_be_found,
    .thread = {free_lower_half, get_and_put},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {1, 1, 0},
    .of_32 = {3, 1, 0},
};

/* The holder gives all frames of the block another owner. */
static void retag_block(void) {
    expect(quire_retag(q, block, QUIRE_BLOCK_FRAMES, 9) == QUIRE_OK, "frames that are held can not have another owner");
}

static void all_of_owner_9(void) {
    uint64_t n_frames[QUIRE_TAGS];
    quire_tag_stats(q, n_frames);
    expect(n_frames[9] == QUIRE_BLOCK_FRAMES, "some frames kept their owner");
    check_world();
}

const struct scenario block_retagged = {
    .name = "block-retagged",
    .about = "a frame of a whole block is looked up while the block gets another owner",
    .set_up = one_block,
    .start = address_can_be_found,
    .thread = {retag_block, get_and_put},
    .check = all_of_owner_9,
    .quick = {2, 0, 2000},
    .full = {1, 1, 0},
    .of_32 = {2, 0, 0},
};

/* Of an allocation of two blocks. A split that tries to mark its block just when the other block is freed has to try again: the
 * mark says what else may come. */
static void one_pair(void) {
    world_make(0, 4, 2);
    block = take_order(PAIR_ORDER);
    held = in_block(0);
}

static void free_upper_half(void) {
    give_order(in_block(QUIRE_BLOCK_FRAMES / 2), QUIRE_BLOCK_ORDER - 1);
}

static void free_other_and_look_up(void) {
    give_order(in_block(QUIRE_BLOCK_FRAMES), QUIRE_BLOCK_ORDER);
    get_and_put();
}

const struct scenario pair_looked_up = {
    .name = "pair-looked-up",
    .about = "a frame of an allocation of two blocks is looked up while both are freed, one of them in part",
    .set_up = one_pair,
    .thread = {free_upper_half, free_other_and_look_up},
    .check = check_world,
    .quick = {1, 0, 0},
    .full = {1, 1, 0},
    .of_32 = {3, 0, 0},
};

/* The holder gives up the block, frame by frame, and takes it as one again. */
static void put_block_and_take(void) {
    address_taken_away();
    for (size_t i = 0; i < QUIRE_BLOCK_FRAMES; i++) {
        world_drop(in_block(i), 1);
        give_up(in_block(i));
    }
    take_order(QUIRE_BLOCK_ORDER);
}

const struct scenario block_looked_up_late = {
    .name = "block-looked-up-late",
    .reads_caches = true,
    .about = "a frame of a whole block is looked up while all frames of that are put, and the block is taken again",
    .set_up = one_block,
    .start = address_can_be_found,
    .thread = {put_block_and_take, look_up},
    .check = check_world,
    .quick = {2, 0, 200},
    .full = {3, 0, 2000},
    .of_32 = {2, 0, 0},
};
