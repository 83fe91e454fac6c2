/* oracle.h: nodes of a device tree blob and the numbers in them, by libfdt. For oracle.c and oracle_device.c. */
#ifndef TESTS_BOOT_ORACLE_H
#define TESTS_BOOT_ORACLE_H

#include "blob.h"
#include <libfdt.h>
#include <string.h>

/* fdt_stringlist_search, because fdt_stringlist_contains and fdt_node_check_compatible (libfdt 1.6.1) take a string
 * whose NUL lies behind the value for one inside it. */
static inline bool says(const void *blob, int node, const char *property, const char *text) {
    return fdt_stringlist_search(blob, node, property, text) >= 0;
}

static inline bool okay(const void *blob, int node) {
    for (; node >= 0; node = fdt_parent_offset(blob, node))
        if (fdt_getprop(blob, node, "status", NULL) != NULL && !says(blob, node, "status", "okay") &&
            !says(blob, node, "status", "ok"))
            return false;
    return true;
}

/* Up to a unit address. */
static inline bool is_called(const void *blob, int node, const char *name) {
    const char *is = node >= 0 ? fdt_get_name(blob, node, NULL) : "";
    size_t n = strlen(name);
    return strncmp(is, name, n) == 0 && (is[n] == '\0' || is[n] == '@');
}

/* The depth of a node, the root's being 0. */
static inline int depth_of(const void *blob, int node) {
    return fdt_node_depth(blob, node);
}

static inline uint64_t number(const uint8_t *value, unsigned n_cells) {
    uint64_t x = 0;
    for (unsigned i = 0; i < 4 * n_cells; i++)
        x = x << 8 | value[i];
    return x;
}

/* A property's value; NULL: there is none. */
static inline const uint8_t *get(const void *blob, int node, const char *name, unsigned *n_bytes) {
    int n;
    const uint8_t *value = fdt_getprop(blob, node, name, &n);
    *n_bytes = value != NULL ? (unsigned)n : 0;
    return value;
}

static inline bool has(const void *blob, int node, const char *name) {
    return fdt_getprop(blob, node, name, NULL) != NULL;
}

static inline bool is_number(const void *blob, int node, const char *name) {
    unsigned n_bytes;
    get(blob, node, name, &n_bytes);
    return n_bytes == 4 || n_bytes == 8;
}

static inline uint64_t number_property(const void *blob, int node, const char *name) {
    unsigned n_bytes;
    const uint8_t *value = get(blob, node, name, &n_bytes);
    return is_number(blob, node, name) ? number(value, n_bytes / 4) : 0;
}

/* More than 2: no number that can be used. */
static inline unsigned cells(const void *blob, int node, const char *name, unsigned fallback) {
    unsigned n_bytes;
    const uint8_t *value = get(blob, node, name, &n_bytes);
    uint64_t said = value == NULL ? fallback : n_bytes == 4 ? number(value, 1) : 3;
    return said > 3 ? 3 : (unsigned)said;
}

static inline unsigned address_cells(const void *blob, int node) {
    return cells(blob, node, "#address-cells", 2);
}

static inline unsigned size_cells(const void *blob, int node) {
    return cells(blob, node, "#size-cells", 1);
}

/* An array of pairs. */
struct array {
    const uint8_t *value;
    unsigned n_bytes, a, s; /* cells */
};

static inline struct array array(const void *blob, int node, const char *name, unsigned a, unsigned s) {
    struct array x = {.a = a, .s = s};
    x.value = get(blob, node, name, &x.n_bytes);
    return x;
}

static inline struct array array_of_child(const void *blob, int node, const char *name) {
    int bus = fdt_parent_offset(blob, node);
    return array(blob, node, name, bus < 0 ? 3 : address_cells(blob, bus), bus < 0 ? 3 : size_cells(blob, bus));
}

static inline unsigned n_pairs(const struct array *x) {
    return x->a > 2 || x->s > 2 || x->a + x->s == 0 ? 0 : x->n_bytes / (4 * (x->a + x->s));
}

static inline bool is_whole(const struct array *x) {
    return n_pairs(x) * 4 * (x->a + x->s) == x->n_bytes;
}

static inline void pair(const struct array *x, unsigned i, uint64_t *base, uint64_t *size) {
    const uint8_t *at = x->value + 4 * i * (x->a + x->s);
    *base = number(at, x->a);
    *size = number(at + 4 * x->a, x->s);
}

/* From addresses of `bus` to those of the root. */
bool translate(const void *blob, int bus, uint64_t *base, uint64_t size);

#endif
