/* contents.c: frames that somebody wrote to after freeing them, or that can not be reached. */
#define GROUP "contents"
#include "deaths.h"

#include <string.h>

/* A frame that was poisoned, and is the next to be handed out. */
static unsigned char *poisoned(void) {
    machine_start(QUIRE_CONTENT_POISON);
    it = one(61);
    quire_free(q, it);
    return ram_at(it);
}

/* ---- written after free ----------------------------------------------------------------------------------- */

DEATH(one_bit_written, "quire_alloc: " WRITTEN
                       " (it, order 0, record 0x3d800000: refs 0, tag 61; offset 1234: found 0x7b, expected 0x6b)") {
    poisoned()[1234] ^= 0x10;
    one(62);
}

DEATH(first_byte_written,
      "quire_alloc: " WRITTEN " (it, order 0, record 0x3d800000: refs 0, tag 61; offset 0: found 0, expected 0x6b)") {
    poisoned()[0] = 0;
    one(62);
}

DEATH(last_byte_written, "quire_alloc: " WRITTEN
                         " (it, order 0, record 0x3d800000: refs 0, tag 61; offset 4095: found 0xff, expected 0x6b)") {
    poisoned()[PAGE - 1] = 0xFF;
    one(62);
}

DEATH(first_word_written, "quire_alloc: " WRITTEN
                          " (it, order 0, record 0x3d800000: refs 0, tag 61; offset 0: found 0x11, expected 0x6b)") {
    memset(poisoned(), 0x11, sizeof(uintptr_t));
    one(62);
}

DEATH(last_word_written, "quire_alloc: " WRITTEN
                         " (it, order 0, record 0x3d800000: refs 0, tag 61; offset 4088: found 0x11, expected 0x6b)") {
    memset(poisoned() + PAGE - sizeof(uint64_t), 0x11, sizeof(uint64_t));
    one(62);
}

DEATH(all_of_it_written,
      "quire_alloc: " WRITTEN " (it, order 0, record 0x3d800000: refs 0, tag 61; offset 0: found 0, expected 0x6b)") {
    memset(poisoned(), 0, (size_t)PAGE);
    one(62);
}

DEATH(written_with_all_but_the_first_byte_alike,
      "quire_alloc: " WRITTEN
      " (it, order 0, record 0x3d800000: refs 0, tag 61; offset 1: found 0x42, expected 0x6b)") {
    unsigned char *bytes = poisoned();
    memset(bytes, 0x42, (size_t)PAGE);
    bytes[0] = QUIRE_POISON;
    one(62);
}

DEATH(a_frame_in_a_run_written,
      "quire_alloc_order: " WRITTEN
      " (it+0x5000, order 4, record 0x3f800000: refs 0, tag 63; offset 77: found 0, expected 0x6b)") {
    machine_start(QUIRE_CONTENT_POISON);
    it = many(4, 63);
    quire_free_order(q, it, 4);
    ram_at(it)[5 * PAGE + 77] = 0;
    take(it, 4, 64);
}

DEATH(a_frame_in_a_whole_block_written,
      "quire_alloc_order: " WRITTEN
      " (it+0x1f4000, order 9, record 0x3f800000: refs 0, tag 63; offset 0: found 0, expected 0x6b)") {
    machine_start(QUIRE_CONTENT_POISON);
    it = many(QUIRE_BLOCK_ORDER, 63);
    quire_free_order(q, it, QUIRE_BLOCK_ORDER);
    ram_at(it)[500 * PAGE] = 0;
    take(it, QUIRE_BLOCK_ORDER, 64);
}

DEATH(written_after_the_last_put,
      "quire_alloc: " WRITTEN " (it, order 0, record 0x41800000: refs 0, tag 65; offset 8: found 0x1, expected 0x6b)") {
    machine_start(QUIRE_CONTENT_POISON);
    it = one(65);
    quire_put(q, it);
    ram_at(it)[8] = 1;
    one(66);
}

