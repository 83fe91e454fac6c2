/* kqt_header.c: the lines of text before the records. See kqt.h. */
#include "kqt.h"
#include "stop.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINE = 4096, MAX_KINDS = 1 << 20 };

static _Noreturn void bad_line(const struct kqt *k, const char *what) {
    stop(STATUS_BAD_INPUT, "%s: line %" PRIu64 " of the header: %s", k->path, k->n_lines, what);
}

static void read_line(struct kqt *k, char line[LINE]) {
    size_t n = 0;
    k->n_lines++;
    for (int c; (c = stream_byte(&k->stream)) != '\n';) {
        if (c == STREAM_END) {
            bad_line(k, "the file ends before END");
        }
        if (n == LINE - 1 || c < ' ' || c > '~') {
            bad_line(k, "this is no text in ASCII, or too long");
        }
        line[n++] = (char)c;
    }
    line[n] = '\0';
}

/* ---- fields: separated by one space --------------------------------------------------------------------- */

/* Cuts the next field off; "" where there is none. */
static char *field(char **rest) {
    char *begin = *rest, *end = strchr(begin, ' ');
    *rest = end == NULL ? begin + strlen(begin) : end + 1;
    if (end != NULL) {
        *end = '\0';
    }
    return begin;
}

static uint64_t number(const struct kqt *k, const char *digits, uint64_t most) {
    uint64_t value = 0;
    bool good = *digits != '\0';
    for (; isdigit((unsigned char)*digits); digits++) {
        uint64_t digit = (uint64_t)(*digits - '0');
        good = good && value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    if (!good || *digits != '\0') {
        bad_line(k, "a number is expected");
    }
    if (value > most) {
        bad_line(k, "this number is too large");
    }
    return value;
}

static char letter(const struct kqt *k, const char *field, const char *choices) {
    if (field[0] == '\0' || field[1] != '\0' || strchr(choices, field[0]) == NULL) {
        bad_line(k, "a kind is: K number op cpu context order arg migratetype gfp class count");
    }
    return field[0];
}

static void check_hex(const struct kqt *k, const char *field) {
    size_t n = strlen(field);
    if (n < 3 || n > 18 || memcmp(field, "0x", 2) != 0 || strspn(field + 2, "0123456789abcdefABCDEF") != n - 2) {
        bad_line(k, "gfp flags are a hexadecimal number");
    }
}

/* ---- lines ---------------------------------------------------------------------------------------------- */

static void read_kind(struct kqt *k, char *rest) {
    struct kqt_kind kind;
    if (number(k, field(&rest), MAX_KINDS - 1) != k->n_kinds) {
        bad_line(k, "kinds are numbered 0, 1, 2, ... in order");
    }
    kind.op = (enum kqt_op)letter(k, field(&rest), "PAFBS");
    kind.cpu = (unsigned)number(k, field(&rest), KQT_MAX_CPUS - 1);
    letter(k, field(&rest), "tsh");
    kind.order = (unsigned)number(k, field(&rest), KQT_MAX_ORDER);
    kind.piece_order = (unsigned)number(k, field(&rest), KQT_MAX_ORDER);
    letter(k, field(&rest), kind.op == KQT_ALLOC ? "UMR-" : "-");
    check_hex(k, field(&rest));
    if (*field(&rest) == '\0') {
        bad_line(k, "the class is missing");
    }
    kind.n_left = number(k, field(&rest), UINT64_MAX);
    if (*rest != '\0') {
        bad_line(k, "there is something behind the count");
    }
    if (kind.op == KQT_SPLIT ? kind.piece_order >= kind.order : kind.piece_order != 0) {
        bad_line(k, "arg is the order of the pieces of a split, which is less, and 0 otherwise");
    }
    if (k->n_kinds > 0 && kind.n_left > k->kinds[k->n_kinds - 1].n_left) {
        bad_line(k, "the most frequent kind comes first");
    }
    if ((k->n_kinds & (k->n_kinds - 1)) == 0) {
        k->kinds = more_room(k->kinds, 2ul * k->n_kinds + 1, sizeof *k->kinds);
    }
    k->kinds[k->n_kinds++] = kind;
}

/* Lines with a number that means something to a reader. */
static uint64_t *known(struct kqt_header *h, const char *name) {
    struct {
        const char *name;
        uint64_t *value;
    } lines[] = {{"cpus", &h->n_cpus},
                 {"page_size", &h->page_size},
                 {"tick_ns", &h->tick_ns},
                 {"events", &h->n_events},
                 {"objects", &h->n_objects},
                 {"preexisting", &h->n_existed},
                 {"allocs", &h->n_allocs},
                 {"frees", &h->n_frees},
                 {"splits", &h->n_splits},
                 {"truncated", &h->is_truncated},
                 {"duration_ns", &h->duration_ns}};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (strcmp(lines[i].name, name) == 0) {
            return lines[i].value;
        }
    }
    return NULL;
}

static void read_fact(struct kqt *k, const char *name, const char *value) {
    uint64_t *fact = known(&k->header, name);
    if (strcmp(name, "name") == 0) {
        snprintf(k->header.name, sizeof k->header.name, "%s", value);
    }
    if (fact == NULL) {
        return; /* for people */
    }
    if (*fact != UINT64_MAX) {
        bad_line(k, "this was said before");
    }
    *fact = number(k, value, UINT64_MAX - 1);
}

static void check_header(const struct kqt *k) {
    const struct kqt_header *h = &k->header;
    if (h->n_cpus == UINT64_MAX || h->page_size == UINT64_MAX || h->tick_ns == UINT64_MAX ||
        h->n_events == UINT64_MAX || h->n_objects == UINT64_MAX) {
        bad_line(k, "cpus, page_size, tick_ns, events or objects is missing");
    }
    if (h->page_size != 4096) {
        bad_line(k, "page_size is not 4096");
    }
    if (h->n_cpus == 0 || h->n_cpus > KQT_MAX_CPUS || h->tick_ns == 0) {
        bad_line(k, "cpus is not within 1..1024, or tick_ns is 0");
    }
    if (h->is_truncated != UINT64_MAX && h->is_truncated > 1) {
        bad_line(k, "truncated is neither 0 nor 1");
    }
    for (uint32_t i = 0; i < k->n_kinds; i++) {
        if (k->kinds[i].cpu >= h->n_cpus) {
            stop(STATUS_BAD_INPUT, "%s: kind %u has CPU %u of %" PRIu64, k->path, i, k->kinds[i].cpu, h->n_cpus);
        }
    }
}

void kqt_read_header(struct kqt *k) {
    char line[LINE];
    memset(&k->header, 0xFF, sizeof k->header);
    k->header.name[0] = '\0';
    read_line(k, line);
    if (strcmp(line, "KQT 1") != 0) {
        bad_line(k, "this is no trace in the format KQT 1");
    }
    for (read_line(k, line); strcmp(line, "END") != 0; read_line(k, line)) {
        char *rest = line, *name = field(&rest);
        if (strcmp(name, "K") == 0) {
            read_kind(k, rest);
        } else {
            read_fact(k, name, rest);
        }
    }
    check_header(k);
}
