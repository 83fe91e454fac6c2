/* init.c: the first process: starts the shell, or the program it is told, and switches off after it.
 *
 * Every process whose parent ended becomes a child of this one, so it waits for whatever ends until the one that it
 * started does. The machine is then powered off with that one's status. */
#include "user.h"

static void greet(void) {
    char text[512];
    int fd = open("motd", ABI_OPEN_READ);
    long n = read(fd, text, sizeof(text));
    if (n > 0) {
        write(OUT, text, (size_t)n);
    }
    close(fd);
}

int main(int argc, char *argv[]) {
    char *shell[] = {"sh", NULL};
    if (argc <= 1) {
        greet();
    }
    int status = run(argc > 1 ? argv + 1 : shell);
    if (status >= 256 || status < 0) {
        print_to(ERR, "init: %s: %s\n", argc > 1 ? argv[1] : shell[0],
                 status < 0 ? error_text(status) : death_text(status));
        status = 1;
    }
    poweroff(status);
    return 1;
}
