/* trap.c: what happens when a process traps, in the shape of a RISC-V xv6's usertrap. There are no devices. */

/* The kernel's headers need this order. */
/* clang-format off */
#include "types.h"
#include "param.h"
#include "memlayout.h"
#include "riscv.h"
#include "defs.h"
#include "proc.h"
/* clang-format on */

static int devintr(void) {
    return 0;
}

/* clang-format off */
void
usertrap(void)
{
  int which_dev = 0;
  struct proc *p = myproc();

  if(r_scause() == 8){
    p->n_calls++;
  } else if((which_dev = devintr()) != 0){
    // ok
  } else {
    p->killed = 1;
  }
}
