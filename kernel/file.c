/* file.c: the kinds of files, each with what opening, reading, writing, copying and closing mean for it. */
#include <console.h>
#include <file.h>

#define ACCESS_MODES (ABI_OPEN_READ | ABI_OPEN_WRITE)

int file_open(struct file *file, const char *path, unsigned flags) {
    if ((flags & ~(unsigned)ACCESS_MODES) != 0) {
        return -E_INVAL;
    }
    struct stored_file stored;
    if (same(path, "/dev/null")) {
        *file = (struct file){.kind = FILE_NULL};
        return 0;
    }
    if (!initramfs_find(path, &stored)) {
        return -E_NOENT;
    }
    if (flags != ABI_OPEN_READ) {
        return -E_INVAL;
    }
    *file = (struct file){.kind = FILE_STORED, .data = stored.data, .n_bytes = stored.n_bytes};
    return 0;
}

struct file file_copy(const struct file *file) {
    if (file->pipe != NULL) {
        pipe_add_end(file->pipe, file->kind);
    }
    return *file;
}

void file_close(struct file *file) {
    if (file->pipe != NULL) {
        pipe_close_end(file->pipe, file->kind);
    }
    *file = (struct file){.kind = FILE_NONE};
}

static long stored_read(struct file *file, struct space *space, uintptr_t to, size_t n) {
    size_t rest = file->n_bytes - file->offset;
    if (n > rest) {
        n = rest;
    }
    int error = copy_to(space, to, file->data + file->offset, n);
    if (error != 0) {
        return error;
    }
    file->offset += n;
    return (long)n;
}

long file_read(struct file *file, struct space *space, uintptr_t to, size_t n) {
    switch (file->kind) {
    case FILE_CONSOLE:
        return console_read(space, to, n);
    case FILE_NULL:
        return 0;
    case FILE_STORED:
        return stored_read(file, space, to, n);
    case FILE_PIPE_OUT:
        return pipe_read(file->pipe, space, to, n);
    default:
        return -E_BADF;
    }
}

long file_write(struct file *file, struct space *space, uintptr_t from, size_t n) {
    switch (file->kind) {
    case FILE_CONSOLE:
        return console_write(space, from, n);
    case FILE_NULL:
        return (long)n;
    case FILE_PIPE_IN:
        return pipe_write(file->pipe, space, from, n);
    default:
        return -E_BADF;
    }
}
