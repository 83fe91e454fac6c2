/* refuse.c: refuses the kernel one allocation, whichever it is told to.
 *
 * The linker sends the kernel's calls of the allocator here (--wrap), and that of verdict(): instead of once, process 1
 * is run again and again, with the first allocation refused, then the second, until a run asks for fewer than that, or
 * frames are missing. With "refuse=N" as the first word of the command line it is the N-th since the boot instead, and
 * the rest is as ever. What came of it is for the test to judge, from what is printed. */
#include <options.h>
#include <verdict.h>

static atomic_ulong n_asked;
static unsigned long n_refused; /* which one to refuse, counted from 1; 0: none */

static bool refuse(uintptr_t caller) {
    bool chosen = atomic_fetch_add(&n_asked, 1) + 1 == n_refused;
    if (chosen) {
        print("refuse: number %lu, returning to 0x%lx\n", n_refused, caller);
    }
    return chosen;
}

#define CALLER ((uintptr_t)__builtin_return_address(0))

/* ---- before the allocator ----------------------------------------------------------------------------------- */

quire_pa __real_quire_alloc(struct quire *q, uint8_t tag);
quire_pa __wrap_quire_alloc(struct quire *q, uint8_t tag);
enum quire_status __real_quire_alloc_order(struct quire *q, unsigned order, uint8_t tag, quire_pa *out);
enum quire_status __wrap_quire_alloc_order(struct quire *q, unsigned order, uint8_t tag, quire_pa *out);
enum quire_status __real_quire_cow(struct quire *q, quire_pa shared, quire_pa *own);
enum quire_status __wrap_quire_cow(struct quire *q, quire_pa shared, quire_pa *own);

quire_pa __wrap_quire_alloc(struct quire *q, uint8_t tag) {
    return refuse(CALLER) ? QUIRE_NONE : __real_quire_alloc(q, tag);
}

enum quire_status __wrap_quire_alloc_order(struct quire *q, unsigned order, uint8_t tag, quire_pa *out) {
    *out = QUIRE_NONE;
    return refuse(CALLER) ? QUIRE_NO_MEMORY : __real_quire_alloc_order(q, order, tag, out);
}

/* Only a frame that is shared needs memory to be copied to. */
enum quire_status __wrap_quire_cow(struct quire *q, quire_pa shared, quire_pa *own) {
    *own = QUIRE_NONE;
    return quire_refs(q, shared) > 1 && refuse(CALLER) ? QUIRE_NO_MEMORY : __real_quire_cow(q, shared, own);
}

/* ---- before the kernel ------------------------------------------------------------------------------------ */

void __real_options_read(const char *line);
void __wrap_options_read(const char *line);
_Noreturn void __real_verdict(void);
_Noreturn void __wrap_verdict(void);

void __wrap_options_read(const char *line) {
    const char *word = "refuse=";
    if (memcmp(line, word, strlen(word)) == 0) {
        for (line += strlen(word); *line >= '0' && *line <= '9'; line++) {
            n_refused = n_refused * 10 + (unsigned long)(*line - '0');
        }
    }
    __real_options_read(line);
}

void __wrap_verdict(void) {
    if (n_refused > 0) {
        __real_verdict();
    }
    struct outcome outcome;
    do {
        atomic_store(&n_asked, 0);
        n_refused++;
        outcome = run_and_check();
        print("refuse: number %lu ended with %d, frames %d\n", n_refused, outcome.program, outcome.frames);
    } while (atomic_load(&n_asked) >= n_refused && outcome.frames == 0);
    power_off(outcome.frames);
}
