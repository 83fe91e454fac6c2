/* console.c: the terminal: whole texts out, edited lines in.
 *
 * The firmware has no interrupt for typed characters that we could use, so CPU 0 asks at each tick. What is typed is
 * echoed and gathered in one buffer: first the n_ready characters that programs may read, which end with a newline
 * or where Ctrl-D was typed, then the line that is still being edited. */
#include <console.h>

enum { CTRL_D = 4, BACKSPACE = 8, RETURN = 13, DELETE = 127, CONSOLE_BYTES = 256 };

static struct lock output_lock; /* held while one CPU's text is printed */

static struct {
    struct lock lock;
    struct queue readers;
    char typed[CONSOLE_BYTES];
    size_t n_ready, n_typed; /* n_ready <= n_typed */
    bool ended;              /* Ctrl-D on an empty line: the next read finds the end */
} input;

/* ---- out ------------------------------------------------------------------------------------------------ */

bool console_hold(void) {
    return lock_acquire(&output_lock);
}

void console_let_go(bool interrupts_were_on) {
    lock_release(&output_lock, interrupts_were_on);
}

void console_seize(void) {
    lock_acquire_within(&output_lock, 1000000);
}

long console_write(struct space *space, uintptr_t from, size_t n) {
    char text[128];
    for (size_t done = 0, part; done < n; done += part) {
        part = n - done < sizeof text ? n - done : sizeof text;
        int error = atomic_load(&current()->killed) ? -E_INTR : copy_from(space, text, from + done, part);
        if (error != 0) {
            return done > 0 ? (long)done : error;
        }
        bool on = console_hold();
        for (size_t i = 0; i < part; i++) {
            arch_putc(text[i]);
        }
        console_let_go(on);
    }
    return (long)n;
}

/* ---- in ------------------------------------------------------------------------------------------------- */

static void line_is_ready(void) {
    input.n_ready = input.n_typed;
    wake_all(&input.readers);
}

static void type(char c) {
    if (c == BACKSPACE || c == DELETE) {
        if (input.n_typed > input.n_ready) {
            input.n_typed--;
            print("\b \b");
        }
    } else if (c == CTRL_D) {
        input.ended = input.n_typed == input.n_ready;
        line_is_ready();
    } else if (c == RETURN || c == '\n') {
        input.typed[input.n_typed++] = '\n'; /* console_poll left room for it */
        print("\n");
        line_is_ready();
    } else if (c >= ' ' && input.n_typed < CONSOLE_BYTES - 1) {
        input.typed[input.n_typed++] = c;
        print("%c", c);
    }
}

void console_poll(void) {
    bool on = lock_acquire(&input.lock);
    int c;
    while (input.n_typed < CONSOLE_BYTES && !input.ended && (c = arch_getc()) >= 0) {
        type((char)c);
    }
    lock_release(&input.lock, on);
}

/* The lock is held and something is ready: up to a newline. */
static long take_line(struct space *space, uintptr_t to, size_t n) {
    size_t n_line = 0;
    while (n_line < n && n_line < input.n_ready && (n_line == 0 || input.typed[n_line - 1] != '\n')) {
        n_line++;
    }
    int error = copy_to(space, to, input.typed, n_line);
    if (error != 0) {
        return error;
    }
    memmove(input.typed, input.typed + n_line, input.n_typed - n_line);
    input.n_typed -= n_line;
    input.n_ready -= n_line;
    return (long)n_line;
}

long console_read(struct space *space, uintptr_t to, size_t n) {
    struct process *process = current();
    bool on = lock_acquire(&input.lock);
    while (input.n_ready == 0 && !input.ended && !atomic_load(&process->killed)) {
        wait_in(&input.readers, &input.lock);
    }
    long result = 0;
    if (atomic_load(&process->killed)) {
        result = -E_INTR;
    } else if (input.n_ready > 0) {
        result = take_line(space, to, n);
    } else {
        input.ended = false;
    }
    lock_release(&input.lock, on);
    return result;
}
