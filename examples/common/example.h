/* example.h: what the examples share. An example shows how a kernel starts, prints, learns where its memory is and ends; what
 * follows is the same for all, and is here: words for the console, a picture of memory, and an allocator put to use.
 *
 * Freestanding C11. Nothing of it is needed to use Quire. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <quire/quire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what each example gives ------------------------------------------------------------------------------ */

void console_put(char c);                                /* prints it; a '\n' begins a new line */
__attribute__((noreturn)) void machine_exit(int status); /* 0: all is well */

/* ---- what it gets ----------------------------------------------------------------------------------------- */

/* Formatted text: %s a string, %u an unsigned, %x an address (uint64_t) in hexadecimal. */
void print(const char *format, ...);

/* Draws all memory of the allocator, a letter for each 2 MiB; the title stands above it. */
void picture(const struct quire *q, const char *title);
void picture_key(void); /* what the letters mean */

/* Tries whether the port and the memory map are right, all memory included, and prints what is not. */
bool port_is_right(struct quire *q);

/* Tries the port, takes one frame, some side by side, shares one and copies it, takes all there are, and gives everything back, with a
 * picture here and there. All frames must be mapped. Returns the status to exit with: 0, or 1 where something was not as the
 * contract says, which is printed. */
int exercise(struct quire *q);

/* For quire_port_fault: prints the fault and exits with status 2. */
__attribute__((noreturn)) void fault_exit(const struct quire_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
