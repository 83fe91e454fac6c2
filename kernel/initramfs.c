/* initramfs.c: the archive that comes with the kernel, in cpio's "newc" format (Linux, Documentation/driver-api/
 * early-userspace/buffer-format.rst): for each file a header of 110 characters, its name, and its contents, the last
 * two padded to a multiple of 4. Numbers are 8 hexadecimal digits. The file named TRAILER!!! ends it.
 *
 * It stays where the firmware put it. Its few files are looked for from the front each time. */
#include <file.h>
#include <kernel.h>

enum { HEADER_BYTES = 110, FIELD_MODE = 1, FIELD_SIZE = 6, FIELD_NAME_SIZE = 11 };

#define MODE_TYPE    0170000u
#define MODE_REGULAR 0100000u

static const char *archive;
static size_t archive_bytes;

void initramfs_init(const void *start, size_t n_bytes) {
    archive = start;
    archive_bytes = n_bytes;
}

static bool read_field(const char *header, unsigned field, size_t *value) {
    const char *digits = header + 6 + 8 * field;
    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        char c = digits[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 0x20u) - 'a' + 10;
        if (digit > 15) {
            return false;
        }
        *value = *value << 4 | digit;
    }
    return true;
}

static size_t padded(size_t n) {
    return (n + 3) & ~(size_t)3;
}

/* The file whose header is at *at, which moves on to the next; false: the archive ends here, or is broken. */
static bool next_entry(size_t *at, struct stored_file *file, size_t *mode) {
    size_t n_name, left = archive_bytes - *at;
    const char *header = archive + *at;
    if (left < HEADER_BYTES || memcmp(header, "070701", 6) != 0 || !read_field(header, FIELD_MODE, mode) ||
        !read_field(header, FIELD_SIZE, &file->n_bytes) || !read_field(header, FIELD_NAME_SIZE, &n_name)) {
        return false;
    }
    size_t n_front = padded(HEADER_BYTES + n_name), n_all = padded(n_front + file->n_bytes);
    if (n_name == 0 || n_all > left || header[HEADER_BYTES + n_name - 1] != '\0') {
        return false;
    }
    file->name = header + HEADER_BYTES;
    file->data = header + n_front;
    *at += n_all;
    return !same(file->name, "TRAILER!!!");
}

bool initramfs_entry(unsigned i, struct stored_file *file) {
    size_t at = 0, mode;
    while (next_entry(&at, file, &mode)) {
        if ((mode & MODE_TYPE) == MODE_REGULAR && i-- == 0) {
            return true;
        }
    }
    return false;
}

static const char *without_root(const char *path) {
    if (path[0] == '.' && path[1] == '/') {
        path++;
    }
    return path[0] == '/' ? path + 1 : path;
}

bool initramfs_find(const char *path, struct stored_file *file) {
    for (unsigned i = 0; initramfs_entry(i, file); i++) {
        if (same(without_root(file->name), without_root(path))) {
            return true;
        }
    }
    return false;
}
