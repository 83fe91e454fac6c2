/* loader.c: a UEFI program that loads the kernel. Beside it on its volume are the files kernel, initramfs and words (the
 * command line). It puts the kernel where that is linked for, ends the firmware's services, and enters it in 64-bit mode, at
 * the address in its ELF header, with the physical address of a struct handover in RBX. */
#include "handover.h"
#include "uefi.h"
#include <stdbool.h>
#include <stddef.h>

static const struct uefi_id loaded_image_id = {
    0x5B1B31A1, 0x9562, 0x11d2, {0x8E, 0x3F, 0, 0xA0, 0xC9, 0x69, 0x72, 0x3B}};
static const struct uefi_id volume_id = {0x964e5b22, 0x6459, 0x11d2, {0x8e, 0x39, 0, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
static const struct uefi_id acpi_id = {0x8868e871, 0xe4f1, 0x11d3, {0xbc, 0x22, 0, 0x80, 0xc7, 0x3c, 0x88, 0x81}};

static const struct uefi_system *firmware;
static struct handover handover;
static uint8_t memory_map[64 << 10];

uint64_t efi_main(void *image, const struct uefi_system *system);
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *to, int byte, size_t n);

/* What a compiler may call. */
void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    for (size_t i = 0; i < n; i++) {
        ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    }
    return to;
}

void *memset(void *to, int byte, size_t n) {
    for (size_t i = 0; i < n; i++) {
        ((volatile uint8_t *)to)[i] = (uint8_t)byte;
    }
    return to;
}

static bool same_id(const struct uefi_id *a, const struct uefi_id *b) {
    const uint64_t *x = (const void *)a, *y = (const void *)b;
    return x[0] == y[0] && x[1] == y[1];
}

static uint64_t pages(uint64_t n_bytes) {
    return (n_bytes + UEFI_PAGE_BYTES - 1) / UEFI_PAGE_BYTES;
}

/* ---- files ---------------------------------------------------------------------------------------------- */

struct bytes {
    uint8_t *at; /* a 0 follows */
    uint64_t n;
};

static struct uefi_file *open_volume(void *image) {
    struct uefi_loaded_image *loaded;
    struct uefi_volume *volume;
    struct uefi_file *root;
    if (firmware->services->handle_protocol(image, &loaded_image_id, (void **)&loaded) != UEFI_OK ||
        firmware->services->handle_protocol(loaded->device, &volume_id, (void **)&volume) != UEFI_OK ||
        volume->open(volume, &root) != UEFI_OK) {
        return NULL;
    }
    return root;
}

static bool read_file(struct uefi_file *root, const uint16_t *name, struct bytes *bytes) {
    struct uefi_file *file;
    uint64_t address;
    if (root->open(root, &file, name, UEFI_FILE_READ, 0) != UEFI_OK) {
        return false;
    }
    bool good =
        file->set_position(file, UINT64_MAX) == UEFI_OK && file->get_position(file, &bytes->n) == UEFI_OK &&
        file->set_position(file, 0) == UEFI_OK &&
        firmware->services->allocate_pages(UEFI_ANYWHERE, UEFI_LOADER_DATA, pages(bytes->n + 1), &address) == UEFI_OK;
    if (good) {
        bytes->at = (uint8_t *)address;
        good = file->read(file, &bytes->n, bytes->at) == UEFI_OK;
        bytes->at[bytes->n] = 0;
    }
    file->close(file);
    return good;
}

/* ---- the kernel: a static ELF file of 64 bits (System V ABI, chapters 4 and 5) ----------------------------------- */

struct elf {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments_at, sections_at;
    uint32_t flags;
    uint16_t header_bytes, segment_bytes, n_segments;
};

struct segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};
enum { SEGMENT_LOAD = 1 };

static const struct segment *segment_of(const struct elf *elf, unsigned i) {
    return (const void *)((const uint8_t *)elf + elf->segments_at + (uint64_t)i * elf->segment_bytes);
}

/* The memory from the first segment to the last, all of it, as the image is the kernel's and so is what lies between. */
static bool allocate(const struct elf *elf) {
    uint64_t base = UINT64_MAX, end = 0;
    for (unsigned i = 0; i < elf->n_segments; i++) {
        const struct segment *segment = segment_of(elf, i);
        if (segment->type == SEGMENT_LOAD) {
            base = segment->physical < base ? segment->physical : base;
            end = segment->physical + segment->memory_bytes > end ? segment->physical + segment->memory_bytes : end;
        }
    }
    return firmware->services->allocate_pages(UEFI_AT_ADDRESS, UEFI_LOADER_DATA, pages(end - base), &base) == UEFI_OK;
}

/* *entry is where the first instruction is in memory. */
static bool load(const struct elf *elf, uint64_t *entry) {
    if (elf->ident[0] != 0x7F || elf->ident[1] != 'E' || !allocate(elf)) {
        return false;
    }
    for (unsigned i = 0; i < elf->n_segments; i++) {
        const struct segment *segment = segment_of(elf, i);
        if (segment->type == SEGMENT_LOAD) {
            uint8_t *to = (uint8_t *)segment->physical;
            memcpy(to, (const uint8_t *)elf + segment->offset, segment->file_bytes);
            memset(to + segment->file_bytes, 0, segment->memory_bytes - segment->file_bytes);
            if (elf->entry - segment->address < segment->memory_bytes) {
                *entry = elf->entry - segment->address + segment->physical;
            }
        }
    }
    return true;
}

/* ---- the end of the firmware's services ----------------------------------------------------------------------- */

static uint64_t find_rsdp(void) {
    for (uint64_t i = 0; i < firmware->n_tables; i++) {
        if (same_id(&firmware->tables[i].id, &acpi_id)) {
            return (uint64_t)firmware->tables[i].table;
        }
    }
    return UINT64_MAX;
}

/* A call may change the map, and its key with it; then the second try succeeds. */
static bool leave(void *image) {
    for (unsigned i = 0; i < 2; i++) {
        uint64_t key;
        handover.map_bytes = sizeof memory_map;
        if (firmware->services->get_memory_map(&handover.map_bytes, memory_map, &key, &handover.descriptor_bytes,
                                               &handover.descriptor_version) == UEFI_OK &&
            firmware->services->exit_boot_services(image, key) == UEFI_OK) {
            return true;
        }
    }
    return false;
}

static uint64_t refuse(const uint16_t *why) {
    firmware->output->output(firmware->output, why);
    return UEFI_ERROR | UEFI_LOAD_ERROR;
}

uint64_t efi_main(void *image, const struct uefi_system *system) {
    struct bytes kernel, initramfs, words;
    uint64_t entry = 0;
    firmware = system;
    struct uefi_file *root = open_volume(image);
    if (root == NULL || !read_file(root, u"kernel", &kernel) || !read_file(root, u"initramfs", &initramfs) ||
        !read_file(root, u"words", &words)) {
        return refuse(u"The files kernel, initramfs and words can not be read\r\n");
    }
    if (!load((const struct elf *)(const void *)kernel.at, &entry)) {
        return refuse(u"The kernel is no ELF file, or its memory is not free\r\n");
    }
    handover.map = (uint64_t)memory_map;
    handover.rsdp = find_rsdp();
    handover.initramfs = (uint64_t)initramfs.at;
    handover.initramfs_bytes = initramfs.n;
    handover.words = (uint64_t)words.at;
    handover.words_bytes = words.n + 1;
    if (!leave(image)) {
        return refuse(u"The firmware does not end its services\r\n");
    }
    __asm__ volatile("cli\n jmp *%0" ::"r"(entry), "b"(&handover));
    __builtin_unreachable();
}
