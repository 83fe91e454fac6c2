/* zone.c: the metadata of one contiguous span of blocks.
 *
 *   records  one word for each frame: who holds it                 2048 bytes for each block
 *   lines    one bit for each frame: 1 = free, for everyone          64
 *   counts   how many bits are set                                    4
 *   wholes   one record for each block: who holds it as a whole       4
 *   index    hints by how many are set, and how many in a row         ~2
 *   user     what the caller keeps of each frame                    as much as it says
 *
 * Blocks are aligned by physical address. A zone may begin and end in the middle of one. The other frames of such a
 * block have RESERVED records and never a bit. All other blocks start fresh: their metadata are whatever memory held
 * before, and the CPU that claims the block initialises them. So a zone looks like this after some time:
 *
 *     first base              first + ceiling                           end
 *     |     |                 |                                         |
 *     +-----------+-----------+-----------+-----------+-----------+-----------+
 *     | --|ready  |   ready   |   fresh   |   ready   |   fresh   |ready|--   |
 *     +-----------+-----------+-----------+-----------+-----------+-----------+
 *
 *     A cell is a block, -- are frames of it that are RESERVED.
 *
 * The index numbers blocks by address, so that two blocks that could be one pair lie in the same leaf. Where the zone's
 * first block is the upper half of a pair, the first position of the index stands for no block: z->skew is 1.
 *
 * Why not keep free frames in lists, with the links in the frames themselves: that writes into memory that may be
 * unmapped, encrypted or damaged, and a crash or a stray write breaks the list. Here nothing but metadata is touched,
 * and two words that say the same can be compared. It costs some 2120 bytes for each block of 2 MiB, one byte in a
 * thousand.
 *
 * Who may call: q_zone_open, q_zone_start, q_zone_open_block and q_zone_seal work on a zone that no other CPU knows
 * yet; q_zone_fit_span and q_zone_forget_hints while no other call is about the same words. All else any CPU, at any
 * time.
 *
 * Z1  Frames below `first + ceiling` have initialised records, so that one comparison tells whether a caller's address
 *     has a record. So has the last block, if a part of it was RESERVED from the start. For others the index is asked.
 *                                                                                             publish
 * Z2  count = bits set in the line, or it is Q_AS_ONE and no bit is set, when nothing is in flight.  quire_validate
 * Z3  A block with count > 0 is hinted in its class, and a block with runs of bits for those, when nothing is in flight.
 *                                                                                             quire_validate
 * Z4  CLEAN in a block's record: all its frame records are 0. A CPU that borrows frames of the block to hand them out
 *     singly takes it away (q_zone_soil).                                                     quire_validate */
#include "zone.h"

#include "mem.h"

/* Everything begins with a cache line. */
static size_t to_line(size_t n_bytes) {
    return q_round_up(n_bytes, sizeof(struct q_line));
}

/* How many positions of the index come before that of the block which begins with frame `first`. */
static size_t skew_of(q_frame first) {
    return first / Q_BLOCK & 1;
}

size_t q_zone_plan(struct q_zone_layout *zone, q_frame first, size_t n_blocks, size_t user_bytes, size_t at) {
    _Static_assert(sizeof(struct q_line) % _Alignof(struct q_node) == 0, "a line's alignment suits all parts");
    _Static_assert(sizeof(struct q_line) % _Alignof(struct q_zone) == 0, "a line's alignment suits all parts");
    Q_ASSERT(first % Q_BLOCK == 0, first);
    Q_ASSERT(n_blocks > 0 && n_blocks < Q_MOST_BLOCKS, n_blocks);
    *zone = (struct q_zone_layout){.first = first, .n_blocks = n_blocks};
    zone->view_at = at = to_line(at);
    zone->lines_at = at = to_line(at + sizeof(struct q_zone));
    zone->records_at = at += n_blocks * sizeof(struct q_line);
    zone->index_at = at += n_blocks * Q_BLOCK * sizeof(q_record);
    zone->counts_at = at += q_index_bytes(n_blocks + skew_of(first));
    zone->wholes_at = at = to_line(at + n_blocks * sizeof(q_count));
    zone->user_at = at = to_line(at + n_blocks * sizeof(q_record));
    return at + n_blocks * Q_BLOCK * user_bytes;
}

