/* broken.c: device trees that are not in order. Whatever the bytes, the reader touches nothing outside the blob (which
 * lies against memory that is not mapped), comes to an end, and says what is wrong; what it accepts, it understands as
 * libfdt does. */
#include "blob.h"
#include "random.h"
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEADER_SIZE = 40, TOTAL_SIZE = 4, OFF_STRUCTURE = 8, OFF_STRINGS = 12, OFF_RESERVATIONS = 16, VERSION = 20 };
enum { LAST_COMPATIBLE = 24, BOOT_CPU = 28, SIZE_STRINGS = 32, SIZE_STRUCTURE = 36 };

static uint32_t get(const uint8_t *blob, size_t at) {
    return (uint32_t)blob[at] << 24 | (uint32_t)blob[at + 1] << 16 | (uint32_t)blob[at + 2] << 8 | blob[at + 3];
}

static void put(uint8_t *blob, size_t at, uint32_t word) {
    for (unsigned i = 0; i < 4; i++)
        blob[at + i] = (uint8_t)(word >> (24 - 8 * i));
}

/* ---- what must hold of any bytes ------------------------------------------------------------------------- */

static void assert_says_nothing(const struct quire_fdt *fdt) {
    static const struct facts nothing = {.bootargs = ""};
    struct quire_region registers;
    struct facts got = facts_read(fdt);
    assert_true(facts_equal("refused blob", &nothing, &got));
    assert_false(quire_fdt_device(fdt, "ns16550a", &registers));
    assert_int_equal(fdt->n_bytes, 0);
}

static unsigned n_compared; /* blobs that libfdt, too, accepted: it wants them aligned, and the root without a name */

/* Reads a blob the lenient way, and asks everything. */
static enum quire_fdt_status check_lenient(const char *name, const uint8_t *blob, size_t n_readable,
                                           struct problems *problems) {
    struct quire_fdt fdt;
    enum quire_fdt_status status = quire_fdt_open(&fdt, blob, n_readable, problems_collect, problems);
    assert_int_equal(fdt.status, status);
    assert_int_equal(fdt.n_problems, problems->n);
    if (status != QUIRE_FDT_OK) {
        assert_says_nothing(&fdt);
        assert_true(problems->n > 0);
        return status;
    }
    assert_true(fdt.n_bytes <= n_readable);
    struct facts got = facts_read(&fdt);
    if (fdt_check_full(blob, n_readable) == 0) {
        struct facts expected = facts_libfdt(blob);
        struct problems expected_problems = {.n = 0};
        problems_libfdt(blob, &expected_problems);
        assert_true(facts_equal(name, &expected, &got) && lists_equal(name, &expected, &got));
        assert_true(problems_equal(name, &expected_problems, problems));
        assert_true(devices_equal(name, &fdt));
        n_compared++;
    }
    return status;
}

/* Reads a blob both ways, which must agree. Returns the strict way's status. */
static enum quire_fdt_status check_any(const char *name, const uint8_t *blob, size_t n_readable) {
    struct quire_fdt fdt;
    struct problems problems = {.n = 0};
    enum quire_fdt_status lenient = check_lenient(name, blob, n_readable, &problems);
    enum quire_fdt_status status = quire_fdt_open_strict(&fdt, blob, n_readable);
    assert_int_equal(fdt.status, status);
    assert_true(fdt.where <= n_readable);
    if (status == QUIRE_FDT_OK) {
        assert_int_equal(lenient, QUIRE_FDT_OK);
        assert_int_equal(problems.n, 0);
        return status;
    }
    assert_says_nothing(&fdt);
    assert_int_equal(problems.at[0].status, status);
    assert_int_equal(problems.at[0].where, fdt.where);
    return status;
}

/* ---- too short ------------------------------------------------------------------------------------------ */

static void every_truncation_is_refused(void **state) {
    (void)state;
    size_t n_bytes;
    uint8_t *blob = blob_load("everything", &n_bytes);
    struct fence fence = fence_make(n_bytes);
    for (size_t n = 0; n < n_bytes; n++) {
        uint8_t *at = memcpy(fence.high - n, blob, n);
        assert_int_equal(check_any("cut", at, n), n < HEADER_SIZE ? QUIRE_FDT_NO_HEADER : QUIRE_FDT_SIZE);
    }
    fence_remove(fence);
    free(blob);
}

