/* leak.c: before quire_put: every second reference is kept. */
#include <quire/quire.h>
#include <stdatomic.h>

enum quire_status __real_quire_put(struct quire *q, quire_pa pa);
enum quire_status __wrap_quire_put(struct quire *q, quire_pa pa);

enum quire_status __wrap_quire_put(struct quire *q, quire_pa pa) {
    static atomic_uint n_calls;
    return ++n_calls % 2 == 0 ? QUIRE_OK : __real_quire_put(q, pa);
}
