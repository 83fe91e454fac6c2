/* address.c: looks at each access of the kernel to memory before it is made.
 *
 * With -fsanitize=kernel-address clang calls a function before each load and store (__asan_load8, ...) and leaves a gap
 * after each global variable. What may be touched is written down here, in two shadows:
 *
 *     of frames     a byte for each: who holds it; FREE. Written where the linker leads the callers of the allocator
 *                   first (--wrap), so it is a second opinion, not what the allocator says of itself
 *     of the image  a byte for each 8: how many of them, at their end, belong to a gap
 *
 * The allocator itself is not watched, and the memory functions that it calls are not: it writes to free frames when it
 * is asked to (poison, copies). The memory functions that all others call are at the end of this file. Stacks are not
 * watched either, as they have their guards. */
#include <memory.h>

#define MAX_FRAMES  ((size_t)1 << 18) /* 1 GiB, to find mistakes on */
#define IMAGE_BYTES ((size_t)2 << 20) /* what kernel.ld allows */
#define GRANULE     8u
#define FREE        0x80u /* and the owner is the last one */

_Static_assert((unsigned)OWNERS <= FREE, "an owner and FREE fit one byte");

static atomic_uchar frame_shadow[MAX_FRAMES];
static quire_pa watched_base, watched_bytes; /* 0 until there is an allocator */
static uint8_t image_shadow[IMAGE_BYTES / GRANULE];

/* ---- looking -------------------------------------------------------------------------------------------- */

struct access {
    const char *what;
    uintptr_t address, pc;
    size_t n_bytes;
};

static quire_pa pa_of(uintptr_t address) {
    return direct_pa((const void *)address);
}

/* NULL: not watched. */
static atomic_uchar *shadow_of_frame(quire_pa pa) {
    return pa - watched_base < watched_bytes ? &frame_shadow[(pa - watched_base) / PAGE_BYTES] : NULL;
}

static void look_at_frames(const struct access *access) {
    uintptr_t end = access->address + access->n_bytes;
    for (uintptr_t at = access->address; at < end; at = page_down(at) + PAGE_BYTES) {
        const atomic_uchar *shadow = shadow_of_frame(pa_of(at));
        unsigned state = shadow == NULL ? 0 : *shadow;
        if ((state & FREE) != 0) {
            panic("%s of %lu bytes in a free frame: address 0x%lx, pc 0x%lx\n  frame 0x%lx, held last by %s",
                  access->what, access->n_bytes, access->address, access->pc, pa_of(page_down(at)),
                  owner_name((uint8_t)(state & ~FREE)));
        }
    }
}

static void look_at_image(const struct access *access) {
    size_t at = access->address - (uintptr_t)kernel_image, end = at + access->n_bytes;
    for (size_t next; at < end; at = next) {
        next = (at / GRANULE + 1) * GRANULE;
        size_t n_touched = (end < next ? end : next) - at / GRANULE * GRANULE;
        if (n_touched + image_shadow[at / GRANULE] > GRANULE) {
            panic("%s of %lu bytes after a global variable: address 0x%lx, pc 0x%lx", access->what, access->n_bytes,
                  access->address, access->pc);
        }
    }
}

static void look(const char *what, uintptr_t address, size_t n_bytes, uintptr_t pc) {
    struct access access = {.what = what, .address = address, .pc = pc, .n_bytes = n_bytes};
    if (address >= (uintptr_t)kernel_image && address < (uintptr_t)kernel_image_end) {
        look_at_image(&access);
    } else {
        look_at_frames(&access);
    }
}

/* ---- called by the compiler ----------------------------------------------------------------------------------- */

#define CALLER ((uintptr_t)__builtin_return_address(0))

#define ACCESSES_OF(n)                                                                                                 \
    void __asan_load##n(uintptr_t address);                                                                            \
    void __asan_store##n(uintptr_t address);                                                                           \
    void __asan_load##n(uintptr_t address) {                                                                           \
        look("load", address, n, CALLER);                                                                              \
    }                                                                                                                  \
    void __asan_store##n(uintptr_t address) {                                                                          \
        look("store", address, n, CALLER);                                                                             \
    }
ACCESSES_OF(1)
ACCESSES_OF(2)
ACCESSES_OF(4)
ACCESSES_OF(8)

/* A global variable: as LLVM lays it out (llvm/lib/Transforms/Instrumentation/AddressSanitizer.cpp). */
struct global {
    uintptr_t address;
    size_t n_bytes, n_with_gap;
    uintptr_t unused[5];
};

void __asan_loadN(uintptr_t address, size_t n_bytes);
void __asan_storeN(uintptr_t address, size_t n_bytes);
void __asan_handle_no_return(void);
void __asan_register_globals(const struct global *globals, size_t n);
void __asan_unregister_globals(const struct global *globals, size_t n);

void __asan_loadN(uintptr_t address, size_t n_bytes) {
    look("load", address, n_bytes, CALLER);
}

void __asan_storeN(uintptr_t address, size_t n_bytes) {
    look("store", address, n_bytes, CALLER);
}

void __asan_handle_no_return(void) {}

void __asan_register_globals(const struct global *globals, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t at = globals[i].address - (uintptr_t)kernel_image;
        size_t end = at + globals[i].n_with_gap, gap = at + globals[i].n_bytes;
        if (gap % GRANULE != 0) {
            image_shadow[gap / GRANULE] = (uint8_t)(GRANULE - gap % GRANULE);
        }
        for (gap = (gap + GRANULE - 1) / GRANULE; gap < end / GRANULE; gap++) {
            image_shadow[gap] = GRANULE;
        }
    }
}