/* The header tells the truth about the length, so that only what is inside can show that bytes are missing. */
static void every_truncation_that_the_header_hides_is_refused(void **state) {
    (void)state;
    size_t n_bytes;
    uint8_t *blob = blob_load("everything", &n_bytes);
    struct fence fence = fence_make(n_bytes);
    for (size_t n = HEADER_SIZE; n < n_bytes; n++) {
        uint8_t *at = memcpy(fence.high - n, blob, n);
        put(at, TOTAL_SIZE, (uint32_t)n);
        assert_int_equal(check_any("cut, size hidden", at, n), QUIRE_FDT_BLOCK);

        for (size_t field = OFF_STRUCTURE; field <= OFF_STRINGS; field += 4) {
            size_t size = field == OFF_STRUCTURE ? SIZE_STRUCTURE : SIZE_STRINGS;
            uint32_t begin = get(at, field);
            if (begin < n && n - begin < get(at, size))
                put(at, size, (uint32_t)n - begin);
            if (begin < n)
                continue;
            put(at, field, (uint32_t)n & ~3u);
            put(at, size, 0);
        }
        assert_int_not_equal(check_any("cut, everything hidden", at, n), QUIRE_FDT_OK);
    }
    fence_remove(fence);
    free(blob);
}

/* ---- header --------------------------------------------------------------------------------------------- */

static bool is_one_of(enum quire_fdt_status status, size_t at) {
    if (at < TOTAL_SIZE)
        return status == QUIRE_FDT_MAGIC;
    if (at < OFF_STRUCTURE)
        return status == QUIRE_FDT_SIZE || status == QUIRE_FDT_BLOCK;
    if (at >= VERSION && at < BOOT_CPU)
        return status == QUIRE_FDT_VERSION || status == QUIRE_FDT_OK;
    if (at >= BOOT_CPU && at < SIZE_STRINGS)
        return status == QUIRE_FDT_OK;
    return status != QUIRE_FDT_NO_HEADER && status != QUIRE_FDT_MAGIC && status != QUIRE_FDT_VERSION;
}

static void every_value_of_every_header_byte(void **state) {
    (void)state;
    size_t n_bytes;
    uint8_t *blob = blob_load("everything", &n_bytes);
    struct fence fence = fence_make(n_bytes);
    uint8_t *copy = memcpy(fence.high - n_bytes, blob, n_bytes);
    for (size_t at = 0; at < HEADER_SIZE; at++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            copy[at] = blob[at] ^ (uint8_t)flip;
            enum quire_fdt_status status = check_any("header", copy, n_bytes);
            if (!is_one_of(status, at))
                fail_msg("byte %zu, %02x: %s", at, copy[at], quire_fdt_status_text(status));
        }
        copy[at] = blob[at];
    }
    fence_remove(fence);
    free(blob);
}