/* The position that stands for no block is not fresh, so that nobody claims it. */
static void leave_skewed(struct q_zone *z) {
    if (z->skew != 0) {
        (void)q_index_claim_block(&z->index, 0);
    }
}

/* Turns offsets into pointers. What they point to is not read. */
void q_zone_open(struct q_zone *z, const struct q_zone_layout *zone, const struct q_header *header) {
    Q_ASSERT(zone->n_blocks > 0 && zone->first % Q_BLOCK == 0, zone->first);
    z->first = (q_frame)zone->first;
    z->n_blocks = (size_t)zone->n_blocks;
    z->records = q_part(header, zone->records_at);
    z->lines = q_part(header, zone->lines_at);
    z->counts = q_part(header, zone->counts_at);
    z->wholes = q_part(header, zone->wholes_at);
    z->skew = skew_of(z->first);
    q_index_open(&z->index, q_part(header, zone->index_at), z->n_blocks + z->skew);
    z->n_tail = 0;
    z->node = zone->node;
    atomic_init(&z->near_to, zone->node);
    z->user_bytes = header->user_bytes;
    z->user = header->user_bytes > 0 ? q_part(header, zone->user_at) : NULL;
}

/* Writes what lasts of struct q_zone, and the root of the index. All the rest of the zone's metadata stay as they
 * are. */
void q_zone_start(struct q_zone *z, struct q_span span) {
    Q_ASSERT(!q_is_empty(span) && span.base >= z->first, span.base);
    Q_ASSERT(span.end <= q_zone_covers(z).end, span.end);
    atomic_init(&z->base, span.base);
    atomic_init(&z->end, span.end);
    atomic_init(&z->ceiling, 0);
    atomic_init(&z->n_frames, 0);
    z->n_edge = 0;
    atomic_init(&z->balance.n_free, 0);
    atomic_init(&z->balance.n_whole, (intptr_t)z->n_blocks); /* all fresh */
    atomic_init(&z->balance.spread, 0);
    q_index_start(&z->index);
    leave_skewed(z);
}

/* The last block is ready at this moment only if a part of it is RESERVED, or if it was used before a crash. */
void q_zone_seal(struct q_zone *z) {
    z->n_tail = q_zone_ready(z, z->n_blocks - 1) ? Q_BLOCK : 0;
    z->sum = q_zone_sum(z);
}

/* Whether a frame of the zone's blocks is the zone's own. relaxed: RESERVED changes only while quire_add runs */
static bool is_managed(const struct q_zone *z, q_frame f) {
    return !q_zone_ready(z, q_zone_block_of(z, f)) ||
           (atomic_load_explicit(q_zone_record(z, f), memory_order_relaxed) & Q_RESERVED) == 0;
}

/* Looks from both ends. At most a block's frames are RESERVED there, unless the zone covers blocks for later pieces
 * (add.c). */
struct q_span q_zone_span(const struct q_zone *z) {
    struct q_span s = q_zone_covers(z);
    while (s.base < s.end - 1 && !is_managed(z, s.base)) {
        s.base++;
    }
    while (s.base < s.end - 1 && !is_managed(z, s.end - 1)) {
        s.end--;
    }
    return s;
}

void q_zone_fit_span(struct q_zone *z) {
    struct q_span s = q_zone_span(z);
    Q_ASSERT(!q_is_empty(s), s.base);
    /* relaxed: as q_zone_bounds reads them */
    atomic_store_explicit(&z->base, s.base, memory_order_relaxed);
    atomic_store_explicit(&z->end, s.end, memory_order_relaxed);
}

void q_zone_forget_hints(struct q_zone *z) {
    q_index_forget(&z->index);
    leave_skewed(z);
}

