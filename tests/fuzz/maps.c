/* maps.c: what the targets for memory maps share. */
#include "maps.h"

static struct maps_result was_read, judged;

static void compare(void) {
    const char *difference = maps_differ(&was_read, &judged);
    if (difference != NULL) {
        fuzz_fail("%s", difference);
    }
}

void fuzz_list(maps_lister *read, maps_lister *judge, const struct maps_list *list) {
    read(&was_read, list);
    judge(&judged, list);
    compare();
}

void fuzz_loader(maps_loader *read, maps_loader *judge, const struct quire_boot_view *view, quire_pa at) {
    read(&was_read, view, at);
    judge(&judged, view, at);
    compare();
}

quire_pa fuzz_base(uint8_t byte, size_t n_bytes) {
    const quire_pa bases[] = {0, 0, 0x1000, 0x9000, 0xFFFFFF80, (quire_pa)1 << 40, (quire_pa)0 - n_bytes};
    return bases[byte % (sizeof bases / sizeof *bases)];
}

void fuzz_memory(maps_loader *read, maps_loader *judge, const uint8_t *bytes, size_t n_bytes) {
    if (n_bytes <= 2) {
        return;
    }
    struct quire_boot_view view = {.bytes = bytes + 2, .n_bytes = n_bytes - 2};
    view.base = fuzz_base(bytes[0], n_bytes - 2);
    fuzz_loader(read, judge, &view, view.base + 8u * bytes[1]);
}
