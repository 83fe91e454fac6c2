/* acpi.c: ACPI tables of any bytes, read by boot/acpi*.c and by the second reader of tests/boot.
 *
 * Checksums, lengths and addresses of what the input makes are right, unless it says otherwise: few made-up bytes would get
 * past them else.
 *
 *     input   which lists of tables there are, then tables: kind and damage (1), revision (1), length (1), what follows
 *             the header */
#include "fuzz.h"
#include "tests/boot/acpi_answers.h"

#include <string.h>

#define MOST_TABLES  12u
#define HEADER_BYTES 36u
#define XSDT_AT      48u
#define RSDT_AT      (XSDT_AT + HEADER_BYTES + 8 * MOST_TABLES)
#define TABLES_AT    (RSDT_AT + HEADER_BYTES + 4 * MOST_TABLES)

static uint8_t memory[TABLES_AT + MOST_TABLES * (HEADER_BYTES + 255)];
static size_t n_memory;

static void put(size_t at, uint64_t value, unsigned n_bytes) {
    for (unsigned i = 0; i < n_bytes; i++)
        memory[at + i] = (uint8_t)(value >> (8 * i));
}

/* Makes bytes sum up to 0, or not. */
static void seal(size_t at, size_t sum_at, size_t n_bytes, bool is_good) {
    uint8_t sum = 0;
    memory[at + sum_at] = 0;
    for (size_t i = 0; i < n_bytes; i++)
        sum = (uint8_t)(sum + memory[at + i]);
    memory[at + sum_at] = (uint8_t)(0 - sum + !is_good);
}

static void head(size_t at, const char *name, unsigned revision, uint32_t n_bytes) {
    memcpy(memory + at, name, 4);
    put(at + 4, n_bytes, 4);
    put(at + 8, revision, 1);
}

enum damage { SUM = 9, TOO_LONG, TOO_SHORT, HUGE, AT_0, FAR_AWAY, TWICE }; /* of a table; less: none */

/* Takes a table from the input. Returns how often it is listed. */
static unsigned add_table(struct input *in, uint64_t *address) {
    static const char names[4][5] = {"APIC", "SRAT", "SLIT", "HPET"};
    unsigned what = take(in), revision = take(in), n = take(in), damage = what / 4 % 16;
    size_t at = n_memory, n_bytes = HEADER_BYTES + n;
    uint32_t said = (uint32_t)n_bytes;
    said += damage == TOO_LONG ? 1 + revision : 0;
    said = damage == TOO_SHORT ? revision : damage == HUGE ? UINT32_MAX - revision : said;
    memset(memory + at, 0, HEADER_BYTES);
    head(at, names[what % 4], revision, said);
    for (unsigned i = 0; i < n; i++)
        memory[at + HEADER_BYTES + i] = take(in);
    seal(at, 9, n_bytes, damage != SUM);
    n_memory += n_bytes;
    *address = damage == AT_0 ? 0 : damage == FAR_AWAY ? 0 - (uint64_t)revision : IMAGE_BASE + at;
    return damage == TWICE ? 2 : 1;
}

enum { OLD = 1, BAD_XSDT = 2, BAD_RSDT = 4, BAD_EXTENSION = 8, BAD_RSDP = 16, CUT = 32, NODES = 64 };

static void make_lists(unsigned options, const uint64_t *addresses, unsigned n) {
    memset(memory, 0, TABLES_AT);
    memcpy(memory, "RSD PTR ", 8);
    put(15, options & OLD ? 0 : 2, 1);
    put(16, IMAGE_BASE + RSDT_AT, 4);
    put(20, 36, 4);
    put(24, IMAGE_BASE + XSDT_AT, 8);
    seal(0, 8, 20, (options & BAD_RSDP) == 0);
    seal(0, 32, 36, (options & BAD_EXTENSION) == 0);
    head(XSDT_AT, "XSDT", 1, HEADER_BYTES + 8 * n);
    head(RSDT_AT, "RSDT", 1, HEADER_BYTES + 4 * n);
    for (unsigned i = 0; i < n; i++) {
        put(XSDT_AT + HEADER_BYTES + 8 * i, addresses[i], 8);
        put(RSDT_AT + HEADER_BYTES + 4 * i, addresses[i], 4);
    }
    seal(XSDT_AT, 9, HEADER_BYTES + 8 * n, (options & BAD_XSDT) == 0);
    seal(RSDT_AT, 9, HEADER_BYTES + 4 * n, (options & BAD_RSDT) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    static struct answers got, expected; /* large */
    struct input in = {bytes, n_bytes};
    uint64_t addresses[MOST_TABLES];
    unsigned options = take(&in), n = 0;
    n_memory = TABLES_AT;
    while (in.n_left > 0 && n + 2 <= MOST_TABLES) {
        unsigned times = add_table(&in, &addresses[n]);
        if (times == 2)
            addresses[n + 1] = addresses[n];
        n += times;
    }
    make_lists(options, addresses, n);
    const struct image image = {memory, options & CUT ? n_memory - n_memory / 16 : n_memory};
    answers_read(&got, &image);
    answers_slow(&expected, &image);
    const char *differs = answers_differ(&got, &expected);
    if (differs != NULL)
        fuzz_fail("%s of ACPI differ", differs);
    if ((options & NODES) != 0 && !answers_set_nodes(&got, &image))
        fuzz_fail("memory is another node's");
    return 0;
}
