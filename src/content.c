/* content.c: what frames contain when they are freed and handed out; the policies of enum quire_content.
 *
 *   policy       when freed        when handed out
 *   NONE         -                 -                    frames are never touched
 *   JUNK         filled with 1     filled with 5
 *   JUNK_FREE    filled with 1     -
 *   ZERO         -                 filled with 0
 *   POISON       filled with 6B    verified             a frame that was written to meanwhile is reported, and kept
 *
 * A frame is verified only if its record says FREED: one that was never handed out was never poisoned, since
 * start-up touches no frame. One that was freed when a crash came may be without its poison (q_is_unsure).
 * The caller is in no cache visit, since a pass over a frame takes long.
 *
 * F1  A free that can not fill its frames changes nothing: q_content_may_free is asked for all of them first, and the port
 *     gives the same addresses again.                                                        tests/unit/content.c */
#include "content.h"

#include "mem.h"
#include "place.h"
#include "report.h"
#include <quire/port.h>

#define JUNK_FREED 0x01
#define JUNK_GIVEN 0x05
_Static_assert(QUIRE_POISON <= UINT8_MAX && QUIRE_POISON != 0, "one byte, and not what unused memory mostly holds");
_Static_assert(QUIRE_PAGE_SIZE % sizeof(q_word) == 0, "a frame is compared by words");

/* Where a frame can be touched. NULL: the port gives no address, though the policy needs one; reported. */
static unsigned char *touch(struct quire *q, const char *call, q_frame f, size_t n) {
    Q_ASSERT(q->content != QUIRE_CONTENT_NONE, f);
    unsigned char *at = quire_port_map(q_pa(f));
    if (at == NULL) {
        (void)q_fault(q, QUIRE_FAULT_UNMAPPED, call, q_pa(f), n, q_zone_holding_record(q_zone_of(q, f), f));
    }
    return at;
}

bool q_content_may_free(struct quire *q, const char *call, q_frame f, size_t n) {
    Q_ASSERT(n > 0, n);
    for (q_frame i = f; q_content_fills_freed(q) && i < f + n; i++) {
        if (touch(q, call, i, n) == NULL) {
            return false;
        }
    }
    return true;
}

void q_content_freed(struct quire *q, q_frame f, size_t n) {
    Q_ASSERT(n > 0, n);
    for (q_frame i = f; q_content_fills_freed(q) && i < f + n; i++) {
        unsigned char *at = quire_port_map(q_pa(i)); /* it had an address in q_content_may_free */
        if (at != NULL) {
            memset(at, q->content == QUIRE_CONTENT_POISON ? (int)QUIRE_POISON : JUNK_FREED, QUIRE_PAGE_SIZE);
        }
    }
}

/* The first byte that is not poison, or the page size. Words first, since that is quicker; then the bytes of the
 * word. */
static unsigned first_damage(const unsigned char *at) {
    static const q_word poison = Q_ALL_BITS / 0xFF * QUIRE_POISON; /* in each byte */
    unsigned i = 0;
    for (q_word w; i < QUIRE_PAGE_SIZE; i += (unsigned)sizeof w) {
        memcpy(&w, at + i, sizeof w);
        if (w != poison) {
            break;
        }
    }
    while (i < QUIRE_PAGE_SIZE && at[i] == QUIRE_POISON) {
        i++;
    }
    return i;
}

/* Whether a frame still holds its poison; if not, or if it can not be touched, that is reported. */
static bool verify(struct quire *q, const char *call, q_frame f, size_t n, uint32_t record) {
    const unsigned char *at = touch(q, call, f, n);
    if (at == NULL) {
        return false;
    }
    unsigned i = first_damage(at);
    if (i < QUIRE_PAGE_SIZE) {
        q_fault_content(q, call, q_pa(f), n, record, i, at[i]);
    }
    return i == QUIRE_PAGE_SIZE;
}

/* False: it can not be touched; reported. */
static bool fill(struct quire *q, const char *call, q_frame f, size_t n, int byte) {
    unsigned char *at = touch(q, call, f, n);
    if (at != NULL) {
        memset(at, byte, QUIRE_PAGE_SIZE);
    }
    return at != NULL;
}

bool q_content_given(struct quire *q, const char *call, q_frame f, size_t n, bool fill_it) {
    uint32_t record = q_zone_last_record(q_zone_of(q, f), f);
    if (q->content == QUIRE_CONTENT_POISON) {
        return (record & Q_FREED) == 0 || q_is_unsure(record) || verify(q, call, f, n, record);
    }
    bool zero = q->content == QUIRE_CONTENT_ZERO, junk = q->content == QUIRE_CONTENT_JUNK;
    return (!zero && !junk) || !fill_it || fill(q, call, f, n, zero ? 0 : JUNK_GIVEN);
}
