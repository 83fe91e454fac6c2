/* proc.h: a process, which is an address space and the four registers that user.S knows about. */
struct proc {
    uint64 satp, pc, a0, a1; /* user.S relies on this order */
    pagetable_t pagetable;
    uint64 sz;
    int killed;
    int n_calls; /* of the system */
};

struct proc *myproc(void);
void enter_user(struct proc *p); /* returns when the process traps */