static const struct {
    const char *name;
    size_t field;
    uint32_t word;
    enum quire_fdt_status status;
} header_cases[] = {
    {"magic, little-endian", 0, 0xEDFE0DD0, QUIRE_FDT_MAGIC},
    {"version 16", VERSION, 16, QUIRE_FDT_VERSION},
    {"a newer version", VERSION, 18, QUIRE_FDT_OK},
    {"compatible with nothing older", LAST_COMPATIBLE, 17, QUIRE_FDT_OK},
    {"a newer version, incompatible", LAST_COMPATIBLE, 18, QUIRE_FDT_VERSION},
    {"no size", TOTAL_SIZE, 0, QUIRE_FDT_SIZE},
    {"less than a header", TOTAL_SIZE, 39, QUIRE_FDT_SIZE},
    {"the largest size", TOTAL_SIZE, UINT32_MAX, QUIRE_FDT_SIZE},
    {"structure in the header", OFF_STRUCTURE, 36, QUIRE_FDT_BLOCK},
    {"structure misaligned", OFF_STRUCTURE, 58, QUIRE_FDT_BLOCK},
    {"structure outside", OFF_STRUCTURE, 0xFFFFFFFC, QUIRE_FDT_BLOCK},
    {"structure too long", SIZE_STRUCTURE, 0x10000, QUIRE_FDT_BLOCK},
    {"structure so long that it wraps around", SIZE_STRUCTURE, 0xFFFFFFF8, QUIRE_FDT_BLOCK},
    {"no structure", SIZE_STRUCTURE, 0, QUIRE_FDT_NO_END},
    {"strings in the header", OFF_STRINGS, 39, QUIRE_FDT_BLOCK},
    {"strings outside", OFF_STRINGS, 0x7FFFFFFF, QUIRE_FDT_BLOCK},
    {"strings too long", SIZE_STRINGS, 0x10000, QUIRE_FDT_BLOCK},
    {"strings so long that they wrap around", SIZE_STRINGS, UINT32_MAX, QUIRE_FDT_BLOCK},
    {"no strings", SIZE_STRINGS, 0, QUIRE_FDT_NAME},
    {"strings without the last NUL", SIZE_STRINGS, 3, QUIRE_FDT_NAME},
    {"reservations in the header", OFF_RESERVATIONS, 32, QUIRE_FDT_BLOCK},
    {"reservations misaligned", OFF_RESERVATIONS, 44, QUIRE_FDT_BLOCK},
    {"reservations over the structure", OFF_RESERVATIONS, 88, QUIRE_FDT_RESERVATIONS},
    {"reservations outside", OFF_RESERVATIONS, 0xFFFFFFF8, QUIRE_FDT_BLOCK},
};

static void header_fields_that_lie(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof header_cases / sizeof *header_cases; i++) {
        size_t n_bytes;
        uint8_t *blob = blob_load("everything", &n_bytes);
        put(blob, header_cases[i].field, header_cases[i].word);
        enum quire_fdt_status status = check_any(header_cases[i].name, blob, n_bytes);
        if (status != header_cases[i].status)
            fail_msg("%s: %s", header_cases[i].name, quire_fdt_status_text(status));
        free(blob);
    }
}

static void two_gigabytes_are_refused_unread(void **state) {
    (void)state;
    size_t n_bytes;
    struct quire_fdt fdt;
    uint8_t *blob = blob_load("everything", &n_bytes);
    put(blob, TOTAL_SIZE, 0x80000000);
    assert_int_equal(quire_fdt_open_strict(&fdt, blob, SIZE_MAX), QUIRE_FDT_SIZE);
    assert_int_equal(quire_fdt_open(&fdt, blob, SIZE_MAX, NULL, NULL), QUIRE_FDT_SIZE);
    free(blob);
}

/* ---- reservation block ---------------------------------------------------------------------------------- */

static void reservations_without_an_end(void **state) {
    (void)state;
    size_t n_bytes;
    struct quire_fdt fdt;
    uint8_t *blob = blob_load("everything", &n_bytes);
    put(blob, get(blob, OFF_RESERVATIONS) + 2 * 16 + 12, 1);
    assert_int_equal(quire_fdt_open_strict(&fdt, blob, n_bytes), QUIRE_FDT_RESERVATIONS);
    assert_int_equal(fdt.where, get(blob, OFF_STRUCTURE)); /* tokens are no reservations */
    free(blob);
}

/* Only two zeros end the list (section 5.3.2), so an entry of no bytes must not hide those behind it. */
static void a_reservation_of_no_bytes_is_not_the_end(void **state) {
    (void)state;
    size_t n_bytes;
    struct quire_fdt fdt;
    uint8_t *blob = blob_load("everything", &n_bytes);
    put(blob, get(blob, OFF_RESERVATIONS) + 12, 0);
    assert_int_equal(quire_fdt_open_strict(&fdt, blob, n_bytes), QUIRE_FDT_OK);
    struct facts got = facts_read(&fdt);
    assert_int_equal(got.regions[0].base, 0x8FFFF000);
    assert_int_equal(got.regions[0].type, QUIRE_RESERVED);
    free(blob);
}

