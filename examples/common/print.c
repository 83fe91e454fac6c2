/* print.c: formatted text, as little of it as the examples need. */
#include "example.h"
#include <stdarg.h>

static void put_text(const char *text) {
    while (*text != '\0') {
        console_put(*text++);
    }
}

static void put_decimal(unsigned value) {
    char digits[11];
    char *first = &digits[10];
    *first = '\0';
    do {
        *--first = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put_text(first);
}

static void put_address(uint64_t value) {
    put_text("0x");
    for (int i = 0; i < 16; i++, value <<= 4) {
        console_put("0123456789abcdef"[value >> 60]);
    }
}

void print(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            console_put(*format);
            continue;
        }
        switch (*++format) {
        case 's':
            put_text(va_arg(arguments, const char *));
            break;
        case 'u':
            put_decimal(va_arg(arguments, unsigned));
            break;
        case 'x':
            put_address(va_arg(arguments, uint64_t));
            break;
        }
    }
    va_end(arguments);
}

void fault_exit(const struct quire_fault *fault) {
    print("FAULT: %s: %s: %s (frame at %x, owner %u)\n", fault->call, quire_fault_name(fault->kind), fault->detail,
          fault->pa, (unsigned)fault->tag);
    machine_exit(2);
}