/* Each fixed word, in any order that stays the same. */
q_word q_zone_sum(const struct q_zone *z) {
    const q_word fixed[] = {z->first,          z->n_blocks,       (q_word)z->records, (q_word)z->lines,
                            (q_word)z->counts, (q_word)z->wholes, z->index.n_blocks,  z->index.top,
                            z->n_tail,         z->skew,           z->meta_base,       z->meta_end,
                            z->node,           z->user_bytes,     (q_word)z->user};
    q_word sum = q_checksum_of(Q_NO_SUM, fixed, sizeof fixed / sizeof *fixed);
    /* The second bound is for a damaged `top`: quire_validate sums up before it believes anything. */
    for (unsigned level = 0; level <= z->index.top && level < Q_LEVELS; level++) {
        sum = q_checksum(sum, (q_word)z->index.level[level]);
    }
    return sum;
}

/* The block that a position of the index stands for. */
static size_t block_at(const struct q_zone *z, size_t at) {
    Q_ASSERT(at == Q_NO_BLOCK || at >= z->skew, at);
    return at == Q_NO_BLOCK ? Q_NO_BLOCK : at - z->skew;
}

static size_t next_of(struct q_zone *z, enum q_class class, enum q_class also, size_t from) {
    return block_at(z, q_index_next(&z->index, class, also, from + z->skew));
}

size_t q_zone_next(struct q_zone *z, enum q_class class, size_t from) {
    return next_of(z, class, Q_NOTHING, from);
}

size_t q_zone_next_some(const struct q_zone *z, enum q_class runs, size_t from) {
    return block_at(z, q_index_next_free(&z->index, runs, from + z->skew));
}

size_t q_zone_next_ready(const struct q_zone *z, size_t from) {
    /* The search for READY changes nothing (q_index_next), so the const may be dropped. */
    return q_zone_next((struct q_zone *)(uintptr_t)z, Q_READY, from);
}

bool q_zone_ready(const struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    return q_index_has(&z->index, Q_READY, block + z->skew);
}

struct q_span q_zone_ready_around(const struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    /* acquire: a CPU that sees the ceiling sees the records below it (Z1) */
    q_frame n_ready = atomic_load_explicit(&z->ceiling, memory_order_acquire);
    if (block * Q_BLOCK < n_ready) {
        return (struct q_span){z->first, z->first + n_ready};
    }
    size_t first;
    size_t n = q_index_ready_around(&z->index, block + z->skew, &first);
    q_frame begin = z->first + (q_frame)(first - z->skew) * Q_BLOCK;
    return (struct q_span){begin, begin + (q_frame)n * Q_BLOCK};
}

bool q_zone_all_ready(const struct q_zone *z, quire_pa i, size_t n) {
    Q_ASSERT(n > 0 && n <= Q_BLOCK, n);
    const quire_pa n_all = (quire_pa)z->n_blocks * Q_BLOCK;
    if (i >= n_all || n > n_all - i) { /* beyond the zone; or wrapped, an address below */
        return false;
    }
    size_t first = (size_t)i / Q_BLOCK, last = ((size_t)i + n - 1) / Q_BLOCK;
    return q_zone_ready(z, first) && (last == first || q_zone_ready(z, last));
}

bool q_zone_hinted(const struct q_zone *z, size_t block, int32_t n_free) {
    Q_ASSERT(block < z->n_blocks, block);
    enum q_class class = q_class_of(n_free);
    return class == Q_NOTHING || q_index_has(&z->index, class, block + z->skew);
}

void q_zone_hint(struct q_zone *z, size_t block, int32_t n_free) {
    Q_ASSERT(block < z->n_blocks, block);
    enum q_class class = q_class_of(n_free);
    if (class != Q_NOTHING) {
        q_index_set(&z->index, class, block + z->skew);
    }
}

/* Whether a word of the block has such a run. */
static bool has_runs(const struct q_zone *z, size_t block, enum q_class runs) {
    bool any = false;
    for (size_t w = Q_LINE_WORDS; w-- > 0 && !any;) {
        any = q_aligned_runs(atomic_load(&z->lines[block].word[w]), q_order_of_runs(runs)) != 0;
    }
    return any;
}

