/* program.c: what most programs need: arguments, lines of input, memory, other programs, errors in words. */
#include "user.h"

long read_line(int fd, char *line, size_t n) {
    size_t length = 0;
    for (;;) {
        char c;
        if (read(fd, &c, 1) <= 0) { /* byte by byte: what follows the line may be for another process */
            if (length == 0) {
                return -1;
            }
            break;
        }
        if (c == '\n') {
            break;
        }
        if (length < n - 1) {
            line[length] = c;
        }
        length++;
    }
    line[length < n - 1 ? length : n - 1] = '\0';
    return (long)length;
}

uint64_t argument(int argc, char *argv[], int i, uint64_t otherwise) {
    uint64_t number = otherwise;
    if (i < argc && !parse_number(argv[i], &number)) {
        fail("%s: '%s' is not a number\n", argv[0], argv[i]);
    }
    return number;
}

void *grow(size_t n_bytes) {
    intptr_t old_end = sbrk((intptr_t)n_bytes);
    if (old_end < 0) {
        fail("cannot grow by %zu bytes: %s\n", n_bytes, error_text(old_end));
    }
    return (void *)old_end;
}

int spawn(char *const argv[]) {
    int pid = fork();
    if (pid != 0) {
        return pid;
    }
    int error = exec(argv[0], argv);
    fail("%s: %s\n", argv[0], error_text(error));
}

int run(char *const argv[]) {
    int pid = spawn(argv);
    if (pid < 0) {
        return pid;
    }
    for (;;) {
        int status = 0;
        int ended = wait(&status);
        if (ended == pid || ended < 0) { /* other children may end before it */
            return ended < 0 ? ended : status;
        }
    }
}

const char *error_text(long result) {
    static const char *const texts[] = {
        [E_NOMEM] = "no memory",
        [E_INVAL] = "an argument that means nothing",
        [E_FAULT] = "bad address",
        [E_NOENT] = "no such file or process",
        [E_BADF] = "no such descriptor, or not open for that",
        [E_CHILD] = "no children",
        [E_PIPE] = "nobody reads any more",
        [E_MFILE] = "too many open files",
        [E_AGAIN] = "too many processes",
        [E_INTR] = "killed while waiting",
        [E_NOEXEC] = "not a program for this machine",
    };
    unsigned long error = 0 - (unsigned long)result;
    return error < COUNT(texts) && texts[error] != NULL ? texts[error] : "unknown error";
}

const char *status_text(int status) {
    switch (status - 256) {
    case DEATH_KILLED:
        return "killed";
    case DEATH_FAULT:
        return "ended by a bad access";
    case DEATH_NOMEM:
        return "ended by want of memory";
    default:
        return "exit";
    }
}
