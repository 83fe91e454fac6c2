/* counted_exit.c: in a program that counts what is run (coverage.mk), _exit writes the counters, too. Many tests of misuse end
 * so: in a process of their own, by a panic. */

/* Called by the linker's --wrap, so nothing declares them. */
extern void __gcov_dump(void);
extern _Noreturn void __real__exit(int status);
extern _Noreturn void __wrap__exit(int status);

void __wrap__exit(int status) {
    __gcov_dump();
    __real__exit(status);
}
