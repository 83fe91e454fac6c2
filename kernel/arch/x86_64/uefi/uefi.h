/* uefi.h: as much of UEFI's tables as the loader needs: UEFI Specification 2.10, sections 4.3 (system table), 4.4 (boot
 * services), 7.2 (memory), 9.1 (loaded image), 12.4 (text output), 13.4 and 13.5 (files). */
#ifndef UEFI_H
#define UEFI_H

#include <stdint.h>

enum { UEFI_OK = 0, UEFI_LOAD_ERROR = 1 };
#define UEFI_ERROR ((uint64_t)1 << 63)

struct uefi_id { /* EFI_GUID */
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

enum { UEFI_ANYWHERE = 0, UEFI_AT_ADDRESS = 2 };       /* how to allocate */
enum { UEFI_LOADER_DATA = 2, UEFI_PAGE_BYTES = 4096 }; /* a type of memory */

struct uefi_services {
    uint8_t header[24];
    void *priority[2];
    uint64_t (*allocate_pages)(int how, int type, uint64_t n_pages, uint64_t *address);
    void *free_pages;
    uint64_t (*get_memory_map)(uint64_t *n_bytes, void *map, uint64_t *key, uint64_t *descriptor_bytes,
                               uint32_t *version);
    void *pools_events_and_protocols[11];
    uint64_t (*handle_protocol)(void *handle, const struct uefi_id *id, void **protocol);
    void *others_and_images[9];
    uint64_t (*exit_boot_services)(void *image, uint64_t key);
};

struct uefi_text_output {
    void *reset;
    uint64_t (*output)(struct uefi_text_output *self, const uint16_t *text);
};

struct uefi_table { /* of the configuration */
    struct uefi_id id;
    const void *table;
};

struct uefi_system {
    uint8_t header[24];
    void *vendor;
    uint64_t revision;
    void *input[3];
    struct uefi_text_output *output;
    void *errors[2];
    void *runtime;
    const struct uefi_services *services;
    uint64_t n_tables;
    const struct uefi_table *tables;
};

struct uefi_loaded_image {
    uint64_t revision;
    void *parent;
    const struct uefi_system *system;
    void *device;
};

struct uefi_file {
    uint64_t revision;
    uint64_t (*open)(struct uefi_file *self, struct uefi_file **file, const uint16_t *name, uint64_t mode,
                     uint64_t attributes);
    uint64_t (*close)(struct uefi_file *self);
    void *delete;
    uint64_t (*read)(struct uefi_file *self, uint64_t *n_bytes, void *to);
    void *write;
    uint64_t (*get_position)(struct uefi_file *self, uint64_t *position);
    uint64_t (*set_position)(struct uefi_file *self, uint64_t position); /* UINT64_MAX: the end */
};
enum { UEFI_FILE_READ = 1 };

struct uefi_volume {
    uint64_t revision;
    uint64_t (*open)(struct uefi_volume *self, struct uefi_file **root);
};

#endif
