/* user.h: what a program can use: the system calls, and a small library.
 *
 * There is no heap manager: a program that wants memory takes pages with grow(). Text goes out unbuffered, one write
 * for each call of print() where it fits, so that lines of several processes do not mix. */
#ifndef USER_H
#define USER_H

#include <abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE         4096u
#define MIB          (1024u * 1024)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { IN, OUT, ERR }; /* the descriptors that every program is started with */

int main(int argc, char *argv[]); /* what each program defines */

/* ---- system calls --------------------------------------------------------------------------------------- */

/* abi.h says what each does. A negative result is -enum error. */
_Noreturn void exit(int status);
int fork(void);
int exec(const char *path, char *const argv[]);
int wait(int *status);
int kill(int pid);
int getpid(void);
intptr_t sbrk(intptr_t n_bytes);
int pipe(int fd[2]);
int dup(int fd);
int open(const char *path, int flags);
int close(int fd);
long read(int fd, void *to, size_t n);
long write(int fd, const void *from, size_t n);
int sleep_ms(unsigned milliseconds);
uint64_t uptime_ms(void);
long meminfo(struct meminfo *to, char *map, size_t n_map);
long list(unsigned i, char name[ABI_NAME]);
int poweroff(int status);

/* For badtest: any of them by number, and what no program may do. */
long system_call(long number, long a, long b, long c);
void privileged_instruction(void);

/* Instructions that this CPU has retired, where the kernel lets programs ask; else it ends the program. */
uint64_t instructions_retired(void);

/* ---- text out ------------------------------------------------------------------------------------------- */

/* Understands %c %s %d %u %x %%, with l or z for longer numbers, a width (also *), and the flags - and 0. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_to(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints to ERR and ends the program with status 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A bar, drawn to an eighth of a column and filled up with blanks: all n_columns if value == full, at least a little if
 * it is not 0. Takes BAR_BYTES(n_columns) bytes at the most; returns where the blanks begin. */
char *draw_bar(char *to, uint64_t value, uint64_t full, unsigned n_columns);
#define BAR_BYTES(n_columns) (3 * (n_columns) + 1)

const char *error_text(long result); /* "no such file", ...: for the negative result of a system call */
const char *status_text(int status); /* "exit", "killed", ...: for a status of wait */

/* ---- text in -------------------------------------------------------------------------------------------- */

/* Reads up to a newline, which is dropped, and terminates the line. Returns its length, or -1 at the end of the input.
 * What does not fit is lost, and the length is then >= n. */
long read_line(int fd, char *line, size_t n);

/* A decimal number and nothing else; false, and *number is unchanged, if `text` is not one or it does not fit. */
bool parse_number(const char *text, uint64_t *number);

/* The number in argv[i], or `otherwise` if there are not so many arguments; no number ends the program. */
uint64_t argument(int argc, char *argv[], int i, uint64_t otherwise);

/* ---- strings and memory --------------------------------------------------------------------------------- */

size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
bool is_one_of(char c, const char *set);
#define BLANKS " \t\r\n"
void *memset(void *to, int byte, size_t n);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);

/* n_bytes more of zeroed heap, at its old end; ends the program if the address space has no room for them. */
void *grow(size_t n_bytes);

/* ---- processes ------------------------------------------------------------------------------------------ */

int spawn(char *const argv[]); /* a child that runs argv[0]; its pid, or the error of fork */
int run(char *const argv[]);   /* spawn, and wait for it: its status, or the error of fork */

#endif