/* ---- structure block ------------------------------------------------------------------------------------ */

/* A blob of these words as structure block, without reservations, and with the one string "p". */
enum { STRUCTURE = HEADER_SIZE + 16, STRINGS_BYTES = 2 };

static uint8_t *blob_of_words(const uint32_t *words, size_t n_words, struct fence *fence, size_t *n_bytes) {
    size_t strings = STRUCTURE + 4 * n_words;
    *n_bytes = strings + STRINGS_BYTES;
    *fence = fence_make(*n_bytes);
    uint8_t *blob = memset(fence->high - *n_bytes, 0, *n_bytes);
    const uint32_t header[] = {
        0xD00DFEED,    (uint32_t)*n_bytes,     STRUCTURE, (uint32_t)strings, HEADER_SIZE, 17, 16, 0,
        STRINGS_BYTES, (uint32_t)(4 * n_words)};
    for (size_t i = 0; i < 10; i++)
        put(blob, 4 * i, header[i]);
    for (size_t i = 0; i < n_words; i++)
        put(blob, STRUCTURE + 4 * i, words[i]);
    blob[strings] = 'p';
    return blob;
}

static enum quire_fdt_status open_words(const uint32_t *words, size_t n_words, uint32_t *where) {
    struct fence fence;
    struct quire_fdt fdt;
    size_t n_bytes;
    uint8_t *blob = blob_of_words(words, n_words, &fence, &n_bytes);
    enum quire_fdt_status status = check_any("words", blob, n_bytes);
    quire_fdt_open_strict(&fdt, blob, n_bytes);
    *where = fdt.where;
    fence_remove(fence);
    return status;
}

enum { BEGIN = 1, CLOSE = 2, PROP = 3, NOP = 4, END = 9 };
#define ROOT  BEGIN, 0
#define CHILD BEGIN, 0x61000000 /* "a" */
#define P     PROP, 0, 0        /* p; */

static const struct {
    const char *name;
    uint32_t words[16];
    size_t n_words;
    enum quire_fdt_status status;
    uint32_t where; /* index of the word */
} structures[] = {
    {"the least", {ROOT, CLOSE, END}, 4, QUIRE_FDT_OK, 0},
    {"a child", {ROOT, P, CHILD, P, CLOSE, CHILD, CLOSE, CLOSE, END}, 16, QUIRE_FDT_OK, 0},
    {"NOPs everywhere", {NOP, ROOT, NOP, P, NOP, P, NOP, CLOSE, NOP, END}, 15, QUIRE_FDT_OK, 0},
    {"words behind the end", {ROOT, CLOSE, END, 77, BEGIN}, 6, QUIRE_FDT_OK, 0},
    {"a value of 3 bytes", {ROOT, PROP, 3, 0, 0x01020300, CLOSE, END}, 8, QUIRE_FDT_OK, 0},
    {"nothing", {0}, 0, QUIRE_FDT_NO_END, 0},
    {"an end alone", {END}, 1, QUIRE_FDT_TOKEN, 0},
    {"NOPs alone", {NOP, NOP}, 2, QUIRE_FDT_NO_END, 2},
    {"a property first", {P, ROOT, CLOSE, END}, 7, QUIRE_FDT_TOKEN, 0},
    {"closed first", {CLOSE, ROOT, CLOSE, END}, 5, QUIRE_FDT_TOKEN, 0},
    {"closed twice", {ROOT, CLOSE, CLOSE, END}, 5, QUIRE_FDT_TOKEN, 3},
    {"two roots", {ROOT, CLOSE, ROOT, CLOSE, END}, 7, QUIRE_FDT_TOKEN, 3},
    {"an end inside the root", {ROOT, END}, 3, QUIRE_FDT_TOKEN, 2},
    {"an end inside a child", {ROOT, CHILD, CLOSE, END}, 6, QUIRE_FDT_TOKEN, 5},
    {"a property behind a child", {ROOT, CHILD, CLOSE, P, CLOSE, END}, 10, QUIRE_FDT_TOKEN, 5},
    {"a property behind the root", {ROOT, CLOSE, P, END}, 7, QUIRE_FDT_TOKEN, 3},
    {"no end", {ROOT, CLOSE}, 3, QUIRE_FDT_NO_END, 3},
    {"never closed", {ROOT, CHILD, P}, 7, QUIRE_FDT_NO_END, 7},
    {"token 0", {ROOT, 0, CLOSE, END}, 5, QUIRE_FDT_TOKEN, 2},
    {"token 5", {ROOT, 5, CLOSE, END}, 5, QUIRE_FDT_TOKEN, 2},
    {"a token of the wrong byte order", {ROOT, 0x02000000, END}, 4, QUIRE_FDT_TOKEN, 2},
    {"a name without an end", {BEGIN, 0x61616161, 0x61616161}, 3, QUIRE_FDT_NAME, 0},
    {"a token without a name", {ROOT, BEGIN}, 3, QUIRE_FDT_NAME, 2},
    {"a property without a length", {ROOT, PROP}, 3, QUIRE_FDT_PROPERTY, 2},
    {"a property without a name", {ROOT, PROP, 0}, 4, QUIRE_FDT_PROPERTY, 2},
    {"a value that ends the block", {ROOT, PROP, 4, 0, 0}, 6, QUIRE_FDT_NO_END, 6},
    {"a value one byte too long", {ROOT, PROP, 5, 0, 0}, 6, QUIRE_FDT_PROPERTY, 2},
    {"a value that wraps around", {ROOT, PROP, UINT32_MAX, 0, CLOSE, END}, 7, QUIRE_FDT_PROPERTY, 2},
    {"a value back to its own token", {ROOT, PROP, 0xFFFFFFF4, 0, CLOSE, END}, 7, QUIRE_FDT_PROPERTY, 2},
    {"a property's name outside", {ROOT, PROP, 0, 2, CLOSE, END}, 7, QUIRE_FDT_NAME, 2},
    {"a property's name far outside", {ROOT, PROP, 0, UINT32_MAX, CLOSE, END}, 7, QUIRE_FDT_NAME, 2},
};

