/* requests.c: what quire_alloc_for may answer: whether there is a place that fits, by going through all frames. See
 * oracle.h. */
#include "frames.h"

static uint64_t number_of(const struct quire_request *r) {
    return r->n_frames != 0 ? r->n_frames : 1;
}

static bool is_power_or_0(quire_pa n) {
    return (n & (n - 1)) == 0;
}

static bool means_something(const struct quire_request *r) {
    return r->tag != QUIRE_TAG_QUARANTINE && is_power_or_0(r->align) && is_power_or_0(r->boundary) &&
           (r->end == 0 || r->end > r->low) && r->node <= oracle_n_nodes;
}

/* Whether the request wants frames from here on. */
static bool is_place(const struct quire_request *r, quire_pa pa) {
    quire_pa end = pa + number_of(r) * PAGE;
    return (r->align == 0 || pa % r->align == 0) && r->low <= pa && (r->end == 0 || end <= r->end) &&
           (r->boundary == 0 || pa / r->boundary == (end - 1) / r->boundary);
}

/* Whether memory of this zone will do. */
static bool is_near(const struct quire_request *r, const struct quire_region *zone) {
    return !r->node_only || zone->node + 1 == r->node;
}

/* Whether frames somewhere fit: free ones, or any that are not metadata. */
static bool fits(const struct quire_request *r, bool only_free) {
    const struct quire_region *zone = NULL;
    quire_pa next = QUIRE_NONE;
    uint64_t length = 0; /* so many in a row, up to this frame */
    for (const struct frame *f = oracle_frames; f < oracle_frames + oracle_n_frames; f++) {
        bool good = !f->metadata && (!only_free || f->refs == 0);
        bool follows = length > 0 && f->pa == next && f->pa < zone->end;
        zone = good && !follows ? frames_zone(f->pa) : zone;
        length = !good ? 0 : follows ? length + 1 : 1;
        next = f->pa + PAGE;
        if (length >= number_of(r) && is_near(r, zone) && is_place(r, next - number_of(r) * PAGE)) {
            return true;
        }
    }
    return false;
}

/* What it says when it has nothing. */
static enum quire_status why_none(const struct quire_request *r) {
    return !fits(r, false) ? QUIRE_UNSATISFIABLE : oracle_n_free < number_of(r) ? QUIRE_NO_MEMORY : QUIRE_FRAGMENTED;
}

/* With a bound on looks it may give up, or not find what lies in caches. Frames in the way are fewer free ones. */
static bool may_fail(const struct quire_request *r, enum quire_status status, bool in_the_way) {
    if (!means_something(r) || status == QUIRE_INVALID) {
        return !means_something(r) && status == QUIRE_INVALID;
    }
    if (status == QUIRE_GAVE_UP) {
        return r->n_looks != 0;
    }
    enum quire_status why = why_none(r);
    return (r->n_looks != 0 || in_the_way || !fits(r, true)) &&
           (status == why || (in_the_way && why == QUIRE_FRAGMENTED && status == QUIRE_NO_MEMORY));
}

static void refuse(const struct quire_request *r, enum quire_status status) {
    enum quire_status right = !means_something(r) ? QUIRE_INVALID : fits(r, true) ? QUIRE_OK : why_none(r);
    oracle_fail("says %s, expected %s: align %#llx, boundary %#llx, in [%#llx, %#llx), %u looks, node %u%s, tag %u",
                quire_status_name(status), quire_status_name(right), (unsigned long long)r->align,
                (unsigned long long)r->boundary, (unsigned long long)r->low, (unsigned long long)r->end, r->n_looks,
                r->node, r->node_only ? " only" : "", r->tag);
}

void oracle_answered(const struct quire_request *r, enum quire_status status, quire_pa pa, bool in_the_way) {
    if ((pa == QUIRE_NONE) != (status != QUIRE_OK)) {
        oracle_fail("says %s and gives %#llx", quire_status_name(status), (unsigned long long)pa);
    }
    if (status != QUIRE_OK) {
        if (!may_fail(r, status, in_the_way)) {
            refuse(r, status);
        }
        return;
    }
    if (!means_something(r) || !is_place(r, pa) || !is_near(r, frames_zone(pa))) {
        oracle_fail("gave %#llx, which is not what was asked for", (unsigned long long)pa);
    }
    oracle_given(pa, number_of(r), r->tag);
}
