/* uefi.c: memory maps of UEFI (UEFI Specification 2.10, section 7.2.3). The table of types is in uefi.h. */
#include "uefi.h"
#include "read.h"

/* EFI_MEMORY_DESCRIPTOR: where its fields are. */
enum { UEFI_TYPE = 0, UEFI_BASE = 8, UEFI_N_PAGES = 24, UEFI_ATTRIBUTE = 32, UEFI_DESCRIPTOR = 40 };

#define UEFI_WB      ((uint64_t)1 << 3)
#define UEFI_NV      ((uint64_t)1 << 15)
#define UEFI_SP      ((uint64_t)1 << 18)
#define UEFI_RUNTIME ((uint64_t)1 << 63)

#define UEFI_PAGE_SHIFT 12
_Static_assert(QUIRE_UEFI_PAGE_SIZE == 1u << UEFI_PAGE_SHIFT, "a page of UEFI");

static enum q_boot_use uefi_use(uint32_t type) {
    bool is_later = (type >= 1 && type <= 4) || type == 9, is_known = type <= 15 || type >= 0x70000000u;
    return type == 7 ? Q_BOOT_USABLE : is_later ? Q_BOOT_RECLAIMABLE : is_known ? Q_BOOT_RESERVED : Q_BOOT_UNKNOWN;
}

/* 2^64 bytes and more are as many as there can be, which is too many for q_boot_add. */
static uint64_t uefi_bytes_of(uint64_t n_pages) {
    return n_pages > UINT64_MAX >> UEFI_PAGE_SHIFT ? UINT64_MAX : n_pages << UEFI_PAGE_SHIFT;
}

static void uefi_add_descriptor(const struct q_boot_out *out, const uint8_t *at, uint32_t number) {
    struct q_boot_entry entry = {number, q_le64(at + UEFI_BASE), uefi_bytes_of(q_le64(at + UEFI_N_PAGES)),
                                 q_le32(at + UEFI_TYPE)};
    uint64_t attribute = q_le64(at + UEFI_ATTRIBUTE);
    enum q_boot_use use = uefi_use((uint32_t)entry.type);
    if ((entry.base & (QUIRE_UEFI_PAGE_SIZE - 1)) != 0)
        q_boot_tell(out, QUIRE_BOOT_UNALIGNED, &entry);
    if (use > Q_BOOT_RESERVED && (attribute & (UEFI_RUNTIME | UEFI_SP | UEFI_NV)) != 0)
        use = Q_BOOT_RESERVED;
    if (use > Q_BOOT_RESERVED && (attribute & UEFI_WB) == 0) {
        q_boot_tell(out, QUIRE_BOOT_UNCACHED, &entry);
        use = Q_BOOT_RESERVED;
    }
    q_boot_add(out, &entry, use);
}

void q_boot_uefi(const struct q_boot_out *out, const uint8_t *descriptors, uint64_t n_bytes, uint64_t stride,
                 uint32_t version) {
    uint32_t number = 0;
    if (stride < UEFI_DESCRIPTOR) {
        q_boot_tell(out, QUIRE_BOOT_STRIDE, NULL);
        return;
    }
    if (version != 1)
        q_boot_tell(out, QUIRE_BOOT_VERSION, NULL);
    for (; n_bytes >= stride; n_bytes -= stride, descriptors += stride)
        uefi_add_descriptor(out, descriptors, number++);
    if (n_bytes != 0)
        q_boot_tell(out, QUIRE_BOOT_CUT, NULL);
}

void quire_uefi_regions(struct quire_regions *map, const void *descriptors, size_t n_bytes, size_t descriptor_bytes,
                        uint32_t descriptor_version, struct quire_boot_report *report) {
    const struct q_boot_out out = {.map = map, .report = report, .where = "UEFI"};
    q_boot_uefi(&out, descriptors, n_bytes, descriptor_bytes, descriptor_version);
}
