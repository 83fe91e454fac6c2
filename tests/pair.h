/* pair.h: the largest order that the memory of most tests has several of: two neighbouring blocks. */
#ifndef PAIR_H
#define PAIR_H

#include <quire/quire.h>

#define PAIR_ORDER (QUIRE_BLOCK_ORDER + 1)

#endif