/* That it may have any runs: to look would take longer, and is left to the first search that comes here. */
void q_zone_hint_block(struct q_zone *z, size_t block, int32_t n_free) {
    if (n_free > 0) {
        q_index_set(&z->index, q_class_of(n_free), block + z->skew);
        q_index_set(&z->index, Q_PAIRS, block + z->skew);
        q_index_set(&z->index, Q_EIGHTS, block + z->skew);
        q_index_set(&z->index, Q_WORDS, block + z->skew);
    }
}

void q_zone_hint_runs(struct q_zone *z, size_t block, q_word old, q_word now) {
    Q_ASSERT(block < z->n_blocks && (old & ~now) == 0, old);
    for (unsigned runs = Q_PAIRS; runs <= Q_WORDS; runs++) {
        unsigned order = q_order_of_runs((enum q_class)runs);
        if (q_aligned_runs(now, order) == 0) { /* nor has it a longer one */
            return;
        }
        if (q_aligned_runs(old, order) == 0) {
            q_index_set(&z->index, (enum q_class)runs, block + z->skew);
        }
    }
}

bool q_zone_runs_hinted(const struct q_zone *z, size_t block) {
    bool hinted = true;
    for (unsigned runs = Q_PAIRS; runs <= Q_WORDS && hinted; runs++) {
        hinted = !has_runs(z, block, (enum q_class)runs) || q_index_has(&z->index, (enum q_class)runs, block + z->skew);
    }
    return hinted;
}

/* As a wrong hint of a class is taken away in q_zone_find. */
void q_zone_no_runs(struct q_zone *z, size_t block, enum q_class runs) {
    if (has_runs(z, block, runs)) {
        return; /* shorter ones than were looked for, or others came */
    }
    q_index_clear(&z->index, runs, block + z->skew);
    if (has_runs(z, block, runs)) {
        q_index_set(&z->index, runs, block + z->skew);
    }
}

/* A wrong hint: takes it away, and looks again. All four accesses are seq_cst (see index.c): a CPU that changes the count
 * meanwhile sees that the hint is gone, or this one sees the new count. */
bool q_zone_is_of(struct q_zone *z, enum q_class class, size_t block) {
    q_count *count = &z->counts[block];
    Q_ASSERT(class > Q_FRESH && class < Q_READY, class); /* the classes that a count decides */
    if (q_class_of(atomic_load(count)) == class) {
        return true;
    }
    q_index_clear(&z->index, class, block + z->skew);
    if (q_class_of(atomic_load(count)) == class) {
        q_index_set(&z->index, class, block + z->skew);
        return true;
    }
    return false;
}

size_t q_zone_find(struct q_zone *z, enum q_class class, enum q_class runs, size_t from) {
    size_t b = from;
    while ((b = next_of(z, class, runs, b)) != Q_NO_BLOCK && !q_zone_is_of(z, class, b)) {
        b++;
    }
    return b;
}

size_t q_zone_next_free(struct q_zone *z, enum q_class class, size_t from) {
    Q_ASSERT(class == Q_FRESH || class == Q_ALL, class);
    if (class != Q_FRESH) {
        return q_zone_find(z, class, Q_NOTHING, from);
    }
    size_t b = q_zone_next(z, Q_FRESH, from);
    while (b == Q_NO_BLOCK && q_index_open_more(&z->index)) {
        b = q_zone_next(z, Q_FRESH, from);
    }
    return b;
}

/* Publishes an initialised block. If it is the one at the ceiling, raises that over it and over the ready blocks that
 * follow. If two CPUs publish two neighbours at once, the CPU with the lower one raises the ceiling over both: it looks
 * at READY after it raised the ceiling, and the other CPU looked at the ceiling after it had set READY (all
 * seq_cst). */
static void publish(struct q_zone *z, size_t block) {
    Q_ASSERT(block < z->n_blocks, block);
    q_index_set_ready(&z->index, block + z->skew);
    q_frame ceiling = atomic_load(&z->ceiling);
    Q_ASSERT(ceiling % Q_BLOCK == 0 && ceiling / Q_BLOCK <= z->n_blocks, ceiling);
    if (ceiling != block * Q_BLOCK) {
        return;
    }
    do {
        /* release: a CPU that sees the ceiling sees the records below it; pairs with the acquire in q_zone_knows. A
         * failed exchange loads the newer ceiling: another CPU raised it. */
        if (atomic_compare_exchange_strong(&z->ceiling, &ceiling, ceiling + Q_BLOCK)) {
            ceiling += Q_BLOCK;
        }
    } while (ceiling / Q_BLOCK < z->n_blocks && q_zone_ready(z, ceiling / Q_BLOCK));
}

