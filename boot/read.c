/* read.c: what the readers of memory maps are made of.
 *
 * B1  No byte outside of the view is read: q_boot_look is the only place that makes pointers of physical addresses.
 * B2  What is usable or reclaimable lies inside an entry that says so, and does not run past 2^64. */
#include "read.h"

#define MAX_TEXT 0xFFFFu /* bytes; so that rubbish does not make a reader walk through all of memory */

/* ---- entries -------------------------------------------------------------------------------------------- */

void q_boot_tell(const struct q_boot_out *out, enum quire_boot_status status, const struct q_boot_entry *entry) {
    struct quire_boot_problem problem = {.status = status, .where = out->where};
    if (entry != NULL) {
        problem.entry = entry->number;
        problem.base = entry->base;
        problem.n_bytes = entry->n_bytes;
        problem.type = entry->type;
    }
    out->report->n_problems++;
    if (out->report->tell != NULL)
        out->report->tell(out->report->context, &problem);
}

/* What runs past 2^64 can not be memory: its length, or its base, is wrong. Nor can what is as long as all addresses. */
void q_boot_add(const struct q_boot_out *out, const struct q_boot_entry *entry, enum q_boot_use use) {
    if (entry->n_bytes == 0) {
        q_boot_tell(out, QUIRE_BOOT_EMPTY, entry);
        return;
    }
    bool wraps = entry->n_bytes == UINT64_MAX || entry->n_bytes - 1 > UINT64_MAX - entry->base;
    if (use == Q_BOOT_UNKNOWN)
        q_boot_tell(out, QUIRE_BOOT_TYPE, entry);
    if (wraps)
        q_boot_tell(out, QUIRE_BOOT_WRAP, entry);
    if (use <= Q_BOOT_RESERVED)
        quire_regions_add(out->map, entry->base, entry->n_bytes, QUIRE_RESERVED);
    else if (use == Q_BOOT_USABLE && !wraps)
        quire_regions_add(out->map, entry->base, entry->n_bytes, QUIRE_USABLE);
    else if (!wraps)
        quire_regions_add_reclaimable(out->map, entry->base, entry->n_bytes);
}

/* ---- structures in physical memory ------------------------------------------------------------------------ */

struct q_boot_loader q_boot_start(const char *where, struct quire_regions *map, struct quire_boot_info *info,
                                  const struct quire_boot_view *view, struct quire_boot_report *report) {
    info->n_modules = 0;
    info->command_line = "";
    info->rsdp = QUIRE_NONE;
    return (struct q_boot_loader){.out = {.map = map, .report = report, .where = where}, .view = view, .info = info};
}

/* Addresses are numbers here, because the view may begin at NULL. */
const uint8_t *q_boot_look(const struct quire_boot_view *view, quire_pa base, uint64_t n_bytes) {
    uint64_t offset = base - view->base;
    if (base < view->base || offset > view->n_bytes || n_bytes > view->n_bytes - offset)
        return NULL;
    return (const uint8_t *)((uintptr_t)view->bytes + (uintptr_t)offset);
}

const uint8_t *q_boot_keep(const struct q_boot_loader *loader, quire_pa base, uint64_t n_bytes) {
    const uint8_t *bytes = q_boot_look(loader->view, base, n_bytes);
    if (bytes == NULL)
        q_boot_tell(&loader->out, QUIRE_BOOT_OUTSIDE, &(struct q_boot_entry){.base = base, .n_bytes = n_bytes});
    else
        quire_regions_add(loader->out.map, base, n_bytes, QUIRE_RESERVED);
    return bytes;
}

const char *q_boot_text(const struct q_boot_loader *loader, quire_pa base) {
    const uint8_t *text;
    uint64_t n = 0;
    if (base == 0)
        return "";
    while ((text = q_boot_look(loader->view, base, n + 1)) != NULL && text[n] != '\0' && n < MAX_TEXT)
        n++;
    if (text == NULL || text[n] != '\0') {
        q_boot_tell(&loader->out, QUIRE_BOOT_TEXT, &(struct q_boot_entry){.base = base, .n_bytes = n});
        return "";
    }
    quire_regions_add(loader->out.map, base, n + 1, QUIRE_RESERVED);
    return (const char *)text;
}

void q_boot_module(const struct q_boot_loader *loader, quire_pa base, uint64_t n_bytes, const char *text) {
    struct quire_boot_info *info = loader->info;
    if (info->n_modules < info->capacity)
        info->modules[info->n_modules] = (struct quire_boot_module){.base = base, .n_bytes = n_bytes, .text = text};
    info->n_modules++;
    quire_regions_add(loader->out.map, base, n_bytes, QUIRE_RESERVED);
}

/* As both versions of Multiboot have it. */
void q_boot_module_at(const struct q_boot_loader *loader, uint32_t number, uint32_t start, uint32_t end,
                      const char *text) {
    if (end < start)
        q_boot_tell(&loader->out, QUIRE_BOOT_MODULE, &(struct q_boot_entry){.number = number, .base = start});
    else
        q_boot_module(loader, start, end - start, text);
}

void q_boot_basic(const struct q_boot_out *out, uint32_t kib_lower, uint32_t kib_upper) {
    quire_regions_add(out->map, 0, (uint64_t)kib_lower << 10, QUIRE_USABLE);
    quire_regions_add(out->map, (quire_pa)1 << 20, (uint64_t)kib_upper << 10, QUIRE_USABLE);
}
