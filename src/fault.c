/* fault.c: saying what is wrong, and looking up addresses that callers give. */
#include "core.h"

/* Short name and one line in words, by kind. */
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

const char *quire_fault_name(enum quire_fault_kind kind) {
    return (unsigned)kind < QUIRE_FAULT_KINDS ? kinds[kind].name : "unknown fault";
}

const char *quire_status_name(enum quire_status status) {
    switch (status) {
    case QUIRE_OK:
        return "ok";
    case QUIRE_NO_MEMORY:
        return "no memory";
    case QUIRE_FRAGMENTED:
        return "memory fragmented";
    case QUIRE_UNSATISFIABLE:
        return "no memory could ever satisfy this";
    case QUIRE_INVALID:
        return "invalid argument";
    case QUIRE_BUSY:
        return "busy";
    case QUIRE_SATURATED:
        return "reference count full";
    case QUIRE_FAULT:
        return "fault";
    }
    return "unknown status";
}

static enum quire_status report(struct quire *q, struct quire_fault fault) {
    Q_ASSERT(fault.kind > QUIRE_FAULT_NONE && fault.kind < QUIRE_FAULT_KINDS, fault.kind);
    fault.detail = fault.detail != NULL ? fault.detail : kinds[fault.kind].detail;
    fault.refs = Q_COUNT(fault.record);
    fault.tag = (fault.record & Q_RESERVED) != 0 ? 0 : Q_TAG(fault.record);
    atomic_fetch_add_explicit(&q->n_faults, 1, memory_order_relaxed); /* a statistic */
    quire_port_fault(&fault);
    return QUIRE_FAULT;
}

enum quire_status q_fault(struct quire *q, enum quire_fault_kind kind, const char *call, quire_pa pa, unsigned order,
                          uint32_t record) {
    return report(q, (struct quire_fault){.kind = kind, .call = call, .pa = pa, .order = order, .record = record});
}

void q_fault_content(struct quire *q, const char *call, quire_pa pa, unsigned order, uint32_t record, unsigned offset,
                     uint8_t found) {
    (void)report(q, (struct quire_fault){.kind = QUIRE_FAULT_CONTENT,
                                         .call = call,
                                         .pa = pa,
                                         .order = order,
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

_Noreturn void q_assert_failed(const char *function, const char *condition, uint64_t value) {
    const struct quire_fault fault = {
        .kind = QUIRE_FAULT_METADATA, .call = function, .detail = condition, .pa = QUIRE_NONE, .value = value};
    quire_port_fault(&fault); /* not counted: whose data these are is not known here */
    __builtin_trap();
}

struct q_zone *q_zone_at(const struct quire *q, q_frame f) {
    const struct q_zones *zones = q_zones(q);
    size_t low = 0, high = zones->n; /* the zone, if there is one, is in [low, high) */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct q_zone *z = zones->zone[middle];
        if (f < z->first) {
            high = middle;
        } else if (f - z->first >= z->n_blocks * Q_BLOCK) {
            low = middle + 1;
        } else {
            return z;
        }
    }
    return NULL;
}

bool q_is_metadata(const struct quire *q, q_frame f) {
    const struct q_zones *zones = q_zones(q);
    for (size_t i = 0; i < zones->n; i++) {
        if (f >= zones->zone[i]->meta_base && f < zones->zone[i]->meta_end) {
            return true;
        }
    }
    return false;
}

/* Whether the zone's span has all of [f, f + n). */
static bool covers(const struct q_zone *z, q_frame f, q_frame n) {
    /* relaxed: whoever holds these frames got them after the span was to cover them */
    q_frame base = atomic_load_explicit(&z->base, memory_order_relaxed);
    q_frame end = atomic_load_explicit(&z->end, memory_order_relaxed);
    return f >= base && f < end && end - f >= n;
}

/* Whether all blocks that [f, f + n) touches are initialised. */
static bool ready(const struct q_zone *z, q_frame f, q_frame n) {
    size_t last = q_zone_block_of(z, f + n - 1);
    for (size_t b = q_zone_block_of(z, f); b <= last; b++) {
        if (!q_zone_ready(z, b)) {
            return false;
        }
    }
    return true;
}

enum quire_fault_kind q_locate(const struct quire *q, quire_pa pa, unsigned order, enum quire_fault_kind if_fresh,
                               struct q_place *at) {
    enum quire_fault_kind kind = QUIRE_FAULT_UNMANAGED;
    q_frame f = q_frame_of(pa), n = (q_frame)1 << order;
    struct q_zone *z = q_zone_at(q, f);
    if (q_is_misaligned(pa, order)) {
        kind = QUIRE_FAULT_MISALIGNED;
    } else if (z != NULL && covers(z, f, n)) {
        kind = ready(z, f, n) ? QUIRE_FAULT_NONE : if_fresh;
    } else if (q_is_metadata(q, f)) {
        kind = QUIRE_FAULT_RESERVED;
    }
    if (kind == QUIRE_FAULT_NONE) {
        *at = (struct q_place){z, f, q_zone_record(z, f), 0};
    }
    return kind;
}

enum quire_status q_find(struct quire *q, const char *call, quire_pa pa, unsigned order, enum quire_fault_kind if_fresh,
                         struct q_place *at) {
    enum quire_fault_kind kind = q_locate(q, pa, order, if_fresh, at);
    return kind == QUIRE_FAULT_NONE ? QUIRE_OK : q_fault(q, kind, call, pa, order, 0);
}
