/* double_free.c: before quire_free: frees everything twice. */
#include <quire/quire.h>

enum quire_status __real_quire_free(struct quire *q, quire_pa pa);
enum quire_status __wrap_quire_free(struct quire *q, quire_pa pa);

enum quire_status __wrap_quire_free(struct quire *q, quire_pa pa) {
    __real_quire_free(q, pa);
    return __real_quire_free(q, pa);
}
