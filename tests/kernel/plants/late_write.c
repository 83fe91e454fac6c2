/* late_write.c: before quire_free: somebody writes into frames that are already free. */
#include <kernel.h>

enum quire_status __real_quire_free(struct quire *q, quire_pa pa);
enum quire_status __wrap_quire_free(struct quire *q, quire_pa pa);

enum quire_status __wrap_quire_free(struct quire *q, quire_pa pa) {
    enum quire_status status = __real_quire_free(q, pa);
    ((char *)direct(pa))[100] = 0x77;
    return status;
}
