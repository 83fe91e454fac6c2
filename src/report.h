/* report.h: reports of faults. See report.c. */
#ifndef Q_REPORT_H
#define Q_REPORT_H

#include "core.h"

/* Reports a fault of the public function `call`, which was about `n` frames, and returns QUIRE_FAULT. */
enum quire_status q_fault(struct quire *q, enum quire_fault_kind kind, const char *call, quire_pa pa, size_t n,
                          uint32_t record);

/* The same for a free frame that was written to: `found` stands at byte `offset`. */
void q_fault_content(struct quire *q, const char *call, quire_pa pa, size_t n, uint32_t record, unsigned offset,
                     uint8_t found);

/* Reports QUIRE_FAULT_METADATA with the condition that does not hold, and the value that breaks it; returns false. */
bool q_damaged(struct quire *q, const char *call, const char *condition, uint64_t value);

/* Whether the condition holds (check.h). `call`: the name of the public function. */
#define Q_CHECK(q, call, condition, value)                                                                             \
    (QUIRE_CHECK < 1 || (condition) || q_damaged(q, call, #condition, (uint64_t)(value)))

#endif
