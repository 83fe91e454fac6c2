/* misuse.c: which calls are misuse, and which report each of them must cause. See oracle.h. */
#include "frames.h"

#include <string.h>

/* What is wrong with a call for this one frame; QUIRE_FAULT_NONE: nothing. */
static enum quire_fault_kind wrong_with(quire_pa pa) {
    const struct frame *f = oracle_frame(pa);
    bool reference = oracle_op.call == CALL_GET || oracle_op.call == CALL_PUT || oracle_op.call == CALL_COW;
    if (f == NULL || f->metadata) {
        return f != NULL || frames_zone(pa) != NULL ? QUIRE_FAULT_RESERVED : QUIRE_FAULT_UNMANAGED;
    }
    if (f->refs == 0 && reference) {
        return oracle_op.call == CALL_PUT ? QUIRE_FAULT_PUT_FREE : QUIRE_FAULT_GET_FREE;
    }
    if (f->refs == 0) {
        return f->ever ? QUIRE_FAULT_DOUBLE_FREE : QUIRE_FAULT_NEVER_ALLOCATED;
    }
    return f->refs > 1 && !reference ? QUIRE_FAULT_SHARED : QUIRE_FAULT_NONE;
}

static bool is_one_allocation(void) {
    const struct frame *first = oracle_frame(oracle_op.pa),
                       *last = oracle_frame(oracle_op.pa + (oracle_op.n - 1) * PAGE);
    if (first == NULL || last == NULL || (uint64_t)(last - first) != oracle_op.n - 1) {
        return false;
    }
    for (const struct frame *f = first; f <= last; f++) {
        if (f->refs == 0 || f->allocation != first->allocation) {
            return false;
        }
    }
    return true;
}

/* Frames of any allocations, any number. */
static bool are_any_frames(void) {
    return oracle_op.call == CALL_FREE_FRAMES;
}

static bool is_misaligned(void) {
    return oracle_op.pa % (are_any_frames() ? PAGE : PAGE * oracle_op.n) != 0;
}

/* Whether nothing is wrong with the first n of its frames. */
static bool are_right(uint64_t n) {
    for (uint64_t i = 0; i < n; i++) {
        if (wrong_with(oracle_op.pa + i * PAGE) != QUIRE_FAULT_NONE) {
            return false;
        }
    }
    return true;
}

bool oracle_is_proper(void) {
    return !is_misaligned() && (are_any_frames() || is_one_allocation()) && are_right(oracle_op.n);
}

static bool somewhere_wrong(enum quire_fault_kind kind) {
    for (uint64_t i = 0; i < oracle_op.n; i++) {
        enum quire_fault_kind here = wrong_with(oracle_op.pa + i * PAGE);
        if (here == kind || (here == QUIRE_FAULT_RESERVED && kind == QUIRE_FAULT_UNMANAGED)) {
            return true;
        }
    }
    return false;
}

/* The report is about something that is wrong indeed. Of several wrong things any may be the one, but for
 * quire_free_frames the first. */
static bool is_true(const struct quire_fault *fault) {
    quire_pa at = fault->pa;
    if (fault->kind == QUIRE_FAULT_MISALIGNED) {
        return at == oracle_op.pa && is_misaligned();
    }
    if ((at - oracle_op.pa) / PAGE >= oracle_op.n || (are_any_frames() && !are_right((at - oracle_op.pa) / PAGE))) {
        return false;
    }
    if (!are_any_frames() && (fault->kind == QUIRE_FAULT_UNMANAGED || fault->kind == QUIRE_FAULT_NEVER_ALLOCATED)) {
        return fault->refs == 0 && fault->tag == 0 && somewhere_wrong(fault->kind); /* said of the whole range */
    }
    const struct frame *f = oracle_frame(at);
    uint32_t refs = f != NULL && !f->metadata ? f->refs : 0;
    uint8_t tag = f != NULL && !f->metadata ? f->tag : 0;
    if (fault->refs != refs || fault->tag != tag) {
        return false;
    }
    if (fault->kind == QUIRE_FAULT_WRONG_ORDER) {
        return !are_any_frames() && oracle_op.n > 1 && refs > 0 && !is_one_allocation();
    }
    return wrong_with(at) == fault->kind;
}

void oracle_misuse_fault(void) {
    const struct quire_fault *fault = &world_faults[oracle_op.first_fault];
    unsigned n = world_n_faults - oracle_op.first_fault;
    if (n != 1) {
        oracle_fail("a misuse, and %u faults reported", n);
    }
    bool order_is_right = are_any_frames() ? fault->order <= oracle_order() : fault->order == oracle_order();
    if (strcmp(fault->call, oracle_call_name()) != 0 || !order_is_right || !is_true(fault)) {
        oracle_fail("reported as %s: %s: %s (pa %#llx, order %u, refs %u, tag %u)", fault->call,
                    quire_fault_name(fault->kind), fault->detail, (unsigned long long)fault->pa, fault->order,
                    fault->refs, fault->tag);
    }
    oracle_n_faults++;
    world_n_faults = oracle_op.first_fault;
}
