/* report.c: saying what is wrong: each kind of fault and each status in words, and the way to the port's hook.
 *
 * All faults of public calls take the way through report() here: it adds what can be derived from the record, counts
 * the fault, and calls the hook. The hook may stop the machine; if it returns, so does the public call, by QUIRE_FAULT
 * or as its contract says. The kinds, by what is to blame:
 *
 *   the caller's arguments     DOUBLE_FREE to PUT_FREE: nothing was changed
 *   a stale pointer            CONTENT: the frame is kept, and another one is handed out
 *   two calls at once, or      BIT_TWICE, HANDED_TWICE, METADATA: what was found is left alone
 *   damage to the metadata
 *   the port                   UNMAPPED
 *
 * Two faults do not come this way: those of quire_validate are returned to its caller (validate.c), and a
 * mistake of the core itself ends the program (check.c). */
#include "report.h"

#include <quire/port.h>

/* Short name and one line in words, by kind. A caller with something more exact to say brings a line of its own. */
static const struct {
    const char *name, *detail;
} kinds[QUIRE_FAULT_KINDS] = {
    [QUIRE_FAULT_NONE] = {"no fault", "nothing is wrong"},
    [QUIRE_FAULT_DOUBLE_FREE] = {"double free", "the frame is free already; the tag names its last owner"},
    [QUIRE_FAULT_NEVER_ALLOCATED] = {"free of a frame never allocated", "the frame was never handed out"},
    [QUIRE_FAULT_UNMANAGED] = {"address not managed", "no memory given to the allocator covers this address"},
    [QUIRE_FAULT_RESERVED] = {"address reserved", "a hole in memory, or the allocator's own data"},
    [QUIRE_FAULT_MISALIGNED] = {"misaligned address", "the address is no multiple of the size of what is freed"},
    [QUIRE_FAULT_SHARED] = {"free of a shared frame", "somebody else holds a reference; use quire_put"},
    [QUIRE_FAULT_WRONG_ORDER] = {"wrong order", "the frames are not one allocation, nor an aligned part of one"},
    [QUIRE_FAULT_GET_FREE] = {"reference to a free frame", "nobody holds the frame, so nobody can share it"},
    [QUIRE_FAULT_PUT_FREE] = {"put of a free frame", "the reference count would fall below zero"},
    [QUIRE_FAULT_CONTENT] = {"free frame was written",
                             "the poison is damaged: somebody used the frame after freeing it"},
    [QUIRE_FAULT_BIT_TWICE] = {"frame came back twice", "its free bit is set already: a concurrent double free"},
    [QUIRE_FAULT_HANDED_TWICE] = {"frame about to be handed out twice", "its record says that somebody holds it"},
    [QUIRE_FAULT_METADATA] = {"metadata damaged", "the allocator's own data disagree with themselves"},
    [QUIRE_FAULT_UNMAPPED] = {"frame not mapped", "the port gives no address for a frame whose contents are needed"},
};

/* Any number may be asked for: a port may be built with another header than the core. */
const char *quire_fault_name(enum quire_fault_kind kind) {
    return (unsigned)kind < QUIRE_FAULT_KINDS ? kinds[kind].name : "unknown fault";
}

static const char *const statuses[] = {
    [QUIRE_OK] = "ok",
    [QUIRE_NO_MEMORY] = "no memory",
    [QUIRE_FRAGMENTED] = "memory fragmented",
    [QUIRE_UNSATISFIABLE] = "no memory could ever satisfy this",
    [QUIRE_INVALID] = "invalid argument",
    [QUIRE_BUSY] = "busy",
    [QUIRE_SATURATED] = "reference count full",
    [QUIRE_FAULT] = "fault",
    [QUIRE_GAVE_UP] = "gave up",
};
_Static_assert(sizeof statuses / sizeof *statuses == QUIRE_GAVE_UP + 1, "QUIRE_GAVE_UP is the last status");

const char *quire_status_name(enum quire_status status) {
    return (unsigned)status <= QUIRE_GAVE_UP ? statuses[status] : "unknown status";
}

/* Completes a fault, counts it, and tells the port. */
static enum quire_status report(struct quire *q, struct quire_fault fault) {
    Q_ASSERT(fault.kind > QUIRE_FAULT_NONE && fault.kind < QUIRE_FAULT_KINDS, fault.kind);
    Q_ASSERT(fault.call != NULL && kinds[fault.kind].name != NULL, fault.kind);
    fault.detail = fault.detail != NULL ? fault.detail : kinds[fault.kind].detail;
    /* A reserved frame's record names no owner. */
    fault.refs = Q_COUNT(fault.record);
    fault.tag = (fault.record & Q_RESERVED) != 0 ? 0 : Q_TAG(fault.record);
    atomic_fetch_add_explicit(&q->n_faults, 1, memory_order_relaxed); /* a statistic */
    quire_port_fault(&fault);
    return QUIRE_FAULT;
}

/* The three ways to come here differ in what else there is to say. */
enum quire_status q_fault(struct quire *q, enum quire_fault_kind kind, const char *call, quire_pa pa, size_t n,
                          uint32_t record) {
    return report(q,
                  (struct quire_fault){.kind = kind, .call = call, .pa = pa, .order = q_order_of(n), .record = record});
}

void q_fault_content(struct quire *q, const char *call, quire_pa pa, size_t n, uint32_t record, unsigned offset,
                     uint8_t found) {
    Q_ASSERT(offset < QUIRE_PAGE_SIZE && found != QUIRE_POISON, offset);
    (void)report(q, (struct quire_fault){.kind = QUIRE_FAULT_CONTENT,
                                         .call = call,
                                         .pa = pa,
                                         .order = q_order_of(n),
                                         .record = record,
                                         .offset = offset,
                                         .found = found,
                                         .expected = QUIRE_POISON});
}

bool q_damaged(struct quire *q, const char *call, const char *condition, uint64_t value) {
    (void)report(
        q, (struct quire_fault){
               .kind = QUIRE_FAULT_METADATA, .call = call, .detail = condition, .pa = QUIRE_NONE, .value = value});
    return false;
}
