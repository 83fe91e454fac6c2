/* flips.c: flips bit after bit of the allocator's own data, each in a process of its own, and asks quire_validate.
 *
 * It must say which damage it is, in the words of fields.c, or, where fields.c says why it can not know, the allocator
 * must go on working. Of long fields a sample of the bits is flipped, a smaller one where the processor is simulated. */
#include "fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIMULATED 4u /* times fewer flips */

static size_t most_named = 64;   /* flips of one field */
static size_t most_unnamed = 12; /* these take longer: all memory is allocated and freed */
static unsigned n_tests, n_failed, n_flips;

static void tell(bool right, const struct object *object, const char *what, const char *line, const char *wanted) {
    printf("%s %u - %s: %s\n", right ? "ok" : "not ok", ++n_tests, object->name, what);
    if (!right) {
        printf("#   says      %s\n#   should be %s\n", line, wanted);
        n_failed++;
    }
}

/* ---- in the process that has the damage ------------------------------------------------------------------- */

/* Whether all that is free can be had, as single frames and as larger ones, and be given back. */
static void use_all(void) {
    static quire_pa taken[(size_t)(RAM_BYTES / PAGE)];
    struct quire_stats stats;
    quire_stats(q, &stats);
    for (unsigned order = 0; order <= PAIR_ORDER; order += QUIRE_BLOCK_ORDER) {
        size_t n = 0;
        while (quire_alloc_order(q, order, 1, &taken[n]) == QUIRE_OK) {
            n++;
        }
        if (n << order > stats.n_free || (order == 0 && n != stats.n_free)) {
            say(", but of %u free frames %zu times 2^%u come", (unsigned)stats.n_free, n, order);
        }
        while (n > 0) {
            quire_free_order(q, taken[--n], order);
        }
    }
}

struct flip {
    unsigned char *at;
    size_t bit;
    bool named;
};

static void flip(const void *about) {
    const struct flip *f = about;
    f->at[f->bit / 8] ^= (unsigned char)(1u << f->bit % 8);
    say_validate();
    if (!f->named) {
        use_all();
        say("; ");
        say_validate();
    }
}

struct fill {
    const struct object *object;
    int byte;
};

static void fill(const void *about) {
    const struct fill *f = about;
    memset(f->object->at, f->byte, f->object->n_bytes);
    say_validate();
}

/* ---- outside ---------------------------------------------------------------------------------------------- */

/* Whether the line is one of the texts. */
static bool is_one_of(const char *line, const char *texts) {
    size_t n = strlen(line);
    for (const char *text = texts; text != NULL; text = strstr(text, " | "), text = text != NULL ? text + 3 : NULL) {
        if (strncmp(text, line, n) == 0 && (text[n] == '\0' || strncmp(text + n, " | ", 3) == 0)) {
            return true;
        }
    }
    return false;
}

static bool has_bit(const struct field *field, size_t bit) {
    return field->n_bytes > sizeof field->bits || (field->bits >> bit & 1) != 0;
}

static size_t bits_in(const struct field *field) {
    size_t n = 0;
    for (size_t bit = 0; bit < field->n_bytes * 8; bit++) {
        n += has_bit(field, bit);
    }
    return n;
}

static void flip_field(const struct object *object, const struct field *field) {
    const char *wanted = field->says != NULL ? field->says : "ok; ok";
    size_t most = field->says != NULL ? most_named : most_unnamed, n = 0;
    size_t step = bits_in(field) / most | 1; /* odd, so that all places in a byte are met */
    char line[LINE_BYTES] = "no bit to flip", what[LINE_BYTES];
    snprintf(what, sizeof what, "%s", field->name);
    bool right = true;
    for (size_t bit = 0; bit < field->n_bytes * 8 && right; bit++) {
        if (has_bit(field, bit) && n++ % step == 0) {
            struct flip f = {(unsigned char *)object->at + field->offset, bit, field->says != NULL};
            machine_try(flip, &f, line);
            right = is_one_of(line, wanted);
            snprintf(what, sizeof what, right ? "%s" : "%s, bit %zu", field->name, bit);
            n_flips++;
        }
    }
    tell(right && n > 0, object, what, line, wanted);
}

/* Every bit of the structure is in the table, so that a new field is not forgotten. */
static void check_coverage(const struct object *object) {
    unsigned char covered[4096] = {0};
    size_t n_missing = 0, first = 0;
    for (size_t i = 0; i < object->n_fields; i++) {
        const struct field *f = &object->fields[i];
        for (size_t b = 0; b < f->n_bytes; b++) {
            covered[f->offset + b] |= f->bits == ALL ? 0xFF : (unsigned char)(f->bits >> 8 * b);
        }
    }
    for (size_t b = object->n_bytes; b-- > 0;) {
        n_missing += covered[b] != 0xFF;
        first = covered[b] != 0xFF ? b : first;
    }
    char line[LINE_BYTES];
    snprintf(line, sizeof line, "%zu of %zu bytes, the first at offset %zu", n_missing, object->n_bytes, first);
    tell(n_missing == 0, object, "every byte is in the table", line, "none left out");
}

static void fill_object(const struct object *object, int byte, const char *what, const char *wanted) {
    const struct fill f = {object, byte};
    char line[LINE_BYTES];
    machine_try(fill, &f, line);
    tell(is_one_of(line, wanted), object, what, line, wanted);
}

static void flip_less_if_simulated(void) {
    const char *simulator = getenv("TEST_SIMULATOR");
    if (simulator != NULL) {
        most_named /= SIMULATED;
        most_unnamed /= SIMULATED;
        printf("# note: %s simulates this: at most %zu or %zu flips of a field\n", simulator, most_named, most_unnamed);
    }
}

int main(void) {
    flip_less_if_simulated();
    size_t n_fields = 0;
    fields_start();
    for (size_t i = 0; i < n_objects; i++) {
        check_coverage(&objects[i]);
        for (size_t k = 0; k < objects[i].n_fields; k++) {
            const struct field *field = &objects[i].fields[k];
            if (field->n_bytes > 0) { /* padding that this machine needs */
                flip_field(&objects[i], field);
                n_fields++;
            }
        }
        fill_object(&objects[i], 0, "all zero", objects[i].zeroed);
        fill_object(&objects[i], 0xFF, "all one", objects[i].all_ones);
    }
    printf("1..%u\n# %u bits flipped, in %zu fields of %zu structures\n", n_tests, n_flips, n_fields, n_objects);
    return n_failed == 0 ? 0 : 1;
}
