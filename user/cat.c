/* cat.c: copies files, or its input, to its output. */
#include "user.h"

static void copy(int from) {
    static char buffer[PAGE];
    long n;
    while ((n = read(from, buffer, sizeof(buffer))) > 0) {
        for (long done = 0; done < n;) {
            long n_written = write(OUT, buffer + done, (size_t)(n - done));
            if (n_written <= 0) {
                exit(1); /* nobody reads it */
            }
            done += n_written;
        }
    }
}

int main(int argc, char *argv[]) {
    if (argc == 1) {
        copy(IN);
    }
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i], ABI_OPEN_READ);
        if (fd < 0) {
            fail("cat: %s: %s\n", argv[i], error_text(fd));
        }
        copy(fd);
        close(fd);
    }
    return 0;
}
