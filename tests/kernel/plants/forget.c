/* forget.c: before quire_recover: nobody held anything. */
#include <quire/quire.h>

enum quire_status __real_quire_recover(struct quire **out, const struct quire_config *config,
                                       const struct quire_region *regions, size_t n_regions,
                                       struct quire_recovery *found);
enum quire_status __wrap_quire_recover(struct quire **out, const struct quire_config *config,
                                       const struct quire_region *regions, size_t n_regions,
                                       struct quire_recovery *found);

enum quire_status __wrap_quire_recover(struct quire **out, const struct quire_config *config,
                                       const struct quire_region *regions, size_t n_regions,
                                       struct quire_recovery *found) {
    enum quire_status status = __real_quire_recover(out, config, regions, n_regions, found);
    return status == QUIRE_OK ? quire_init(out, config, regions, n_regions) : status;
}
