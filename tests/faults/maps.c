/* maps.c: memory maps and configurations that no firmware should give, and some that look as bad and are none. */
#define GROUP "maps"
#include "deaths.h"

#include <string.h>

#define RUBBISH_BYTES (64 * 1024) /* at the front of each region, where metadata would be */

static unsigned char *front_of(const struct quire_region *region) {
    quire_pa base = (region->base + PAGE - 1) & ~(PAGE - 1);
    return ram_at(base) != NULL && ram_at(base + RUBBISH_BYTES) != NULL ? ram_at(base) : NULL;
}

static bool all_rubbish(const struct quire_region *map, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const unsigned char *bytes = front_of(&map[i]);
        if (bytes != NULL && (bytes[0] != 0xA5 || memcmp(bytes, bytes + 1, RUBBISH_BYTES - 1) != 0)) {
            return false;
        }
    }
    return true;
}

static bool lies_in(const struct quire_region *map, size_t n, quire_pa pa) {
    for (size_t i = 0; i < n; i++) {
        if (map[i].type == QUIRE_USABLE && map[i].base <= pa && pa < map[i].end && map[i].end - pa >= PAGE) {
            return true;
        }
    }
    return false;
}

/* How many frames there are, the allocator's own among them, if each of the others can be had once. */
static void say_frames(const struct quire_region *map, size_t n) {
    struct quire_stats stats;
    struct quire_fault first;
    uint64_t n_taken = 0;
    quire_stats(q, &stats);
    for (quire_pa pa; (pa = quire_alloc(q, 1)) != QUIRE_NONE; n_taken++) {
        if (!lies_in(map, n, pa)) {
            say("; frame %#llx is no memory", (unsigned long long)pa);
            return;
        }
    }
    say("; %u frames in %u zones", (unsigned)(stats.n_frames + stats.n_metadata), stats.n_zones);
    if (n_taken != stats.n_frames || quire_validate(q, &first) != QUIRE_OK) {
        say(", not all of them sound");
    }
}

static void try_map(const struct quire_config *config, const struct quire_region *map, size_t n) {
    struct quire *out = (struct quire *)&out;
    for (size_t i = 0; i < n; i++) {
        if (front_of(&map[i]) != NULL) {
            memset(front_of(&map[i]), 0xA5, RUBBISH_BYTES);
        }
    }
    enum quire_status status = quire_init(&out, config, map, n);
    say("%s", quire_status_name(status));
    if (status == QUIRE_OK) {
        q = out;
        say_frames(map, n);
    } else if (out != NULL || !all_rubbish(map, n)) {
        say(", but something was written");
    }
}

/* A map, and what quire_init says to it. */
#define MAP(name, line, ...)                                                                                           \
    DEATH(name, line) {                                                                                                \
        const struct quire_config config = {.n_cpus = 1, .mapped_end = ram_base + RAM_BYTES};                          \
        const struct quire_region map[] = {__VA_ARGS__};                                                               \
        try_map(&config, map, COUNT_OF(map));                                                                          \
    }

/* A machine word numbers frames: not all that there can be, where it has 32 bits. */
#define FITS_64 sizeof(q_frame) == 8

#define LAST QUIRE_NONE /* the last byte that there can be; a region ends before it */

/* ---- nothing ---------------------------------------------------------------------------------------------- */

DEATH(no_region, "no memory") {
    const struct quire_config config = {.n_cpus = 1};
    try_map(&config, NULL, 0);
}

MAP(one_byte, "no memory", USABLE(MIB, MIB + 1))
MAP(one_frame, "no memory", USABLE(MIB, MIB + PAGE))
MAP(a_frame_s_bytes_without_a_frame, "no memory", USABLE(MIB + 1, MIB + 2 * PAGE - 1))
MAP(all_reserved, "no memory", RESERVED(0, MIB), RESERVED(MIB, 64 * MIB))
MAP(slivers, "no memory", USABLE(MIB + 1, MIB + PAGE), USABLE(2 * MIB + 5, 2 * MIB + PAGE + 4))

DEATH(less_than_the_metadata_need, "no memory") {
    const struct quire_config config = {.n_cpus = 16};
    const struct quire_region map[] = {USABLE(MIB, MIB + 3 * PAGE), USABLE(2 * MIB, 2 * MIB + 3 * PAGE)};
    try_map(&config, map, COUNT_OF(map));
}

/* ---- lengths ---------------------------------------------------------------------------------------------- */

