/* acpi_made.c: see acpi_made.h. */
#include "acpi_made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- reading ---------------------------------------------------------------------------------------------- */

uint8_t *image_load(const char *name, size_t *n_bytes) {
    enum { MOST_BYTES = 1 << 16 };
    char path[256];
    snprintf(path, sizeof path, BLOBS "/%s.acpi", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    uint8_t *bytes = malloc(MOST_BYTES);
    assert_non_null(bytes);
    *n_bytes = fread(bytes, 1, MOST_BYTES, file);
    fclose(file);
    assert_in_range(*n_bytes, 48, MOST_BYTES - 1);
    return bytes;
}

static struct answers got, expected;

const struct answers *answers_both(const char *name, const uint8_t *bytes, size_t n_bytes) {
    const struct image image = {bytes, n_bytes};
    answers_read(&got, &image);
    answers_slow(&expected, &image);
    const char *differs = answers_differ(&got, &expected);
    if (differs != NULL)
        fail_msg("%s: %s differ", name, differs);
    assert_true(answers_set_nodes(&got, &image));
    return &got;
}

const struct answers *made_read(void) {
    return answers_both("made here", made, n_made);
}

void assert_told(const struct answers *a, enum quire_acpi_status status, const char *name) {
    if (a->n_problems != 1 || a->problems[0].status != status || strcmp(a->problems[0].table, name) != 0)
        fail_msg("%u problems, the first: %s, %s; expected: %s, %s", a->n_problems,
                 a->n_problems > 0 ? a->problems[0].table : "",
                 a->n_problems > 0 ? quire_acpi_status_text(a->problems[0].status) : "none", name,
                 quire_acpi_status_text(status));
}

/* ---- making ----------------------------------------------------------------------------------------------- */

uint8_t made[MADE_BYTES];
size_t n_made, root_at;

void made_put(size_t at, uint64_t value, unsigned n_bytes) {
    for (unsigned i = 0; i < n_bytes; i++)
        made[at + i] = (uint8_t)(value >> (8 * i));
}

void made_seal(size_t at, size_t sum_at, size_t n_bytes) {
    made[at + sum_at] = 0;
    uint8_t sum = 0;
    for (size_t i = 0; i < n_bytes; i++)
        sum = (uint8_t)(sum + made[at + i]);
    made[at + sum_at] = (uint8_t)(0 - sum);
}

void made_seal_rsdp(void) {
    made_seal(0, 8, 20);
    made_seal(0, 32, 36);
}

/* An RSDP, with an XSDT of no tables and room for 8. */
void made_begin(void) {
    memset(made, 0, sizeof made);
    memcpy(made, "RSD PTR ", 8);
    made_put(15, 2, 1);
    made_put(16, 0xDEAD0000, 4);
    made_put(20, 36, 4);
    made_put(24, IMAGE_BASE + 48, 8);
    root_at = 48;
    memcpy(made + root_at, "XSDT", 4);
    made_put(root_at + 4, 36, 4);
    n_made = root_at + 36 + 8 * 8;
    made_seal(root_at, 9, 36);
    made_seal_rsdp();
}

/* Enters an address into the root table. */
void made_list(uint64_t address) {
    uint8_t n = made[root_at + 4];
    made_put(root_at + n, address, 8);
    made_put(root_at + 4, n + 8u, 4);
    made_seal(root_at, 9, n + 8u);
}

/* Begins a table of the sort. Returns where. */
size_t made_table(const char *name, unsigned revision, size_t n_bytes) {
    size_t at = n_made;
    memcpy(made + at, name, 4);
    made_put(at + 8, revision, 1);
    n_made += n_bytes;
    made_list(IMAGE_BASE + at);
    return at;
}

size_t made_madt(void) {
    return made_table("APIC", 5, 44);
}

size_t made_srat(void) {
    return made_table("SRAT", 3, 48);
}

/* Ends the table that begins at `at`. */
void made_end(size_t at) {
    made_put(at + 4, n_made - at, 4);
    made_seal(at, 9, n_made - at);
}

size_t made_entry(unsigned type, unsigned n_bytes) {
    size_t at = n_made;
    made_put(at, type, 1);
    made_put(at + 1, n_bytes, 1);
    n_made += n_bytes;
    return at;
}

void made_local_apic(unsigned uid, unsigned id, unsigned flags) {
    size_t at = made_entry(0, 8);
    made_put(at + 2, uid, 1);
    made_put(at + 3, id, 1);
    made_put(at + 4, flags, 4);
}

void made_x2apic(unsigned uid, uint32_t id, unsigned flags) {
    size_t at = made_entry(9, 16);
    made_put(at + 4, id, 4);
    made_put(at + 8, flags, 4);
    made_put(at + 12, uid, 4);
}

void made_gicc(unsigned n_bytes, unsigned uid, uint64_t mpidr, unsigned flags) {
    size_t at = made_entry(11, n_bytes);
    made_put(at + 8, uid, 4);
    made_put(at + 12, flags, 4);
    made_put(at + 68, mpidr, 8);
}

void made_memory(uint32_t domain, uint64_t base, uint64_t n_bytes, unsigned flags) {
    size_t at = made_entry(1, 40);
    made_put(at + 2, domain, 4);
    made_put(at + 8, base, 8);
    made_put(at + 16, n_bytes, 8);
    made_put(at + 28, flags, 4);
}

void made_apic_affinity(uint32_t domain, unsigned id, unsigned flags) {
    size_t at = made_entry(0, 16);
    made_put(at + 2, domain, 1);
    made_put(at + 3, id, 1);
    made_put(at + 4, flags, 4);
    made_put(at + 9, domain >> 8, 3);
}

void made_x2apic_affinity(uint32_t domain, uint32_t id, unsigned flags) {
    size_t at = made_entry(2, 24);
    made_put(at + 4, domain, 4);
    made_put(at + 8, id, 4);
    made_put(at + 12, flags, 4);
}

void made_gicc_affinity(uint32_t domain, unsigned uid, unsigned flags) {
    size_t at = made_entry(3, 18);
    made_put(at + 2, domain, 4);
    made_put(at + 6, uid, 4);
    made_put(at + 10, flags, 4);
}

size_t made_slit(uint64_t n) {
    size_t at = made_table("SLIT", 1, 44);
    made_put(at + 36, n, 8);
    return at;
}

void made_distances(const uint8_t *rows, size_t n) {
    memcpy(made + n_made, rows, n);
    n_made += n;
}

const void *made_map(void *context, quire_pa pa, size_t n_bytes) {
    unsigned *calls_left = context;
    if (pa < IMAGE_BASE || pa - IMAGE_BASE > n_made || n_bytes > n_made - (pa - IMAGE_BASE))
        return NULL;
    return calls_left == NULL || (*calls_left)-- != 0 ? made + (pa - IMAGE_BASE) : NULL;
}