static void structure_blocks_that_are_no_trees(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof structures / sizeof *structures; i++) {
        uint32_t where;
        enum quire_fdt_status status = open_words(structures[i].words, structures[i].n_words, &where);
        uint32_t expected = structures[i].status == QUIRE_FDT_OK ? 0 : STRUCTURE + 4 * structures[i].where;
        if (status != structures[i].status || where != expected)
            fail_msg("%s: %s, at byte %u, expected at %u", structures[i].name, quire_fdt_status_text(status), where,
                     expected);
    }
}

/* Tokens are aligned to 4 bytes and strings not at all (section 5.6), though tools give them more. */
static void blocks_aligned_no_better_than_they_must_be(void **state) {
    (void)state;
    static const uint32_t words[] = {NOP, ROOT, CLOSE, END};
    struct fence fence;
    size_t n_bytes;
    uint8_t *blob = blob_of_words(words, 5, &fence, &n_bytes);
    put(blob, OFF_STRUCTURE, get(blob, OFF_STRUCTURE) + 4);
    put(blob, SIZE_STRUCTURE, get(blob, SIZE_STRUCTURE) - 4);
    put(blob, OFF_STRINGS, get(blob, OFF_STRINGS) + 1);
    put(blob, SIZE_STRINGS, get(blob, SIZE_STRINGS) - 1);
    assert_int_equal(get(blob, OFF_STRUCTURE) % 8, 4);
    assert_int_equal(get(blob, OFF_STRINGS) % 2, 1);
    assert_int_equal(check_any("aligned to words", blob, n_bytes), QUIRE_FDT_OK);
    fence_remove(fence);
}

static enum quire_fdt_status open_nested(size_t depth, uint32_t *where) {
    size_t n = 3 * depth + 1;
    uint32_t *words = calloc(n, sizeof *words);
    assert_non_null(words);
    for (size_t i = 0; i < depth; i++) {
        words[2 * i] = BEGIN;
        words[2 * depth + i] = CLOSE;
    }
    words[n - 1] = END;
    enum quire_fdt_status status = open_words(words, n, where);
    free(words);
    return status;
}

