/* linux.c: Linux' boot parameters, and memory behind them. Most of that page says nothing, so the input has only the fields
 * that are looked at.
 *
 *     input   where the memory begins (1), the fields (below; of the magic number, what is wrong with it), how many bytes of
 *             the table of entries (1, in steps of 4), the table, the memory behind the page */
#include "maps.h"

#include <string.h>

enum { PAGE = 4096, BEHIND = 1024, MAGIC = 0x202, TABLE = 0x2D0 };

static const struct {
    uint16_t at, n_bytes;
} fields[] = {{0x070, 8}, {0x0C0, 12}, {0x1E8, 1}, {MAGIC, 4}, {0x218, 8}, {0x228, 4}, {0x250, 8}};

/* What is read lies at its end, so that a byte too many is noticed. */
static uint8_t memory[PAGE + BEHIND];

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    static const char magic[] = "HdrS";
    struct input in = {bytes, n_bytes};
    uint8_t base = take(&in), page[PAGE] = {0};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        for (unsigned k = 0; k < fields[i].n_bytes; k++) {
            page[fields[i].at + k] = take(&in);
        }
    }
    for (unsigned k = 0; k < 4; k++) {
        page[MAGIC + k] ^= (uint8_t)magic[k];
    }
    unsigned n_table = 4u * take(&in);
    for (unsigned k = 0; k < n_table && in.n_left > 0; k++) {
        page[TABLE + k] = take(&in);
    }
    size_t n_behind = in.n_left < BEHIND ? in.n_left : BEHIND;
    uint8_t *begin = memory + BEHIND - n_behind;
    memcpy(begin, page, PAGE);
    if (n_behind != 0) {
        memcpy(begin + PAGE, in.at, n_behind);
    }
    struct quire_boot_view view = {.bytes = begin, .n_bytes = PAGE + n_behind};
    view.base = fuzz_base(base, PAGE + n_behind);
    fuzz_loader(read_linux, judge_linux, &view, view.base);
    return 0;
}
