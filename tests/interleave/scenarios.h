/* scenarios.h: all of them. */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include "scenario.h"

extern const struct scenario last_two_frames, last_frame, refill_give_back, refill_take_give, steal, steal_both;
extern const struct scenario nested_warm, nested_refill, nested_spill, nested_twice, preempted;

#endif
