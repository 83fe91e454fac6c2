/* threads.h: threads on CPUs, and clocks. */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#define MAX_WORKERS 64u

/* The CPUs that this process may use, but <= MAX_WORKERS. */
unsigned n_usable_cpus(void);

/* Binds this thread to a processor and names it to the port: `cpu` counts the usable ones, round and round. */
void become_cpu(unsigned cpu);

/* Runs body(arg) in a thread of its own that became `cpu`, and waits for its end. */
void run_on_cpu(unsigned cpu, void (*body)(void *arg), void *arg);

/* Runs body(arg[i]) for i in [0, n), each in a thread of its own, and waits for all of them. */
void run_threads(unsigned n, void *(*body)(void *arg), void *const arg[]);

double thread_ns(void); /* processor time that this thread had */
double seconds(void);   /* by the clock on the wall */

/* Ns that it takes one cache line to go from one CPU to another and back. Needs two CPUs. */
double line_round_trip(void);

/* Ns of an atomic exchange on a cache line that only this CPU uses. */
double exchange_ns(void);

#endif
