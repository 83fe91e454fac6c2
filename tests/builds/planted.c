/* planted.c: mistakes between the unit tests and quire_refs, one for tests to find and one for the sanitizer. */
#include <limits.h>
#include <quire/quire.h>

uint32_t __real_quire_refs(const struct quire *q, quire_pa pa);
uint32_t __wrap_quire_refs(const struct quire *q, quire_pa pa);

uint32_t __wrap_quire_refs(const struct quire *q, quire_pa pa) {
#ifdef PLANT_UNDEFINED
    volatile int sum = INT_MAX;
    sum = sum + 1;
    return __real_quire_refs(q, pa);
#else
    return __real_quire_refs(q, pa) + 1;
#endif
}
