/* print.c: formatted text. It is put together in a small buffer, which is written when it is full and at the end. */
#include "user.h"
#include <stdarg.h>

struct out {
    int fd;
    unsigned n;
    char text[256];
};

static void flush(struct out *out) {
    for (unsigned done = 0; done < out->n;) {
        long n = write(out->fd, out->text + done, out->n - done);
        if (n <= 0) {
            break; /* nobody reads any more */
        }
        done += (unsigned)n;
    }
    out->n = 0;
}

static void put(struct out *out, char c) {
    if (out->n == sizeof(out->text)) {
        flush(out);
    }
    out->text[out->n++] = c;
}

struct field {
    unsigned width;
    bool left, zeros, is_long;
};

static void put_padded(struct out *out, const char *text, size_t n, const struct field *field) {
    size_t n_pad = field->width > n ? field->width - n : 0;
    for (size_t i = 0; !field->left && i < n_pad; i++) {
        put(out, field->zeros ? '0' : ' ');
    }
    for (size_t i = 0; i < n; i++) {
        put(out, text[i]);
    }
    for (size_t i = 0; field->left && i < n_pad; i++) {
        put(out, ' ');
    }
}

static void put_number(struct out *out, uint64_t value, unsigned base, bool negative, const struct field *field) {
    char digits[24];
    size_t at = sizeof(digits);
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative) {
        digits[--at] = '-';
    }
    put_padded(out, digits + at, sizeof(digits) - at, field);
}

/* Reads flags, width and length of a conversion; returns where its letter stands. */
static const char *parse_field(const char *at, struct field *field, va_list *arguments) {
    *field = (struct field){0};
    for (; *at == '-' || *at == '0'; at++) {
        field->left |= *at == '-';
        field->zeros |= *at == '0';
    }
    if (*at == '*') {
        field->width = (unsigned)va_arg(*arguments, int);
        at++;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        field->width = field->width * 10 + (unsigned)(*at - '0');
    }
    for (; *at == 'l' || *at == 'z'; at++) {
        field->is_long = true;
    }
    return at;
}

static void convert(struct out *out, char letter, const struct field *field, va_list *arguments) {
    if (letter == 'd') {
        int64_t value = field->is_long ? va_arg(*arguments, long) : va_arg(*arguments, int);
        put_number(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10, value < 0, field);
    } else if (letter == 'u' || letter == 'x') {
        uint64_t value = field->is_long ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned);
        put_number(out, value, letter == 'u' ? 10 : 16, false, field);
    } else if (letter == 's') {
        const char *text = va_arg(*arguments, const char *);
        put_padded(out, text, strlen(text), field);
    } else if (letter == 'c') {
        char c = (char)va_arg(*arguments, int);
        put_padded(out, &c, 1, field);
    } else {
        put(out, letter); /* %% */
    }
}

static void vprint(int fd, const char *format, va_list *arguments) {
    struct out out = {.fd = fd};
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            put(&out, *at);
            continue;
        }
        struct field field;
        at = parse_field(at + 1, &field, arguments);
        if (*at == '\0') {
            break;
        }
        convert(&out, *at, &field, arguments);
    }
    flush(&out);
}

void print(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprint(OUT, format, &arguments);
    va_end(arguments);
}

void print_to(int fd, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprint(fd, format, &arguments);
    va_end(arguments);
}

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprint(ERR, format, &arguments);
    va_end(arguments);
    exit(1);
}

char *draw_bar(char *to, uint64_t value, uint64_t full, unsigned n_columns) {
    static const char eighths[8][BAR_BYTES(1)] = {"█", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    uint64_t n_eighths = full == 0 ? 0 : value * n_columns * 8 / full;
    if (value > 0 && n_eighths == 0) {
        n_eighths = 1; /* a little is not nothing */
    }
    unsigned n_drawn = 0;
    for (; n_eighths > 0; n_drawn++) {
        uint64_t n_here = n_eighths < 8 ? n_eighths : 8;
        memcpy(to, eighths[n_here % 8], BAR_BYTES(1) - 1);
        to += BAR_BYTES(1) - 1;
        n_eighths -= n_here;
    }
    memset(to, ' ', n_columns - n_drawn);
    to[n_columns - n_drawn] = '\0';
    return to;
}
