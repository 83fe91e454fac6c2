/* layout.c: where C puts what examples/rust-x86_64/sys.rs declares once more. */
#include <boot/regions.h>
#include <quire/quire.h>

extern const size_t layout[];
const size_t layout[] = {
    sizeof(struct quire_region),
    offsetof(struct quire_region, end),
    offsetof(struct quire_region, type),
    offsetof(struct quire_region, node),
    sizeof(struct quire_regions),
    offsetof(struct quire_regions, capacity),
    offsetof(struct quire_regions, n),
    sizeof(struct quire_config),
    offsetof(struct quire_config, mapped_end),
    offsetof(struct quire_config, content),
    offsetof(struct quire_config, n_nodes),
    offsetof(struct quire_config, node_of_cpu),
    offsetof(struct quire_config, distance),
    offsetof(struct quire_config, cuts),
    offsetof(struct quire_config, user_bytes),
    (size_t)QUIRE_NONE,
    QUIRE_OK,
    (size_t)QUIRE_PAGE_SIZE,
};
