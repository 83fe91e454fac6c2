/* acpi_answers.h: all that boot/acpi.h says of some memory, and the same by a second reader, for the tests and the fuzz target. */
#ifndef TESTS_BOOT_ACPI_ANSWERS_H
#define TESTS_BOOT_ACPI_ANSWERS_H

#include "boot/acpi.h"

#define IMAGE_BASE 0x100000u /* as in acpi-image.py */

/* Physical memory: [IMAGE_BASE, IMAGE_BASE + n_bytes) can be read, and nothing else. The RSDP is its first bytes. */
struct image {
    const uint8_t *bytes;
    size_t n_bytes;
};

#define MOST_CPUS     512u
#define MOST_MEMORY   512u
#define MOST_PROBLEMS 6000u

struct answers {
    enum quire_acpi_status status;
    struct quire_acpi_problem problems[MOST_PROBLEMS];
    uint32_t n_problems, n_counted; /* reported, and counted by the reader */
    unsigned n_nodes;
    uint32_t domain[QUIRE_ACPI_MAX_NODES];
    struct quire_acpi_cpu cpus[MOST_CPUS];
    size_t n_cpus;
    quire_pa local_apic;
    struct quire_acpi_memory memory[MOST_MEMORY];
    size_t n_memory;
    uint8_t distance[QUIRE_ACPI_MAX_NODES * QUIRE_ACPI_MAX_NODES];
};

/* By the reader of boot/. Each piece of memory that it has mapped is a heap block of just that size, which is freed when it asks
 * for the next: so the sanitizers see what it must not touch. */
void answers_read(struct answers *answers, const struct image *image);

/* By the second one, which shares no line with it. */
void answers_slow(struct answers *answers, const struct image *image);

/* The node of a byte, by what is in answers->memory: the last one's that holds it. */
unsigned answers_node_at(const struct answers *answers, quire_pa at);

/* What differs, NULL: nothing. */
const char *answers_differ(const struct answers *a, const struct answers *b);

/* Whether quire_acpi_set_nodes gives the frames of some regions the nodes that they should have. */
bool answers_set_nodes(const struct answers *answers, const struct image *image);

#endif
