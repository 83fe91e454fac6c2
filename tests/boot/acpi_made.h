/* acpi_made.h: ACPI tables for the tests: of machines of QEMU's, and made by hand. */
#ifndef TESTS_BOOT_ACPI_MADE_H
#define TESTS_BOOT_ACPI_MADE_H

#include "acpi_answers.h"

/* The image `name`.acpi among those that the build made. free() it. */
uint8_t *image_load(const char *name, size_t *n_bytes);

/* Reads an image. Fails the test where the second reader says something else. */
const struct answers *answers_both(const char *name, const uint8_t *bytes, size_t n_bytes);

/* Fails the test, unless this is the only problem. */
void assert_told(const struct answers *a, enum quire_acpi_status status, const char *table);

/* ---- making an image ---- */

#define MADE_BYTES 16384u
#define MIB        (1ull << 20)

extern uint8_t made[MADE_BYTES];
extern size_t n_made, root_at; /* bytes in use; where the XSDT begins */

const struct answers *made_read(void);

/* A quire_acpi_map of it. `context` points to how many times it will map, before it says no once; NULL: always. */
const void *made_map(void *context, quire_pa pa, size_t n_bytes);

void made_begin(void); /* an RSDP, and an XSDT of no tables with room for 8 */
void made_put(size_t at, uint64_t value, unsigned n_bytes);
void made_seal(size_t at, size_t sum_at, size_t n_bytes); /* makes bytes sum up to 0, by the one at at + sum_at */
void made_seal_rsdp(void);
void made_list(uint64_t address); /* enters a table into the XSDT */

/* A table begins. Return where; n_bytes is what comes before its entries. */
size_t made_table(const char *name, unsigned revision, size_t n_bytes);
size_t made_madt(void);
size_t made_srat(void);
size_t made_slit(uint64_t n);
void made_end(size_t at); /* the table that begins at `at` ends here */

/* Entries, and the rows of a SLIT. */
size_t made_entry(unsigned type, unsigned n_bytes);
void made_local_apic(unsigned uid, unsigned id, unsigned flags);
void made_x2apic(unsigned uid, uint32_t id, unsigned flags);
void made_gicc(unsigned n_bytes, unsigned uid, uint64_t mpidr, unsigned flags);
void made_memory(uint32_t domain, uint64_t base, uint64_t n_bytes, unsigned flags);
void made_apic_affinity(uint32_t domain, unsigned id, unsigned flags);
void made_x2apic_affinity(uint32_t domain, uint32_t id, unsigned flags);
void made_gicc_affinity(uint32_t domain, unsigned uid, unsigned flags);
void made_distances(const uint8_t *rows, size_t n);

#endif