/* Records for one word of a block: nobody's where the bit is set, RESERVED elsewhere. Returns how many are nobody's. */
static unsigned init_records(q_record *records, q_word usable) {
    if (usable == Q_ALL_BITS) {
        memset(records, 0, Q_WORD_BITS * sizeof *records);
        return Q_WORD_BITS;
    }
    q_word holes = ~usable;
    for (size_t i = 0; i < Q_WORD_BITS; i += 4, holes >>= 4) { /* quire_init is mostly this */
        atomic_init(&records[i], (holes & 1) != 0 ? Q_RESERVED : 0);
        atomic_init(&records[i + 1], (holes & 2) != 0 ? Q_RESERVED : 0);
        atomic_init(&records[i + 2], (holes & 4) != 0 ? Q_RESERVED : 0);
        atomic_init(&records[i + 3], (holes & 8) != 0 ? Q_RESERVED : 0);
    }
    return q_popcount(usable);
}

/* The caller's words of a block's frames are 0 before anybody gets one of them. */
static void clear_user(struct q_zone *z, size_t block) {
    if (z->user != NULL) {
        memset(z->user + block * Q_BLOCK * z->user_bytes, 0, Q_BLOCK * z->user_bytes);
    }
}

/* The balance counts a fresh block as whole; this one can never be whole. */
void q_zone_open_block(struct q_zone *z, size_t block, const q_word *usable) {
    int32_t n_free = 0;
    Q_ASSERT(block < z->n_blocks, block);
    bool claimed = q_index_claim_block(&z->index, block + z->skew);
    Q_ASSERT(claimed, block);
    for (size_t w = 0; w < Q_LINE_WORDS; w++) {
        n_free += (int32_t)init_records(&z->records[block * Q_BLOCK + w * Q_WORD_BITS], usable[w]);
        atomic_init(&z->lines[block].word[w], usable[w]);
    }
    Q_ASSERT(n_free < (int32_t)Q_BLOCK, block); /* a block without a hole stays fresh */
    atomic_init(&z->counts[block], n_free);
    atomic_init(&z->wholes[block], 0);
    clear_user(z, block);
    atomic_fetch_sub_explicit(&z->balance.n_whole, 1, memory_order_relaxed);
    z->n_edge += (size_t)n_free;
    publish(z, block);
    q_zone_hint_block(z, block, n_free);
}

/* Initialises a block of which all frames are the caller's. It is claimed, so no other CPU looks at its metadata: plain
 * writes in effect. */
static void init_claimed(struct q_zone *z, size_t block) {
    Q_ASSERT(!q_zone_ready(z, block), block);
    memset(&z->records[block * Q_BLOCK], 0, Q_BLOCK * sizeof(q_record));
    memset(&z->lines[block], 0, sizeof(struct q_line));
    atomic_init(&z->counts[block], 0);
    atomic_init(&z->wholes[block], Q_CLEAN);
    clear_user(z, block);
    atomic_fetch_sub_explicit(&z->balance.n_whole, 1, memory_order_relaxed);
    publish(z, block);
}

/* Both claims end in the index: the CPU that takes the FRESH bit out has all 512 frames. */
size_t q_zone_claim(struct q_zone *z) {
    size_t at = q_index_claim(&z->index);
    if (at == Q_NO_BLOCK) {
        return Q_NO_BLOCK;
    }
    Q_ASSERT(at >= z->skew, at);
    init_claimed(z, at - z->skew);
    return at - z->skew;
}

bool q_zone_claim_block(struct q_zone *z, size_t block) {
    if (!q_index_claim_block(&z->index, block + z->skew)) {
        return false;
    }
    init_claimed(z, block);
    return true;
}
