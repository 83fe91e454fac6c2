/* file.h: what a program reads and writes. */
#ifndef FILE_H
#define FILE_H

#include <space.h>

struct pipe;

enum file_kind { FILE_NONE, FILE_CONSOLE, FILE_NULL, FILE_STORED, FILE_PIPE_OUT, FILE_PIPE_IN };

/* An open file, a value: a copy (fork, SYS_DUP) is another open file with an offset of its own. */
struct file {
    enum file_kind kind;
    struct pipe *pipe; /* FILE_PIPE_*: OUT is the end that is read */
    const char *data;  /* FILE_STORED: in the initramfs */
    size_t n_bytes, offset;
};

/* All but these return 0 or more, or a negative enum error. */
struct file file_copy(const struct file *file);
void file_close(struct file *file);

int file_open(struct file *file, const char *path, unsigned flags);
long file_read(struct file *file, struct space *space, uintptr_t to, size_t n);
long file_write(struct file *file, struct space *space, uintptr_t from, size_t n);

/* Pipes: one frame each, which is both the buffer and what is said about it. */
int pipe_new(struct file *out, struct file *in);
void pipe_add_end(struct pipe *pipe, enum file_kind end);
void pipe_close_end(struct pipe *pipe, enum file_kind end);
long pipe_read(struct pipe *pipe, struct space *space, uintptr_t to, size_t n);
long pipe_write(struct pipe *pipe, struct space *space, uintptr_t from, size_t n);

/* The initramfs: files that came with the kernel. They stay where they are; nothing is copied. */
struct stored_file {
    const char *name, *data;
    size_t n_bytes;
};
void initramfs_init(const void *archive, size_t n_bytes);
bool initramfs_entry(unsigned i, struct stored_file *file); /* false: fewer files than that */
bool initramfs_find(const char *path, struct stored_file *file);

#endif
