/* overflow.c: before initramfs_find: adds one to the largest int. */
#include <file.h>

bool __real_initramfs_find(const char *path, struct stored_file *file);
bool __wrap_initramfs_find(const char *path, struct stored_file *file);

bool __wrap_initramfs_find(const char *path, struct stored_file *file) {
    static volatile int n_calls = __INT_MAX__;
    n_calls = n_calls + 1;
    return __real_initramfs_find(path, file);
}
