/* wc.c: counts the lines, words and bytes of files, or of its input. */
#include "user.h"

struct counts {
    uint64_t n_lines, n_words, n_bytes;
};

static struct counts count(int fd) {
    static char buffer[PAGE];
    struct counts counts = {0};
    bool in_word = false;
    long n;
    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        counts.n_bytes += (uint64_t)n;
        for (long i = 0; i < n; i++) {
            bool blank = is_one_of(buffer[i], BLANKS);
            counts.n_lines += buffer[i] == '\n';
            counts.n_words += !blank && !in_word;
            in_word = !blank;
        }
    }
    return counts;
}

static void show(struct counts counts, const char *name) {
    print("%7lu %7lu %7lu %s\n", counts.n_lines, counts.n_words, counts.n_bytes, name);
}

int main(int argc, char *argv[]) {
    if (argc == 1) {
        show(count(IN), "");
    }
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i], ABI_OPEN_READ);
        if (fd < 0) {
            fail("wc: %s: %s\n", argv[i], error_text(fd));
        }
        show(count(fd), argv[i]);
        close(fd);
    }
    return 0;
}
