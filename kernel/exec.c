/* exec.c: programs, that is, static ELF files for this machine (System V ABI, chapters 4 and 5: "Object Files",
 * "Program Loading"), and their arguments.
 *
 * A new space is made beside the old one and takes its place when nothing can fail any more. */
#include <process.h>

struct elf_header {
    unsigned char ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments_at, sections_at;
    uint32_t flags;
    uint16_t header_bytes, segment_bytes, n_segments, section_bytes, n_sections, names;
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};

enum { ELF_EXECUTABLE = 2, SEGMENT_LOAD = 1, SEGMENT_EXECUTE = 1, SEGMENT_WRITE = 2 };

static const unsigned char ident[] = {0x7F, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little-endian */, 1 /* version */};

/* ---- arguments ------------------------------------------------------------------------------------------ */

struct arguments *arguments_new(void) {
    quire_pa frame = quire_alloc(frames, OWNER_KERNEL);
    if (frame == QUIRE_NONE) {
        return NULL;
    }
    struct arguments *arguments = direct(frame);
    arguments->n = arguments->n_bytes = 0;
    return arguments;
}

void arguments_free(struct arguments *arguments) {
    quire_free(frames, direct_pa(arguments));
}

int arguments_add(struct arguments *arguments, const char *string, size_t n) {
    if (arguments->n == ABI_ARGS || n >= sizeof arguments->text - arguments->n_bytes) {
        return -E_INVAL;
    }
    char *to = arguments->text + arguments->n_bytes;
    memcpy(to, string, n);
    to[n] = '\0';
    arguments->n++;
    arguments->n_bytes += (unsigned)n + 1;
    return 0;
}

/* At the top of the stack: the strings, and below them argv. */
static int push_arguments(struct space *space, const struct arguments *arguments, uintptr_t *sp) {
    uintptr_t text = USER_TOP - arguments->n_bytes;
    uintptr_t argv[ABI_ARGS + 1] = {0};
    const char *next = arguments->text;
    for (unsigned i = 0; i < arguments->n; i++, next += strlen(next) + 1) {
        argv[i] = text + (uintptr_t)(next - arguments->text);
    }
    *sp = (text - (arguments->n + 1) * sizeof argv[0]) & ~(uintptr_t)15;
    int error = copy_to(space, text, arguments->text, arguments->n_bytes);
    return error != 0 ? error : copy_to(space, *sp, argv, (arguments->n + 1) * sizeof argv[0]);
}

/* ---- loading -------------------------------------------------------------------------------------------- */

static bool inside(uint64_t offset, uint64_t n_bytes, uint64_t n_file) {
    return offset <= n_file && n_bytes <= n_file - offset;
}

static bool header_read(const struct stored_file *file, struct elf_header *header) {
    if (file->n_bytes < sizeof *header) {
        return false;
    }
    memcpy(header, file->data, sizeof *header);
    return memcmp(header->ident, ident, sizeof ident) == 0 && header->type == ELF_EXECUTABLE &&
           header->machine == ELF_MACHINE && header->segment_bytes == sizeof(struct elf_segment) &&
           inside(header->segments_at, header->n_segments * sizeof(struct elf_segment), file->n_bytes);
}

static int load_segment(struct space *space, const struct stored_file *file, const struct elf_segment *segment) {
    bool writable = (segment->flags & SEGMENT_WRITE) != 0, executable = (segment->flags & SEGMENT_EXECUTE) != 0;
    if (!inside(segment->offset, segment->file_bytes, file->n_bytes) || segment->file_bytes > segment->memory_bytes ||
        segment->address < USER_BASE || !inside(segment->address, segment->memory_bytes, USER_TOP) ||
        (writable && executable)) {
        return -E_NOEXEC;
    }
    struct area area = {
        .base = page_down(segment->address),
        .end = page_up(segment->address + segment->memory_bytes),
        .access = ACCESS_READ | (writable ? ACCESS_WRITE : 0u) | (executable ? ACCESS_EXECUTE : 0u),
    };
    int error = space_add(space, &area);
    if (error != 0) {
        return error;
    }
    if (area.end > space->area[AREA_HEAP].base) {
        space->area[AREA_HEAP].base = space->area[AREA_HEAP].end = area.end;
    }
    return space_fill(space, segment->address, file->data + segment->offset, segment->file_bytes);
}

static int load(struct space *space, const struct stored_file *file, uintptr_t *entry) {
    struct elf_header header;
    if (!header_read(file, &header)) {
        return -E_NOEXEC;
    }
    *entry = header.entry;
    for (unsigned i = 0; i < header.n_segments; i++) {
        struct elf_segment segment;
        memcpy(&segment, file->data + header.segments_at + i * sizeof segment, sizeof segment);
        int error = 0;
        if (segment.type == SEGMENT_LOAD && segment.memory_bytes > 0) {
            error = load_segment(space, file, &segment);
        }
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

int exec(struct process *process, const char *path, const struct arguments *arguments, struct registers *regs) {
    struct stored_file file;
    if (!initramfs_find(path, &file)) {
        return -E_NOENT;
    }
    struct space space;
    uintptr_t entry, sp;
    int error = space_new(&space);
    if (error == 0) {
        error = load(&space, &file, &entry);
    }
    if (error == 0) {
        error = push_arguments(&space, arguments, &sp);
    }
    if (error != 0) {
        space_free(&space);
        return error;
    }
    struct space old = process_change_space(process, &space);
    space_free(&old);
    arch_registers_init(regs, entry, sp, arguments->n, sp);
    print_to(process->name, sizeof process->name, "%s", file.name);
    return (int)arguments->n;
}
