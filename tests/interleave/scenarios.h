/* scenarios.h: all of them. */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include "../pair.h"
#include "engine/scenario.h"

/* litmus.c */
extern const struct scenario litmus_buffer, litmus_buffer_weak, litmus_buffer_fence, litmus_message,
    litmus_message_weak, litmus_message_fence, litmus_coherence, litmus_readers, litmus_sum, litmus_data;
/* frames.c */
extern const struct scenario last_two_frames, last_frame, last_frames_of_three, refill_give_back, refill_take_give,
    steal, steal_both, steal_steal, steal_behind, steal_past, spill, spilled_runs;
/* claims.c */
extern const struct scenario nested_steal, steal_and_move, refused, refused_behind, recount_and_steal, stops_in_steal;
/* nested.c */
extern const struct scenario nested_warm, nested_refill, nested_spill, nested_run, nested_split, nested_shared,
    nested_add, nested_look, nested_twice, preempted;
/* blocks.c */
extern const struct scenario hint_leaf, hint_tree, hint_neighbours, fresh_claim, fresh_frames, fresh_above, fresh_look,
    fresh_leaf, fresh_leaves, fresh_wild, fresh_wild_cached, fresh_wild_above, block_and_frees, block_and_single,
    block_and_take, pair_and_block, pair_and_pair, pair_and_frees, as_one_taken, as_one_divided, as_one_given,
    as_one_in_steps, part_and_borrow;
/* shared.c */
extern const struct scenario split_halves, split_get_put, split_free, split_random, split_refs, split_walk, pair_halves,
    pair_parts, put_put, get_put, cow_cow, cow_pinned, cow_put, cow_put_added;
/* lookups.c */
extern const struct scenario looked_up, looked_up_by_two, block_looked_up, block_retagged, block_looked_up_late,
    pair_looked_up;
/* history.c */
extern const struct scenario xsa_401, dirty_cow, pin_and_cow, full_count, count_of_256, no_copy, half_freed,
    handed_over, used_after_free;
/* contents.c */
extern const struct scenario zeroed, junk, junk_free, scrubbed, scrubbed_run, written_after_free,
    run_written_after_free;
/* stops.c */
extern const struct scenario stops_in_alloc, stops_and_looked_at, stops_and_emptied, stops_and_exhausted, stops_in_free,
    stops_in_split, stops_in_share, stops_in_add, read_and_take;
/* after.c */
extern const struct scenario comes_and_goes, comes_home_and_goes, hint_on_its_way, block_is_back, block_is_cached,
    leaf_is_open;
/* index.c */
extern const struct scenario index_open, index_claim, index_hint;
/* adds.c */
extern const struct scenario add_and_take, add_main, add_and_add, add_in_frames, add_to_block;
/* nodes.c */
extern const struct scenario nodes_last_frames, node_freed_far, freed_elsewhere, add_on_node;
/* whole.c */
extern const struct scenario double_free, double_free_put, double_free_run, double_free_block, double_free_home,
    double_free_in_hand, add_and_recount, moving_frame, moving_in_caches, moving_block, looking_on, recount,
    recount_of_runs, recount_and_newcomer, counting_blocks, validating_blocks, validating_past_a_visitor,
    validating_a_split, many, many_and_stopped;

/* ranges.c */
extern const struct scenario range_and_range, range_and_frame, range_and_free, run_comes_back, range_in_words,
    range_over_whole, range_and_block, range_parted, range_middle_freed, range_shared, range_parted_and_taken,
    run_in_pieces, range_fresh, range_and_prover, range_in_cache, range_as_many, stops_in_range, stops_in_fresh_range,
    nested_range;
/* bulk.c */
extern const struct scenario bulk_and_steal, bulk_nested, bulk_by_words, bulk_by_words_nested, bulk_of_last;

/* crashes.c */
extern const struct scenario crash_shared, crash_copied, crash_parts, crash_poison;

#endif
