/* random.h: repeatable random numbers for tests. The seed of a run is printed; BOOT_SEED=<it> runs the same again. */
#ifndef TESTS_BOOT_RANDOM_H
#define TESTS_BOOT_RANDOM_H

#include <stdint.h>

uint64_t random_seed(void); /* BOOT_SEED, or else a new one; prints it */

uint64_t random_next(uint64_t *state);
uint64_t random_below(uint64_t *state, uint64_t limit); /* limit > 0 */

#endif
