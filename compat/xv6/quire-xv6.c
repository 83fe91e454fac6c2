/* quire-xv6.c: the one allocator of an xv6 kernel, and its faults as panics.
 *
 * A message names the function that the kernel called, what is wrong, and where: "kfree: page 0x87f55000: double
 * free". It is put together by hand, because a kernel's printf may wait for the console's lock. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
/* clang-format on */
#include "quire-xv6.h"
#include <quire/port.h>

struct quire *xv6_memory;

/* ---- messages ------------------------------------------------------------------------------------------- */

struct message {
    char text[160];
    uint n;
};

static void put(struct message *m, const char *s) {
    while (*s != 0 && m->n < sizeof m->text - 1) {
        m->text[m->n++] = *s++;
    }
    m->text[m->n] = 0;
}

static void put_address(struct message *m, quire_pa pa) {
    char digits[] = "0x0000000000000000";
    uint first = sizeof digits - 1;
    do {
        digits[--first] = "0123456789abcdef"[pa % 16];
        pa /= 16;
    } while (pa != 0);
    digits[--first] = 'x';
    digits[--first] = '0';
    put(m, &digits[first]);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static const char too_little[] = " there is too little memory for the allocator's own data";

_Noreturn static void refuse(const char *caller, quire_pa base, quire_pa end, const char *why) {
    struct message m = {.n = 0};
    put(&m, caller);
    put(&m, ": from ");
    put_address(&m, base);
    put(&m, " to ");
    put_address(&m, end);
    put(&m, why);
    xv6_stop(m.text);
}

static bool has_page(quire_pa base, quire_pa end) {
    return base < end && end / QUIRE_PAGE_SIZE > (base + QUIRE_PAGE_SIZE - 1) / QUIRE_PAGE_SIZE;
}

void xv6_init(const char *caller, quire_pa base, quire_pa end, enum quire_content content) {
    const struct quire_config config = {.n_cpus = NCPU, .content = content};
    const struct quire_region ram = {base, end, QUIRE_USABLE, 0};
    if (!has_page(base, end)) {
        refuse(caller, base, end, " there is no memory");
    }
    if (quire_init(&xv6_memory, &config, &ram, 1) != QUIRE_OK) {
        refuse(caller, base, end, too_little);
    }
}

void xv6_add(const char *caller, quire_pa base, quire_pa end) {
    const struct quire_region ram = {base, end, QUIRE_USABLE, 0};
    if (!has_page(base, end)) {
        return;
    }
    switch (quire_add(xv6_memory, &ram)) {
    case QUIRE_OK:
        return;
    case QUIRE_NO_MEMORY:
        refuse(caller, base, end, too_little);
    case QUIRE_BUSY:
        refuse(caller, base, end, ": another CPU is adding memory at this moment");
    default:
        refuse(caller, base, end, " some memory is the allocator's already");
    }
}

/* ---- faults --------------------------------------------------------------------------------------------- */

static bool same(const char *a, const char *b) {
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* The kernel's word for a function of the allocator's. */
static const char *kernel_name(const char *call) {
    static const struct {
        const char *quire, *xv6;
    } names[] = {
        {"quire_alloc", "kalloc"},
        {"quire_free", "kfree"},
        {"quire_put", "kfree"},
        {"quire_get", "reference_operation"},
        {"quire_cow", "cowcopy_pa"},
        {"quire_alloc_order", "superalloc"},
        {"quire_free_order", "superfree"},
    };
    for (uint i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (same(call, names[i].quire)) {
            return names[i].xv6;
        }
    }
    return call;
}

void quire_port_fault(const struct quire_fault *fault) {
    struct message m = {.n = 0};
    put(&m, kernel_name(fault->call));
    put(&m, ": ");
    if (fault->pa != QUIRE_NONE) {
        put(&m, "page ");
        put_address(&m, fault->pa);
        put(&m, ": ");
    }
    /* In a kernel that counts pages kfree is quire_put, a name that its users do not know. */
    put(&m, fault->kind == QUIRE_FAULT_PUT_FREE ? "free already" : quire_fault_name(fault->kind));
    xv6_stop(m.text);
}
