/* list_single.c: one list for the whole machine, as in xv6 on x86. It fills frames on their way back only. */
#include "list.h"

static struct list list;

quire_pa quire_alloc(struct quire *q, uint8_t tag) {
    (void)q, (void)tag;
    struct link *frame = list_take(&list);
    return frame == NULL ? QUIRE_NONE : direct_pa(frame);
}

enum quire_status quire_free(struct quire *q, quire_pa pa) {
    check_address(q, pa);
    struct link *frame = direct(pa);
    fill(q, frame, FILL_FREED);
    list_add(&list, frame);
    return QUIRE_OK;
}

uint64_t lists_n_free(void) {
    return list_length(&list);
}
