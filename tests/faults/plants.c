/* plants.c: mistakes for the tests of this folder to notice, or they would be worth nothing.
 *
 * A mistake stands between a test and the allocator, or between the allocator and the test's hooks (the linker's --wrap
 * puts it there), or in the test's own table. PLANT in the environment names it; a name that is not here makes none. */
#include "src/cache.h"
#include "src/place.h"
#include "src/take.h"

#include "fields.h"
#include <stdlib.h>
#include <string.h>

static bool planted(const char *name) {
    const char *wanted = getenv("PLANT");
    return wanted != NULL && strcmp(wanted, name) == 0;
}

/* The function that is called, and the one that it stands before. */
#define PLANT(type, name, ...)                                                                                         \
    type __real_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__);                                                                                   \
    type __wrap_##name(__VA_ARGS__)

static struct quire *last; /* that was made */

/* Something that nobody asks for soon. */
static void change_a_byte(void) {
    ((unsigned char *)&last->caches[0].warm[Q_WARM - 1])[3] ^= 0x40;
}

/* ---- reports ---------------------------------------------------------------------------------------------- */

static void spoil(struct quire_fault *fault) {
    fault->pa += planted("another address") ? PAGE : 0;
    fault->tag = (uint8_t)(fault->tag + planted("another owner"));
    fault->refs += planted("another count");
    fault->order += planted("another order");
    fault->record ^= planted("another record") ? 1u << 19 : 0;
    fault->offset += planted("another offset");
    fault->found = (uint8_t)(fault->found ^ planted("another byte found"));
    fault->kind = planted("another kind") ? QUIRE_FAULT_CONTENT : fault->kind;
    fault->call = planted("another call") ? "quire_alloc" : fault->call;
    fault->detail = planted("other words") ? "something is wrong" : fault->detail;
}

PLANT(void, quire_port_fault, const struct quire_fault *fault) {
    struct quire_fault spoiled = *fault;
    spoil(&spoiled);
    if (planted("a changed byte")) {
        change_a_byte();
    }
    if (planted("a crash")) {
        abort();
    }
    if (!planted("no report")) {
        __real_quire_port_fault(&spoiled);
    }
    if (planted("two reports")) {
        __real_quire_port_fault(&spoiled);
    }
}

PLANT(enum quire_status, quire_free, struct quire *q_, quire_pa pa) {
    enum quire_status status = __real_quire_free(q_, pa);
    return planted("a misuse that is accepted") ? QUIRE_OK : status;
}

PLANT(enum quire_status, quire_free_order, struct quire *q_, quire_pa pa, unsigned order) {
    enum quire_status status = __real_quire_free_order(q_, pa, order);
    if (status == QUIRE_INVALID && planted("a byte changed without a report")) {
        change_a_byte();
    }
    return status;
}

/* ---- what is found ---------------------------------------------------------------------------------------- */

PLANT(enum quire_status, quire_validate, const struct quire *q_, struct quire_fault *first) {
    enum quire_status status = __real_quire_validate(q_, first);
    if (planted("other words found")) {
        first->detail = "something is wrong";
    }
    return planted("nothing found") ? QUIRE_OK : status;
}

PLANT(quire_pa, quire_alloc, struct quire *q_, uint8_t tag) {
    static unsigned n_calls;
    bool comes = !planted("a frame that does not come") || ++n_calls != 2000;
    return comes ? __real_quire_alloc(q_, tag) : QUIRE_NONE;
}

PLANT(enum quire_status, quire_init, struct quire **out, const struct quire_config *config,
      const struct quire_region *regions, size_t n_regions) {
    enum quire_status status = __real_quire_init(out, config, regions, n_regions);
    if (status == QUIRE_OK) {
        last = *out;
    } else if (planted("a refusal that leaves something behind") && n_regions > 0 && quire_port_map(regions[0].base)) {
        memset(quire_port_map(regions[0].base & ~(PAGE - 1)), 0, 1);
    }
    return planted("another status") && status == QUIRE_INVALID ? QUIRE_NO_MEMORY : status;
}

/* ---- the table -------------------------------------------------------------------------------------------- */

/* Only the flips have it. */
extern struct object objects[] __attribute__((weak));

__attribute__((constructor)) static void leave_a_field_out(void) {
    if (objects != NULL && planted("a field left out")) {
        objects[0].n_fields--;
    }
}