MAP(length_0, "invalid argument", USABLE(MIB, MIB), USABLE(2 * MIB, 4 * MIB))
MAP(length_0_reserved, "invalid argument", RESERVED(MIB, MIB), USABLE(2 * MIB, 4 * MIB))
MAP(end_before_begin, "invalid argument", USABLE(4 * MIB, 2 * MIB))
MAP(end_at_2_to_the_64th, "invalid argument", USABLE(2 * MIB, (quire_pa)(2 * MIB + (0 - 2 * MIB))))
MAP(end_beyond_2_to_the_64th, "invalid argument", USABLE(QUIRE_NONE - MIB, 2 * MIB), USABLE(4 * MIB, 6 * MIB))
MAP(everything_there_can_be, FITS_64 ? "no memory" : "invalid argument", USABLE(0, LAST))
MAP(reserved_to_the_last_byte, "ok; 512 frames in 1 zones", USABLE(2 * MIB, 4 * MIB), RESERVED(4 * MIB, LAST))

/* ---- order and overlap ------------------------------------------------------------------------------------ */

MAP(unsorted, "invalid argument", USABLE(4 * MIB, 6 * MIB), USABLE(MIB, 3 * MIB))
MAP(unsorted_in_the_third_place, "invalid argument", USABLE(2 * MIB, 3 * MIB), USABLE(6 * MIB, 7 * MIB),
    USABLE(4 * MIB, 5 * MIB))
MAP(unsorted_with_a_reserved_one, "invalid argument", RESERVED(4 * MIB, 6 * MIB), USABLE(MIB, 3 * MIB))
MAP(duplicate, "invalid argument", USABLE(4 * MIB, 6 * MIB), USABLE(4 * MIB, 6 * MIB))
MAP(nested, "invalid argument", USABLE(2 * MIB, 8 * MIB), USABLE(4 * MIB, 5 * MIB))
MAP(nested_reserved, "invalid argument", USABLE(2 * MIB, 8 * MIB), RESERVED(4 * MIB, 5 * MIB))
MAP(nested_in_reserved, "invalid argument", RESERVED(2 * MIB, 8 * MIB), USABLE(4 * MIB, 5 * MIB))
MAP(nested_with_the_same_begin, "invalid argument", USABLE(4 * MIB, 5 * MIB), USABLE(4 * MIB, 8 * MIB))
MAP(nested_with_the_same_end, "invalid argument", USABLE(2 * MIB, 8 * MIB), USABLE(4 * MIB, 8 * MIB))
MAP(overlap_of_one_byte, "invalid argument", USABLE(2 * MIB, 4 * MIB + 1), USABLE(4 * MIB, 6 * MIB))
MAP(overlap_of_one_byte_the_other_way, "invalid argument", USABLE(4 * MIB, 6 * MIB), USABLE(2 * MIB, 4 * MIB + 1))
MAP(overlap_inside_a_frame, "invalid argument", USABLE(2 * MIB, 4 * MIB + 100), USABLE(4 * MIB + 99, 6 * MIB))
MAP(overlap_of_reserved_ones, "invalid argument", RESERVED(0, 2 * MIB), RESERVED(MIB, 3 * MIB),
    USABLE(4 * MIB, 6 * MIB))
MAP(touching, "ok; 1024 frames in 1 zones", USABLE(2 * MIB, 4 * MIB), USABLE(4 * MIB, 6 * MIB))

/* ---- odd places ------------------------------------------------------------------------------------------- */

MAP(unaligned, "ok; 510 frames in 1 zones", USABLE(2 * MIB + 1, 4 * MIB - 1))
MAP(unaligned_neighbours, "ok; 1023 frames in 1 zones", USABLE(2 * MIB, 4 * MIB + 100), USABLE(4 * MIB + 100, 6 * MIB))
MAP(holes_of_one_frame, "ok; 509 frames in 1 zones", USABLE(2 * MIB, 2 * MIB + 128 * PAGE),
    USABLE(2 * MIB + 129 * PAGE, 2 * MIB + 256 * PAGE), USABLE(2 * MIB + 257 * PAGE, 2 * MIB + 384 * PAGE),
    RESERVED(2 * MIB + 384 * PAGE, 2 * MIB + 385 * PAGE), USABLE(2 * MIB + 385 * PAGE, 4 * MIB))
MAP(memory_from_0_on, "ok; 2048 frames in 1 zones", USABLE(0, 8 * MIB))
MAP(far_apart, "ok; 1024 frames in 2 zones", USABLE(2 * MIB, 4 * MIB), USABLE(512 * MIB, 514 * MIB))
MAP(an_unknown_type, "invalid argument", USABLE(2 * MIB, 4 * MIB),
    {4 * MIB, 6 * MIB, (enum quire_region_type)(QUIRE_USABLE + 1), 0})
MAP(an_unknown_type_alone, "invalid argument", {4 * MIB, 6 * MIB, (enum quire_region_type) - 1, 0})

MAP(at_the_very_top, FITS_64 ? "ok; 1535 frames in 2 zones" : "invalid argument", USABLE(2 * MIB, 4 * MIB),
    USABLE(QUIRE_NONE - 4 * MIB + 1, LAST))

DEATH(only_above_4_gib, "ok; 512 frames in 1 zones") {
    const struct quire_config config = {.n_cpus = 1};
    const struct quire_region map[] = {USABLE(4 * GIB + 2 * MIB, 4 * GIB + 4 * MIB)};
    ram_base = 4 * GIB;
    try_map(&config, map, COUNT_OF(map));
}

