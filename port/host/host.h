/* host.h: the allocator in an ordinary POSIX process, for tests, tools and benchmarks.
 *
 * Physical memory is simulated: each range given to host_ram_add is an untouched anonymous mapping, so that ranges of any
 * size cost only what is written to them. */
#ifndef HOST_H
#define HOST_H

#include <quire/fault.h>
#include <quire/region.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes [base, base + n_bytes) exist; ends the program with a message where it can not. At most HOST_RAM_MAX ranges. */
#define HOST_RAM_MAX 64
void host_ram_add(quire_pa base, uint64_t n_bytes);
void host_ram_clear(void); /* unmaps all of it */

/* Maps all of it at other addresses, with the same contents, as another kernel would; the old ones are no more.
 * `writable` false: for reading only. */
void host_ram_move(bool writable);

/* The CPU number of this thread, 0 until set. Any value is allowed. */
void host_set_cpu(unsigned cpu);
extern __thread unsigned host_this_cpu; /* for host_cpu.h; _Thread_local is no word of C++ */

/* What a fault does: print it and abort (the default), or be kept for host_take_faults and return. */
void host_keep_faults(bool keep);

/* The number of faults kept since the last call, over all threads; *last (where not NULL) is the latest of them. */
unsigned host_take_faults(struct quire_fault *last);

#ifdef __cplusplus
}
#endif

#endif
