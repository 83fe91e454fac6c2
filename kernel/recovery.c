/* recovery.c: what an earlier boot left in memory, when it ended in the middle of everything.
 *
 * The processes, stacks and tables of that boot are gone: nobody knows what to do with them any more. But the allocator
 * is still in memory, and knows for each frame whether somebody held it, and who. So it is recovered, asked, and
 * everything is given back; the memory is then as good as new, without having been counted anew.
 *
 * Nothing of this boot may have been written into memory that the allocator manages: image, device tree and initramfs
 * are reserved, each boot has them where the last one did, and all else comes from the allocator. */
#include <recovery.h>

static void report(const struct quire_recovery *found) {
    print("recovery: %lu frames free, %lu held; %lu were on their way, %lu splits and %lu joins were half done\n",
          found->n_free, found->n_held, found->n_astray, found->n_splits, found->n_joins);
}

static void report_owners(void) {
    uint64_t n_frames[QUIRE_TAGS];
    quire_tag_stats(frames, n_frames);
    for (unsigned tag = 0; tag < QUIRE_TAGS; tag++) {
        if (n_frames[tag] > 0) {
            print("recovery: %lu held by %s\n", n_frames[tag], owner_name((uint8_t)tag));
        }
    }
}

static void check(const char *when) {
    struct quire_fault fault;
    enum quire_status status = quire_validate(frames, &fault);
    if (status != QUIRE_OK) {
        panic("recovery: damaged %s: %s, frame 0x%lx", when,
              status == QUIRE_FAULT ? fault.detail : quire_status_name(status), fault.pa);
    }
}

/* All references to each frame of the run. */
static bool give_back(void *unused, const struct quire_run *run) {
    (void)unused;
    bool held = run->state == QUIRE_STATE_HELD || run->state == QUIRE_STATE_SHARED;
    for (uint64_t i = 0; held && i < run->n_frames; i++) {
        quire_pa frame = run->base + i * PAGE_BYTES;
        for (uint32_t n = quire_refs(frames, frame); n > 0; n--) {
            quire_put(frames, frame);
        }
    }
    return true;
}

static void give_everything_back(void) {
    struct quire_stats stats;
    quire_walk(frames, give_back, NULL);
    check("after all was given back");
    quire_stats(frames, &stats);
    if (stats.n_free != stats.n_frames) {
        panic("recovery: of %lu frames only %lu are free when all is given back", stats.n_frames, stats.n_free);
    }
    print("recovery: all %lu frames are free again\n", stats.n_free);
}

bool recover(const struct quire_config *config, const struct quire_region *regions, size_t n_regions) {
    struct quire_recovery found;
    if (quire_recover(&frames, config, regions, n_regions, &found) != QUIRE_OK) {
        print("recovery: %s\n", found.why);
        return false;
    }
    report(&found);
    report_owners();
    check("as it was found");
    give_everything_back();
    return true;
}
