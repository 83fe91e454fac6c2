/* text_write.c: before initramfs_find: writes into the kernel's own instructions. */
#include <file.h>

bool __wrap_initramfs_find(const char *path, struct stored_file *file);

bool __wrap_initramfs_find(const char *path, struct stored_file *file) {
    (void)path, (void)file;
    *(volatile char *)kernel_image = 0;
    return true;
}
