/* recovery.h: memory as an earlier boot left it. */
#ifndef RECOVERY_H
#define RECOVERY_H

#include <kernel.h>

/* Sets `frames` to the allocator that a boot of the same kernel on the same machine left behind, gives back all that was
 * held in it, and says what there was. False: there is none. */
bool recover(const struct quire_config *config, const struct quire_region *regions, size_t n_regions);

#endif
