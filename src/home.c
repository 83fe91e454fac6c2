/* home.c: frames go home to their block, and what comes home twice is reported.
 *
 * Two CPUs that free one frame within the same few nanoseconds both find its record held. The second copy is found
 * here, when its bit is set already:
 *
 *   CPU 0 frees f       CPU 1 frees f       bit of f
 *   its record: held    its record: held       0
 *   writes "free"       writes "free"          0
 *   sets the bit                               1
 *                       sets the bit           1      it was set before: reported, and the frame is home once
 *
 * A copy that waits in a cache meanwhile is found when it comes here, or when it would be handed out (q_hand_out).
 *
 * Frames come home in three shapes:
 *
 *   a loan     frames of one block, as bits            one locked instruction for each word, or one for a whole block
 *   a run      over any number of blocks               as a loan of each block
 *   a word     some frames of one, often small runs    straight into it: no loan is opened for them
 *
 * Nothing here can fail. The records of these frames say free by now, so what is wrong is reported, and all else goes home
 * as if nothing was. */
#include "home.h"

#include "borrow.h"
#include "compiler.h"
#include "place.h"
#include "report.h"

Q_COLD void q_report_twice(struct quire *q, q_frame f) {
    Q_ASSERT(q_zone_of(q, f) != NULL, f);
    (void)q_fault(q, QUIRE_FAULT_BIT_TWICE, "quire_free", q_pa(f), 1, q_zone_last_record(q_zone_of(q, f), f));
}

Q_COLD void q_report_runs_twice(struct quire *q, q_frame base, q_word twice, unsigned order) {
    Q_ASSERT(twice != 0 && (size_t)1 << order <= Q_WORD_BITS, order);
    while (twice != 0) {
        unsigned first = q_lowest(twice);
        q_report_twice(q, base + first);
        twice &= ~(q_low_bits((size_t)1 << order) << (first >> order << order));
    }
}

/* Frames came home to a block. That its count can not be is noticed here, and nothing can be done: they are home. */
static void look_at_count(struct quire *q, const struct q_zone *z, size_t block) {
    int32_t n = atomic_load_explicit(&z->counts[block], memory_order_relaxed); /* nothing follows from it */
    (void)Q_CHECK(q, "quire_free", q_is_count(n), n);
}

unsigned q_go_home(struct quire *q, struct q_loan *loan) {
    const struct q_zone *z = q_loan_zone(loan);
    if (z == NULL) {
        return 0;
    }
    size_t block = q_loan_block(loan);
    q_frame twice;
    unsigned n = q_give_back(loan, &twice);
    look_at_count(q, z, block);
    if (Q_SELDOM(twice != Q_NO_FRAME)) {
        q_report_twice(q, twice);
    }
    return n;
}

void q_run_goes_home(struct quire *q, struct q_zone *z, q_frame f, size_t n) {
    struct q_loan loan;
    for (size_t done = 0, n_here; done < n; done += n_here) {
        size_t block = q_zone_block_of(z, f + done);
        n_here = q_in_block(f + done, n - done);
        if (n_here == Q_BLOCK) {
            q_loan_open_all(&loan, z, block);
        } else {
            q_loan_open(&loan, z, block);
            (void)q_loan_put(&loan, (f + done) % Q_BLOCK, n_here);
        }
        (void)q_go_home(q, &loan);
    }
}

void q_word_goes_home(struct quire *q, q_frame base, q_word frames, unsigned order) {
    struct q_zone *z = q_zone_of(q, base);
    Q_ASSERT(z != NULL && base % Q_WORD_BITS == 0, base);
    size_t block = q_zone_block_of(z, base);
    q_word twice = q_give_back_word(z, block, base % Q_BLOCK / Q_WORD_BITS, frames);
    look_at_count(q, z, block);
    if (Q_SELDOM(twice != 0)) {
        q_report_runs_twice(q, base, twice, order);
    }
}