/* ---- what is mapped --------------------------------------------------------------------------------------- */

static void with_mapped_end(quire_pa mapped_end) {
    const struct quire_config config = {.n_cpus = 1, .mapped_end = mapped_end};
    const struct quire_region map[] = {USABLE(2 * MIB, 4 * MIB)};
    try_map(&config, map, COUNT_OF(map));
}

DEATH(mapped_to_the_first_byte, "no memory") {
    with_mapped_end(1);
}

DEATH(mapped_to_where_memory_begins, "no memory") {
    with_mapped_end(2 * MIB);
}

DEATH(mapped_less_than_a_frame, "no memory") {
    with_mapped_end(2 * MIB + PAGE - 1);
}

DEATH(mapped_to_the_middle_of_a_frame, "ok; 512 frames in 1 zones") {
    with_mapped_end(2 * MIB + 100 * PAGE + 1);
}

DEATH(not_mapped_at_all, "no memory") {
    not_mapped = 2 * MIB;
    with_mapped_end(0);
}

DEATH(mapped_less_than_the_metadata_need, "no memory") {
    const struct quire_config config = {.n_cpus = 1, .mapped_end = 2 * MIB + 16 * PAGE};
    const struct quire_region map[] = {USABLE(2 * MIB, 700 * MIB)};
    try_map(&config, map, COUNT_OF(map));
}

/* ---- configurations --------------------------------------------------------------------------------------- */

static void with_config(unsigned n_cpus, int content) {
    const struct quire_config config = {.n_cpus = n_cpus, .content = (enum quire_content)content};
    const struct quire_region map[] = {USABLE(2 * MIB, 4 * MIB)};
    try_map(&config, map, COUNT_OF(map));
}

DEATH(no_cpu, "invalid argument") {
    with_config(0, QUIRE_CONTENT_NONE);
}

DEATH(one_cpu_too_many, "invalid argument") {
    with_config(QUIRE_MAX_CPUS + 1, QUIRE_CONTENT_NONE);
}

DEATH(more_cpus_than_memory_has_room_for, "no memory") {
    with_config(QUIRE_MAX_CPUS, QUIRE_CONTENT_NONE);
}

DEATH(as_many_cpus_as_there_can_be, "ok; 196608 frames in 1 zones") {
    const struct quire_config config = {.n_cpus = QUIRE_MAX_CPUS};
    const struct quire_region map[] = {USABLE(0, RAM_BYTES)};
    try_map(&config, map, COUNT_OF(map));
}

DEATH(cpus_that_would_overflow, "invalid argument") {
    with_config(UINT_MAX, QUIRE_CONTENT_NONE);
}

DEATH(a_content_policy_that_does_not_exist, "invalid argument") {
    with_config(1, QUIRE_CONTENT_POISON + 1);
}

DEATH(a_negative_content_policy, "invalid argument") {
    with_config(1, -1);
}

/* There is no end of life: the second one knows nothing of the first. */
DEATH(made_twice, "ok; 512 frames in 1 zones; then ok; 512 frames in 1 zones") {
    with_config(1, QUIRE_CONTENT_NONE);
    say("; then ");
    with_config(1, QUIRE_CONTENT_NONE);
}

/* ---- memory that comes later ------------------------------------------------------------------------------ */

#define ADD(name, line, ...)                                                                                           \
    DEATH(name, line) {                                                                                                \
        const struct quire_region more = __VA_ARGS__;                                                                  \
        say_status(WRONG(quire_add(q, &more)));                                                                        \
    }

ADD(added_without_length, "invalid argument", USABLE(128 * MIB, 128 * MIB))
ADD(added_backwards, "invalid argument", USABLE(132 * MIB, 128 * MIB))
ADD(added_around_the_end, "invalid argument", USABLE(QUIRE_NONE - MIB, 128 * MIB))
ADD(added_less_than_a_frame, "invalid argument", USABLE(128 * MIB + 1, 128 * MIB + 2 * PAGE - 1))
ADD(added_reserved, "invalid argument", RESERVED(128 * MIB, 132 * MIB))
ADD(added_of_an_unknown_type, "invalid argument", {128 * MIB, 132 * MIB, (enum quire_region_type)7, 0})
ADD(added_again, "invalid argument", USABLE(RAM, HOLE))
ADD(added_over_one_managed_frame, "invalid argument", USABLE(RAM_END - PAGE, RAM_END + 8 * MIB))
ADD(added_over_the_metadata, "invalid argument", USABLE(RAM - 4 * MIB, RAM + PAGE))
ADD(added_around_all_of_it, "invalid argument", USABLE(0, 512 * MIB))
ADD(added_over_the_rim_of_a_hole, "invalid argument", USABLE(HOLE, HOLE_END + PAGE))