/* The copy is about to be written to: it is looked at all the same. */
DEATH(written_and_taken_for_a_copy,
      "quire_cow: " WRITTEN " (it, order 0, record 0x44800000: refs 0, tag 68; offset 16: found 0x1, expected 0x6b)") {
    quire_pa shared, own;
    machine_start(QUIRE_CONTENT_POISON);
    shared = one(67);
    quire_get(q, shared);
    it = one(68);
    quire_free(q, it);
    ram_at(it)[16] = 1;
    quire_cow(q, shared, &own);
}

/* ---- what a freed frame says to who reads it -------------------------------------------------------------- */

static void say_bytes(quire_pa pa) {
    const unsigned char *bytes = ram_at(pa);
    bool all = memcmp(bytes, bytes + 1, (size_t)PAGE - 1) == 0;
    say("%s%#x", all ? "" : "not all ", bytes[0]);
}

static void write_and_free(enum quire_content content) {
    machine_start(content);
    it = one(69);
    memset(ram_at(it), 0x33, (size_t)PAGE);
    quire_free(q, it);
}

DEATH(read_after_free_under_poison, "0x6b") {
    write_and_free(QUIRE_CONTENT_POISON);
    say_bytes(it);
}

DEATH(read_after_free_under_junk, "0x1") {
    write_and_free(QUIRE_CONTENT_JUNK_FREE);
    say_bytes(it);
}

DEATH(not_cleared_by_the_owner_before_under_zero, "0") {
    write_and_free(QUIRE_CONTENT_ZERO);
    take(it, 0, 70);
    say_bytes(it);
}

DEATH(written_after_free_under_zero, "0") {
    write_and_free(QUIRE_CONTENT_ZERO);
    ram_at(it)[100] = 0x44;
    take(it, 0, 70);
    say_bytes(it);
}

DEATH(written_after_free_under_junk, "0x5") {
    write_and_free(QUIRE_CONTENT_JUNK);
    ram_at(it)[100] = 0x44;
    take(it, 0, 70);
    say_bytes(it);
}

/* ---- not mapped ------------------------------------------------------------------------------------------- */

DEATH(unmapped_when_it_is_freed, "quire_free: " UNMAPPED " (it, order 0, record 0x47000001: refs 1, tag 71)") {
    machine_start(QUIRE_CONTENT_POISON);
    it = one(71);
    not_mapped = it;
    WRONG(quire_free(q, it));
}

DEATH(unmapped_when_it_is_put, "quire_put: " UNMAPPED " (it, order 0, record 0x47000001: refs 1, tag 71)") {
    machine_start(QUIRE_CONTENT_JUNK);
    it = one(71);
    not_mapped = it;
    WRONG(quire_put(q, it));
}

DEATH(unmapped_in_a_run_that_is_freed,
      "quire_free_order: " UNMAPPED " (it+0x3000, order 2, record 0x47200001: refs 1, tag 71)") {
    machine_start(QUIRE_CONTENT_JUNK_FREE);
    it = many(2, 71);
    not_mapped = it + 3 * PAGE;
    WRONG(quire_free_order(q, it, 2));
}

DEATH(unmapped_when_it_is_handed_out, "quire_alloc: " UNMAPPED " (it, order 0, record 0x45800000: refs 0, tag 69)") {
    write_and_free(QUIRE_CONTENT_ZERO);
    not_mapped = it;
    one(72);
}

DEATH(unmapped_when_it_is_verified, "quire_alloc: " UNMAPPED " (it, order 0, record 0x45800000: refs 0, tag 69)") {
    write_and_free(QUIRE_CONTENT_POISON);
    not_mapped = it;
    one(72);
}

DEATH(unmapped_when_it_is_copied, "quire_cow: " UNMAPPED " (it, order 0, record 0x49000002: refs 2, tag 73)") {
    quire_pa own;
    it = one(73);
    quire_get(q, it);
    not_mapped = it;
    quire_cow(q, it, &own);
}

DEATH(unmapped_when_it_is_the_copy, "quire_cow: " UNMAPPED " (it, order 0, record 0x49000002: refs 2, tag 73)") {
    quire_pa shared = one(73), own;
    quire_get(q, shared);
    it = one(74);
    quire_free(q, it);
    not_mapped = it;
    quire_cow(q, shared, &own);
}