void __asan_unregister_globals(const struct global *globals, size_t n) {
    (void)globals, (void)n; /* at the end of a program; a kernel has none */
}

/* ---- before the allocator ----------------------------------------------------------------------------------- */

static void note(quire_pa pa, unsigned order, unsigned kept_bits, unsigned new_bits) {
    for (size_t i = 0; i < (size_t)1 << order; i++) {
        atomic_uchar *shadow = shadow_of_frame(pa + i * PAGE_BYTES);
        if (shadow != NULL) {
            *shadow = (unsigned char)((*shadow & kept_bits) | new_bits);
        }
    }
}

static void note_held(quire_pa pa, unsigned order, uint8_t owner) {
    note(pa, order, 0, owner);
}

/* Before it is free, as then it may at once be somebody else's. */
static void note_free(quire_pa pa, unsigned order) {
    note(pa, order, ~FREE, FREE);
}

static bool note_free_run(void *unused, const struct quire_run *run) {
    (void)unused;
    for (uint64_t i = 0; run->state == QUIRE_STATE_FREE && i < run->n_frames; i++) {
        note_free(run->base + i * PAGE_BYTES, 0);
    }
    return true;
}

void __real_memory_init(void);
void __wrap_memory_init(void);

void __wrap_memory_init(void) {
    extern void (*__start_constructors[])(void), (*__stop_constructors[])(void); /* ld.lld's, around that section */
    for (void (**constructor)(void) = __start_constructors; constructor < __stop_constructors; constructor++) {
        (*constructor)(); /* registers the global variables of a file */
    }
    __real_memory_init();
    struct quire_zone_stats zone;
    quire_zone_stats(frames, 0, &zone);
    watched_base = zone.base;
    watched_bytes = zone.end - zone.base < MAX_FRAMES * PAGE_BYTES ? zone.end - zone.base : MAX_FRAMES * PAGE_BYTES;
    quire_walk(frames, note_free_run, NULL);
}

quire_pa __real_quire_alloc(struct quire *q, uint8_t tag);
quire_pa __wrap_quire_alloc(struct quire *q, uint8_t tag);
enum quire_status __real_quire_free(struct quire *q, quire_pa pa);
enum quire_status __wrap_quire_free(struct quire *q, quire_pa pa);
enum quire_status __real_quire_alloc_order(struct quire *q, unsigned order, uint8_t tag, quire_pa *out);
enum quire_status __wrap_quire_alloc_order(struct quire *q, unsigned order, uint8_t tag, quire_pa *out);
enum quire_status __real_quire_free_order(struct quire *q, quire_pa pa, unsigned order);
enum quire_status __wrap_quire_free_order(struct quire *q, quire_pa pa, unsigned order);
enum quire_status __real_quire_put(struct quire *q, quire_pa pa);
enum quire_status __wrap_quire_put(struct quire *q, quire_pa pa);
enum quire_status __real_quire_cow(struct quire *q, quire_pa shared, quire_pa *own);
enum quire_status __wrap_quire_cow(struct quire *q, quire_pa shared, quire_pa *own);

quire_pa __wrap_quire_alloc(struct quire *q, uint8_t tag) {
    quire_pa pa = __real_quire_alloc(q, tag);
    note_held(pa, 0, tag);
    return pa;
}

enum quire_status __wrap_quire_free(struct quire *q, quire_pa pa) {
    note_free(pa, 0);
    return __real_quire_free(q, pa);
}

enum quire_status __wrap_quire_alloc_order(struct quire *q, unsigned order, uint8_t tag, quire_pa *out) {
    enum quire_status status = __real_quire_alloc_order(q, order, tag, out);
    note_held(*out, order, tag);
    return status;
}

enum quire_status __wrap_quire_free_order(struct quire *q, quire_pa pa, unsigned order) {
    note_free(pa, order);
    return __real_quire_free_order(q, pa, order);
}

/* If two CPUs put the last two references at the same moment, neither notes it, and an access later goes unseen. */
enum quire_status __wrap_quire_put(struct quire *q, quire_pa pa) {
    if (quire_refs(q, pa) == 1) {
        note_free(pa, 0);
    }
    return __real_quire_put(q, pa);
}

enum quire_status __wrap_quire_cow(struct quire *q, quire_pa shared, quire_pa *own) {
    enum quire_status status = __real_quire_cow(q, shared, own);
    note_held(*own, 0, OWNER_USER);
    return status;
}

/* ---- memory functions ------------------------------------------------------------------------------------- */

void *watched_memset(void *to, int byte, size_t n);
void *watched_memcpy(void *restrict to, const void *restrict from, size_t n);
void *watched_memmove(void *to, const void *from, size_t n);
int watched_memcmp(const void *a, const void *b, size_t n);

void *watched_memset(void *to, int byte, size_t n) {
    look("store", (uintptr_t)to, n, CALLER);
    return memset(to, byte, n);
}

void *watched_memcpy(void *restrict to, const void *restrict from, size_t n) {
    look("load", (uintptr_t)from, n, CALLER);
    look("store", (uintptr_t)to, n, CALLER);
    return memcpy(to, from, n);
}

void *watched_memmove(void *to, const void *from, size_t n) {
    look("load", (uintptr_t)from, n, CALLER);
    look("store", (uintptr_t)to, n, CALLER);
    return memmove(to, from, n);
}

int watched_memcmp(const void *a, const void *b, size_t n) {
    look("load", (uintptr_t)a, n, CALLER);
    look("load", (uintptr_t)b, n, CALLER);
    return memcmp(a, b, n);
}
