/* init.c: the first process: greets, and starts the shell.
 *
 * Its status is the shell's. The kernel switches the machine off when the last process has ended. */
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

/* Ends what the shell left running in the background; every number in use is lower than a new process's. */
static void end_all_others(void) {
    int newest = fork();
    if (newest == 0) {
        exit(0);
    }
    for (int pid = getpid() + 1; pid < newest; pid++) {
        kill(pid);
    }
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    char *shell[] = {"sh", NULL};
    greet();
    int status = run(shell);
    if (status < 0 || status >= 256) {
        print_to(ERR, "init: the shell %s\n", status < 0 ? "did not start" : status_text(status));
        status = 1;
    }
    end_all_others();
    return status;
}
