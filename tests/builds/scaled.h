/* scaled.h: comes before each unit test. They count memory in MiB and mean 256 frames of 4 KiB; with larger frames the
 * same number of them has to be there, so that a MiB is 256 frames of whatever size. */
#define _DEFAULT_SOURCE /* since a test that wants it comes too late to say so */
#define UNIT_ONE_IN     7
#include "tests/unit/unit.h"

#undef MIB
#undef GIB
#undef TIB
#define MIB (256 * PAGE)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
