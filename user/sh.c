/* sh.c: the shell: programs alone, in pipes, in the background.
 *
 *   line      pipeline, then any number of: ';' or '&' and a pipeline; '&' leaves the pipeline before it running
 *   pipeline  commands joined by '|'
 *   command   words, with '< file' and '> /dev/null' among them
 *
 * A line is read token by token, and each pipeline runs before the next one is read. A job in the background is the
 * child of a process that ends at once: an orphan, for which the kernel waits, so that the shell never has to. */
#include "user.h"

enum { N_LINE = 256, N_COMMANDS = 8, UNKNOWN_PROGRAM = 127 };

struct command {
    char *argv[ABI_ARGS + 1];
    unsigned argc;
    char *input, *output; /* NULL: as the shell's */
};

struct pipeline {
    struct command command[N_COMMANDS];
    unsigned n_commands;
    bool background;
};

/* ---- taking a line apart -------------------------------------------------------------------------------- */

#define OPERATORS "|&;<>"

/* One of the operators, 'w' for a word, or '\0' at the end of the line. */
struct token {
    char kind;
    char *word;
};

struct reader {
    const char *at;
    char *room; /* for the words, which together are not longer than the line */
};

static struct token next_token(struct reader *reader) {
    while (is_one_of(*reader->at, BLANKS)) {
        reader->at++;
    }
    char c = *reader->at;
    if (c == '\0') {
        return (struct token){.kind = '\0'};
    }
    if (is_one_of(c, OPERATORS)) {
        reader->at++;
        return (struct token){.kind = c};
    }
    struct token token = {.kind = 'w', .word = reader->room};
    while (*reader->at != '\0' && !is_one_of(*reader->at, BLANKS OPERATORS)) {
        *reader->room++ = *reader->at++;
    }
    *reader->room++ = '\0';
    return token;
}

/* Adds a token to the command; returns what is wrong with it, or NULL. */
static const char *add_to_command(struct command *command, struct token token, struct reader *reader) {
    if (token.kind == 'w') {
        if (command->argc == ABI_ARGS) {
            return "too many arguments";
        }
        command->argv[command->argc++] = token.word;
        return NULL;
    }
    struct token file = next_token(reader);
    if (file.kind != 'w') {
        return token.kind == '<' ? "a file name must follow '<'" : "a file name must follow '>'";
    }
    *(token.kind == '<' ? &command->input : &command->output) = file.word;
    return NULL;
}

/* Reads tokens up to the end of a pipeline, which *end tells. Returns what is wrong, or NULL. */
static const char *parse_pipeline(struct reader *reader, struct pipeline *pipeline, char *end) {
    *pipeline = (struct pipeline){.n_commands = 1};
    struct command *command = &pipeline->command[0];
    for (;;) {
        struct token token = next_token(reader);
        const char *wrong = NULL;
        switch (token.kind) {
        case 'w':
        case '<':
        case '>':
            wrong = add_to_command(command, token, reader);
            break;
        case '|':
            if (command->argc == 0) {
                wrong = "a command is missing before '|'";
            } else if (pipeline->n_commands == N_COMMANDS) {
                wrong = "too many commands in one pipeline";
            } else {
                command = &pipeline->command[pipeline->n_commands++];
            }
            break;
        default:
            *end = token.kind;
            pipeline->background = token.kind == '&';
            if (command->argc == 0 && (pipeline->n_commands > 1 || command->input != NULL || command->output != NULL)) {
                return "a command is missing";
            }
            return NULL;
        }
        if (wrong != NULL) {
            return wrong;
        }
    }
}

/* ---- running it ----------------------------------------------------------------------------------------- */

/* Closes the end of a pipe; what is the shell's own stays open. */
static void drop(int fd) {
    if (fd > ERR) {
        close(fd);
    }
}

/* Makes `fd` be what `file` was; dup gives the lowest free number, which is then `fd`. */
static void become(int fd, int file) {
    if (fd != file) {
        close(fd);
        dup(file);
        close(file);
    }
}

static void redirect(int fd, const char *path) {
    int file = open(path, fd == IN ? ABI_OPEN_READ : ABI_OPEN_WRITE);
    if (file < 0) {
        fail("sh: %s: %s\n", path, error_text(file));
    }
    become(fd, file);
}

/* In a child: turns into the program. */
static _Noreturn void become_program(struct command *command) {
    if (command->input != NULL) {
        redirect(IN, command->input);
    }
    if (command->output != NULL) {
        redirect(OUT, command->output);
    }
    int error = exec(command->argv[0], command->argv);
    if (error == -E_NOENT) {
        print_to(ERR, "sh: %s: unknown command; `help` lists them\n", command->argv[0]);
    } else {
        print_to(ERR, "sh: %s: %s\n", command->argv[0], error_text(error));
    }
    exit(UNKNOWN_PROGRAM);
}