static void nesting_has_a_limit(void **state) {
    (void)state;
    uint32_t where;
    assert_int_equal(open_nested(QUIRE_FDT_MAX_DEPTH, &where), QUIRE_FDT_OK);
    assert_int_equal(open_nested(QUIRE_FDT_MAX_DEPTH + 1, &where), QUIRE_FDT_DEPTH);
    assert_int_equal(where, STRUCTURE + 8 * QUIRE_FDT_MAX_DEPTH);
    assert_int_equal(open_nested(100000, &where), QUIRE_FDT_DEPTH);
}

/* ---- damaged in form, and read all the same --------------------------------------------------------------- */

/* Sets a word of a good tree, and reads that the lenient way. */
static struct quire_fdt open_spoiled(uint8_t *blob, size_t n_bytes, size_t at, uint32_t word,
                                     struct problems *problems) {
    struct quire_fdt fdt;
    *problems = (struct problems){.n = 0};
    put(blob, at, word);
    quire_fdt_open(&fdt, blob, n_bytes, problems_collect, problems);
    return fdt;
}

static void reservations_without_an_end_count(void **state) {
    (void)state;
    size_t n_bytes;
    struct problems problems;
    uint8_t *blob = blob_load("everything", &n_bytes);
    struct quire_fdt fdt = open_spoiled(blob, n_bytes, get(blob, OFF_RESERVATIONS) + 2 * 16 + 12, 1, &problems);
    assert_int_equal(fdt.status, QUIRE_FDT_OK);
    assert_int_equal(problems.n, 1);
    assert_int_equal(problems.at[0].status, QUIRE_FDT_RESERVATIONS);
    struct facts got = facts_read(&fdt);
    assert_int_equal(got.regions[1].base, 0x8FFFF000);
    assert_int_equal(got.regions[2].base, 0); /* what stands where the end should */
    assert_int_equal(got.regions[2].end, 1);
    assert_int_equal(got.n_memory, 2);
    free(blob);
}

/* The last string of the block has no NUL, or the name lies outside: only that property is lost. */
static void a_property_without_a_name_is_skipped(void **state) {
    (void)state;
    size_t n_bytes;
    int length;
    struct problems problems;
    uint8_t *blob = blob_load("everything", &n_bytes);
    const void *args = fdt_getprop(blob, fdt_path_offset(blob, "/chosen"), "bootargs", &length);
    size_t token = (size_t)((const uint8_t *)args - blob) - 12;
    struct quire_fdt fdt = open_spoiled(blob, n_bytes, token + 8, 0x10000, &problems);
    assert_int_equal(fdt.status, QUIRE_FDT_OK);
    assert_int_equal(problems.n, 1);
    assert_int_equal(problems.at[0].status, QUIRE_FDT_NAME);
    assert_int_equal(problems.at[0].where, token);
    struct quire_region initrd;
    assert_string_equal(quire_fdt_bootargs(&fdt), "");
    assert_true(quire_fdt_initrd(&fdt, &initrd));
    free(blob);
}

/* ---- random damage -------------------------------------------------------------------------------------- */

enum { N_RUNS = 50000 };

/* One piece of damage to the bytes [at, at + n_bytes). */
static void damage(uint64_t *rng, uint8_t *at, size_t n_bytes) {
    static const uint32_t words[] = {0,  1,          2,          3,          4,          8,         9,
                                     16, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFC, UINT32_MAX};
    size_t byte = random_below(rng, n_bytes), word = byte & ~(size_t)3, other = random_below(rng, n_bytes) & ~(size_t)3;
    switch (random_below(rng, 5)) {
    case 0:
        at[byte] ^= (uint8_t)(1u << random_below(rng, 8));
        break;
    case 1:
        at[byte] = (uint8_t)random_next(rng);
        break;
    case 2:
        put(at, word, words[random_below(rng, sizeof words / sizeof *words)]);
        break;
    case 3:
        put(at, word, get(at, other));
        break;
    default: {
        size_t room = n_bytes - (word > other ? word : other), n = random_below(rng, 64);
        memmove(at + word, at + other, n < room ? n : room);
    }
    }
}

