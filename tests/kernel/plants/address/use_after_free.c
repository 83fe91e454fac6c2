/* use_after_free.c: before arguments_free: looks once more at what was freed. */
#include <process.h>

void __real_arguments_free(struct arguments *arguments);
void __wrap_arguments_free(struct arguments *arguments);

void __wrap_arguments_free(struct arguments *arguments) {
    static volatile unsigned n_freed;
    __real_arguments_free(arguments);
    n_freed = n_freed + arguments->n;
}
