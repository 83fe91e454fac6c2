/* options.c: the kernel's command line. */
#include <options.h>

struct options options;

static bool begins(const char *word, size_t n, const char *with) {
    size_t n_with = strlen(with);
    return n >= n_with && memcmp(word, with, n_with) == 0;
}

static bool is(const char *word, size_t n, const char *what) {
    return n == strlen(what) && begins(word, n, what);
}

static unsigned number(const char *digits, size_t n) {
    unsigned value = 0;
    for (size_t i = 0; i < n && digits[i] >= '0' && digits[i] <= '9'; i++) {
        value = value * 10 + (unsigned)(digits[i] - '0');
    }
    return value;
}

static void read_word(const char *word, size_t n) {
    if (begins(word, n, "run=")) {
        options.run = word + 4;
        options.n_run = n - 4;
    } else if (is(word, n, "recover")) {
        options.recover = true;
    } else if (is(word, n, "count")) {
        options.count = true;
    } else if (is(word, n, "poison")) {
        options.content = QUIRE_CONTENT_POISON;
    } else if (is(word, n, "junk")) {
        options.content = QUIRE_CONTENT_JUNK;
    } else if (is(word, n, "zero")) {
        options.content = QUIRE_CONTENT_ZERO;
    } else if (is(word, n, "kit") || is(word, n, "kit=fault")) {
        options.kit = true;
        options.kit_fault = n > 3;
    } else if (begins(word, n, "tick=")) {
        options.tick_us = number(word + 5, n - 5);
    } else if (is(word, n, "irqalloc")) {
        options.allocate_in_interrupts = true;
    } else {
        char text[32];
        print_to(text, n < sizeof text ? n + 1 : sizeof text, "%s", word);
        print("kernel: the option '%s' is unknown; there are run=NAME,ARGUMENT,... poison junk zero irqalloc "
              "tick=MICROSECONDS recover count kit kit=fault\n",
              text);
    }
}

void options_read(const char *line) {
    options.run = "init";
    options.n_run = 4;
    while (*line != '\0') {
        size_t n = 0;
        while (line[n] != '\0' && line[n] != ' ') {
            n++;
        }
        if (n > 0) {
            read_word(line, n);
        }
        line += n;
        if (*line == ' ') {
            line++;
        }
    }
}

int options_arguments(struct arguments *arguments) {
    size_t begin = 0;
    int error = 0;
    for (size_t i = 0; i <= options.n_run && error == 0; i++) {
        if (i == options.n_run || options.run[i] == ',') {
            error = arguments_add(arguments, options.run + begin, i - begin);
            begin = i + 1;
        }
    }
    return error;
}
