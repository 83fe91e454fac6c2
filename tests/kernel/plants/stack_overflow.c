/* stack_overflow.c: before initramfs_find: calls itself without end. */
#include <file.h>

bool __wrap_initramfs_find(const char *path, struct stored_file *file);

bool __wrap_initramfs_find(const char *path, struct stored_file *file) {
    static volatile bool enough;
    volatile char room[256];
    room[0] = path[0];
    return enough || (__wrap_initramfs_find(path, file) && room[0] == path[0]);
}
