/* scenarios.c: the list of them. */
#include "scenarios.h"

const struct scenario *const scenarios[] = {
    &last_two_frames, &last_frame,    &refill_give_back, &refill_take_give, &steal,     &steal_both,
    &nested_warm,     &nested_refill, &nested_spill,     &nested_twice,     &preempted,
};
const size_t n_scenarios = sizeof scenarios / sizeof scenarios[0];
