/* print.c: formatted text to the console or to a buffer, and the end of the kernel. */
#include <console.h>
#include <kernel.h>
#include <stdarg.h>

/* Where text goes: into the buffer, or to the console when there is none. */
struct sink {
    char *to;
    size_t n_left; /* bytes, the terminator's included */
};

struct number {
    unsigned long value;
    bool negative, left, zeros;
    unsigned width, base;
};

static void put(struct sink *sink, char c) {
    if (sink->to == NULL) {
        arch_putc(c);
    } else if (sink->n_left > 1) {
        *sink->to++ = c;
        sink->n_left--;
    }
}

static void put_padding(struct sink *sink, char c, size_t width, size_t n) {
    for (; n < width; n++) {
        put(sink, c);
    }
}

static void put_string(struct sink *sink, const char *s, const struct number *format) {
    size_t n = strlen(s);
    if (!format->left) {
        put_padding(sink, ' ', format->width, n);
    }
    for (const char *c = s; *c != '\0'; c++) {
        put(sink, *c);
    }
    if (format->left) {
        put_padding(sink, ' ', format->width, n);
    }
}

static void put_number(struct sink *sink, const struct number *number) {
    char digits[24];
    unsigned n = 0;
    unsigned long rest = number->value;
    do {
        digits[n++] = "0123456789abcdef"[rest % number->base];
        rest /= number->base;
    } while (rest > 0);
    if (number->negative) {
        digits[n++] = '-';
    }
    if (!number->left) {
        put_padding(sink, number->zeros ? '0' : ' ', number->width, n);
    }
    for (unsigned i = n; i > 0; i--) {
        put(sink, digits[i - 1]);
    }
    if (number->left) {
        put_padding(sink, ' ', number->width, n);
    }
}

/* Flags and width; returns what follows them. */
static const char *read_width(const char *f, struct number *number) {
    for (; *f == '-' || *f == '0'; f++) {
        number->left |= *f == '-';
        number->zeros |= *f == '0';
    }
    for (; *f >= '0' && *f <= '9'; f++) {
        number->width = number->width * 10 + (unsigned)(*f - '0');
    }
    return f;
}

static void put_signed(struct sink *sink, struct number *number, long value) {
    number->negative = value < 0;
    number->value = value < 0 ? 0 - (unsigned long)value : (unsigned long)value;
    put_number(sink, number);
}

/* One conversion, from after its %; returns its last character. */
static const char *put_conversion(struct sink *sink, const char *f, va_list *arguments) {
    struct number number = {.base = 10};
    f = read_width(f, &number);
    bool is_long = *f == 'l';
    f += is_long;
    switch (*f) {
    case 'c':
        put(sink, (char)va_arg(*arguments, int));
        break;
    case 's':
        put_string(sink, va_arg(*arguments, const char *), &number);
        break;
    case 'd':
        put_signed(sink, &number, is_long ? va_arg(*arguments, long) : va_arg(*arguments, int));
        break;
    case 'u':
    case 'x':
        number.base = *f == 'x' ? 16 : 10;
        number.value = is_long ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned);
        put_number(sink, &number);
        break;
    default:
        put(sink, *f);
    }
    return f;
}

static void put_format(struct sink *sink, const char *f, va_list *arguments) {
    for (; *f != '\0'; f++) {
        if (*f == '%') {
            f = put_conversion(sink, f + 1, arguments);
        } else {
            put(sink, *f);
        }
    }
}

void print(const char *format, ...) {
    struct sink console = {0};
    va_list arguments;
    va_start(arguments, format);
    bool on = console_hold();
    put_format(&console, format, &arguments);
    console_let_go(on);
    va_end(arguments);
}

void print_to(char *to, size_t n, const char *format, ...) {
    struct sink buffer = {.to = to, .n_left = n};
    va_list arguments;
    va_start(arguments, format);
    put_format(&buffer, format, &arguments);
    va_end(arguments);
    *buffer.to = '\0';
}

/* Of several CPUs that panic, the first one speaks and the others wait for the end. */
void panic(const char *format, ...) {
    static atomic_bool speaking;
    struct sink console = {0};
    va_list arguments;
    va_start(arguments, format);
    arch_interrupts_off();
    while (atomic_exchange(&speaking, true)) {
        ;
    }
    console_seize();
    put_format(&console, "\nkernel panic: ", &arguments);
    put_format(&console, format, &arguments);
    put(&console, '\n');
    arch_poweroff(STATUS_PANIC);
}