/* Whether a status speaks of the structure block, which is all that was damaged. */
static bool is_about_structure(enum quire_fdt_status status) {
    return status == QUIRE_FDT_OK || status >= QUIRE_FDT_TOKEN;
}

static void random_damage_to_the_structure(void **state) {
    (void)state;
    size_t n_bytes;
    uint64_t rng = random_seed();
    n_compared = 0;
    uint8_t *blob = blob_load("everything", &n_bytes);
    size_t structure = get(blob, OFF_STRUCTURE), n_structure = get(blob, SIZE_STRUCTURE);
    struct fence fence = fence_make(n_bytes);
    uint8_t *copy = fence.high - n_bytes;
    for (int i = 0; i < N_RUNS; i++) {
        memcpy(copy, blob, n_bytes);
        for (uint64_t n = 1 + random_below(&rng, 4); n > 0; n--)
            damage(&rng, copy + structure, n_structure);
        assert_true(is_about_structure(check_any("structure damaged", copy, n_bytes)));
    }
    assert_true(n_compared > N_RUNS / 20); /* or else the comparison was about nothing */
    fence_remove(fence);
    free(blob);
}

static void random_damage_anywhere(void **state) {
    (void)state;
    size_t n_bytes;
    uint64_t rng = random_seed();
    uint8_t *blob = blob_load("everything", &n_bytes);
    struct fence fence = fence_make(n_bytes);
    uint8_t *copy = fence.high - n_bytes;
    n_compared = 0;
    for (int i = 0; i < N_RUNS / 4; i++) {
        memcpy(copy, blob, n_bytes);
        for (uint64_t n = 1 + random_below(&rng, 4); n > 0; n--)
            damage(&rng, copy, n_bytes);
        check_any("damaged", copy, n_bytes);
    }
    assert_true(n_compared > N_RUNS / 4 / 20);
    fence_remove(fence);
    free(blob);
}

/* A blob that is overwritten while it is in use: answers may be wrong, accesses may not. */
static void damage_after_opening(void **state) {
    (void)state;
    size_t n_bytes;
    uint64_t rng = random_seed();
    uint8_t *blob = blob_load("everything", &n_bytes);
    struct fence fence = fence_make(n_bytes);
    uint8_t *copy = fence.high - n_bytes;
    for (int i = 0; i < N_RUNS / 10; i++) {
        struct quire_fdt fdt;
        struct quire_region registers;
        memcpy(copy, blob, n_bytes);
        assert_int_equal(quire_fdt_open(&fdt, copy, n_bytes, NULL, NULL), QUIRE_FDT_OK);
        for (uint64_t n = 1 + random_below(&rng, 8); n > 0; n--)
            damage(&rng, copy, n_bytes);
        struct facts got = facts_read(&fdt);
        assert_true((const uint8_t *)got.bootargs < fence.high || *got.bootargs == '\0');
        if (quire_fdt_device(&fdt, "ns16550a", &registers))
            assert_true(registers.base < registers.end);
    }
    fence_remove(fence);
    free(blob);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_truncation_that_the_header_hides_is_refused),
        cmocka_unit_test(every_value_of_every_header_byte),
        cmocka_unit_test(header_fields_that_lie),
        cmocka_unit_test(two_gigabytes_are_refused_unread),
        cmocka_unit_test(reservations_without_an_end),
        cmocka_unit_test(a_reservation_of_no_bytes_is_not_the_end),
        cmocka_unit_test(structure_blocks_that_are_no_trees),
        cmocka_unit_test(blocks_aligned_no_better_than_they_must_be),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(reservations_without_an_end_count),
        cmocka_unit_test(a_property_without_a_name_is_skipped),
        cmocka_unit_test(random_damage_to_the_structure),
        cmocka_unit_test(random_damage_anywhere),
        cmocka_unit_test(damage_after_opening),
    };
    return cmocka_run_group_tests_name("broken device trees", tests, NULL, NULL);
}
