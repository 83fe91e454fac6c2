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
    const uint64_t n = (uint64_t)1 << oracle_op.order;
    const struct frame *first = oracle_frame(oracle_op.pa), *last = oracle_frame(oracle_op.pa + (n - 1) * PAGE);
    if (first == NULL || last == NULL || (uint64_t)(last - first) != n - 1) {
        return false;
    }
    for (const struct frame *f = first; f <= last; f++) {
        if (f->refs == 0 || f->allocation != first->allocation) {
            return false;
        }
    }
    return true;
}

bool oracle_is_proper(void) {
    bool good = oracle_op.pa % (PAGE << oracle_op.order) == 0 && is_one_allocation();
    for (uint64_t i = 0; good && i < (uint64_t)1 << oracle_op.order; i++) {
        good = wrong_with(oracle_op.pa + i * PAGE) == QUIRE_FAULT_NONE;
    }
    return good;
}

static bool somewhere_wrong(enum quire_fault_kind kind) {
    for (uint64_t i = 0; i < (uint64_t)1 << oracle_op.order; i++) {
        enum quire_fault_kind here = wrong_with(oracle_op.pa + i * PAGE);
        if (here == kind || (here == QUIRE_FAULT_RESERVED && kind == QUIRE_FAULT_UNMANAGED)) {
            return true;
        }
    }
    return false;
}

/* The report is about something that is wrong indeed. Of several wrong things any may be the one. */
static bool is_true(const struct quire_fault *fault) {
    quire_pa at = fault->pa;
    if (fault->kind == QUIRE_FAULT_MISALIGNED) {
        return at == oracle_op.pa && at % (PAGE << oracle_op.order) != 0;
    }
    if (at - oracle_op.pa >= PAGE << oracle_op.order) {
        return false;
    }
    if (fault->kind == QUIRE_FAULT_UNMANAGED || fault->kind == QUIRE_FAULT_NEVER_ALLOCATED) {
        return fault->refs == 0 && fault->tag == 0 && somewhere_wrong(fault->kind); /* said of the whole range */
    }
    const struct frame *f = oracle_frame(at);
    uint32_t refs = f != NULL && !f->metadata ? f->refs : 0;
    uint8_t tag = f != NULL && !f->metadata ? f->tag : 0;
    if (fault->refs != refs || fault->tag != tag) {
        return false;
    }
    if (fault->kind == QUIRE_FAULT_WRONG_ORDER) {
        return oracle_op.order > 0 && refs > 0 && !is_one_allocation();
    }
    return wrong_with(at) == fault->kind;
}

void oracle_misuse_fault(void) {
    const struct quire_fault *fault = &world_faults[oracle_op.first_fault];
    unsigned n = world_n_faults - oracle_op.first_fault;
    if (n != 1) {
        oracle_fail("a misuse, and %u faults reported", n);
    }
    if (strcmp(fault->call, oracle_call_name()) != 0 || fault->order != oracle_op.order || !is_true(fault)) {
        oracle_fail("reported as %s: %s: %s (pa %#llx, order %u, refs %u, tag %u)", fault->call,
                    quire_fault_name(fault->kind), fault->detail, (unsigned long long)fault->pa, fault->order,
                    fault->refs, fault->tag);
    }
    oracle_n_faults++;
    world_n_faults = oracle_op.first_fault;
}
