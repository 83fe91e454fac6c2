/* child.h: measurements in a process of their own, on memory that nobody has touched. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include "peer.h"

/* Writes its figures; may end the process instead. `memory` is the only memory that exists there. */
typedef void child_body(const void *arg, const struct memory *memory, double *figures);

/* Runs the body in a child process with n_bytes of memory. What the child takes beside that is limited. n figures, NAN where there
 * are none. */
void in_child(child_body *body, const void *arg, uint64_t n_bytes, double *figures, unsigned n);

#endif