/* Starts a command that reads from `from` and writes to pipe[1]; pipe[0] is for the command after it. */
static int start(struct command *command, int from, const int pipe[2]) {
    int pid = fork();
    if (pid == 0) {
        drop(pipe[0]);
        become(IN, from);
        become(OUT, pipe[1]);
        become_program(command);
    }
    return pid;
}

/* Waits for the processes of a pipeline and returns the status of the last one. */
static int wait_for(const int pid[], unsigned n) {
    int last_status = 1;
    for (unsigned n_ended = 0; n_ended < n; n_ended++) {
        int status = 0;
        int ended = wait(&status);
        if (status == 256 + DEATH_KILLED) { /* of the other deaths the kernel tells */
            print_to(ERR, "sh: process %d was killed\n", ended);
        }
        if (ended == pid[n - 1]) {
            last_status = status;
        }
    }
    return last_status;
}

static int run_pipeline(struct pipeline *pipeline) {
    int pid[N_COMMANDS];
    int from = IN;
    unsigned n = 0;
    for (; n < pipeline->n_commands; n++) {
        int fd[2] = {IN, OUT}; /* of the last command: the shell's own */
        int error = n + 1 < pipeline->n_commands ? pipe(fd) : 0;
        pid[n] = error < 0 ? error : start(&pipeline->command[n], from, fd);
        drop(from);
        drop(fd[1]);
        from = fd[0];
        if (pid[n] < 0) {
            print_to(ERR, "sh: %s: %s\n", pipeline->command[n].argv[0], error_text(pid[n]));
            break;
        }
    }
    drop(from);
    return n == 0 ? 1 : wait_for(pid, n);
}

static void run_in_background(struct pipeline *pipeline) {
    int pid = fork();
    if (pid < 0) {
        print_to(ERR, "sh: %s\n", error_text(pid));
    } else if (pid > 0) {
        wait(NULL);
    } else {
        int job = fork();
        if (job == 0) {
            redirect(IN, "/dev/null"); /* the terminal is the shell's */
            if (pipeline->n_commands == 1) {
                become_program(&pipeline->command[0]);
            }
            exit(run_pipeline(pipeline));
        }
        if (job < 0) {
            fail("sh: %s\n", error_text(job));
        }
        print("[%d]\n", job);
        exit(0);
    }
}

/* ---- what the shell does itself ------------------------------------------------------------------------- */

static void help(void) {
    print("Programs:\n");
    char *cat[] = {"cat", "programs", NULL};
    run(cat);
    print("The shell itself:\n"
          "  help       shows this\n"
          "  exit [N]   ends the shell with status N, and switches the machine off; so does Ctrl-D\n"
          "  a | b      b reads what a writes         a ; b          b after a\n"
          "  a < file   a reads a file                a > /dev/null  what a writes is dropped\n"
          "  a &        a goes on in the background   kill PID       ends it\n");
}

/* Runs a command of the shell's own; false if it is none. */
static bool run_builtin(struct command *command) {
    if (strcmp(command->argv[0], "help") == 0) {
        help();
        return true;
    }
    if (strcmp(command->argv[0], "exit") == 0) {
        uint64_t status = 0;
        if (command->argc > 1 && !parse_number(command->argv[1], &status)) {
            print_to(ERR, "sh: exit: '%s' is not a number\n", command->argv[1]);
            return true;
        }
        exit((int)(status & 0xff));
    }
    return false;
}

static void run_line(const char *line) {
    static struct pipeline pipeline;
    static char words[N_LINE];
    struct reader reader = {.at = line, .room = words};
    for (char end = ';'; end != '\0';) {
        const char *wrong = parse_pipeline(&reader, &pipeline, &end);
        if (wrong != NULL) {
            print_to(ERR, "sh: %s\n", wrong);
            return;
        }
        if (pipeline.command[0].argc == 0) {
            continue; /* an empty line, or nothing between two ';' */
        }
        if (pipeline.background) {
            run_in_background(&pipeline);
        } else if (pipeline.n_commands > 1 || !run_builtin(&pipeline.command[0])) {
            run_pipeline(&pipeline);
        }
    }
}

int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
    static char line[N_LINE];
    for (;;) {
        print("$ ");
        long n = read_line(IN, line, sizeof(line));
        if (n < 0) {
            print("\n");
            return 0;
        }
        if (n >= N_LINE) {
            print_to(ERR, "sh: a line has at most %d characters\n", N_LINE - 1);
            continue;
        }
        run_line(line);
    }
}
