/* fields.c: see fields.h. */
#include "fields.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- words ------------------------------------------------------------------------------------------------ */

#define CORE      "the allocator's fixed data are damaged"
#define BOOKED    "a CPU cache keeps account of no zone"
#define NEAR      "what a zone knows of its node is damaged"
#define NODES     "what CPU caches know of their nodes is damaged"
#define TABLE     "the table of zones is damaged"
#define NONE_HERE "no allocator lies where these arguments would put one"
#define VERSION   "its metadata are laid out by another version of the library"
#define HEADER    "a header of its metadata is damaged"
#define LAYOUT    "what its metadata say of a zone is damaged"
#define ZONE      "a zone's fixed data are damaged"
#define MAIN      "the main zone is not the largest one"
#define IN_FLIGHT "the counters of calls in flight are damaged"
#define COUNTERS  "a CPU cache's counters are out of range"
#define NO_LOAN   "a loan without a block has frames"
#define VIEW      "a CPU cache does not look at the zone of its frames"
#define NOT_BLOCK "a loan's block is not the one it names"
#define LOST      "a free frame is nowhere: lost"
#define TWICE     "a frame is in the caches twice"
#define NOT_FREE  "a CPU cache holds a frame that is not free, or no frame"
#define SPAN      "a zone's span leaves out one of its frames"
#define SPAN_ENDS "a zone's span begins or ends with no frame of its own"
#define N_FRAMES  "a zone's number of frames is wrong"
#define N_WHOLE   "a zone's number of whole free blocks is wrong"
#define CEILING   "the ceiling is not where the initialised blocks end"
#define COUNT     "a block's count is not the number of its free bits"
#define REFS      "a whole block has more than one reference"
#define HINT      "a block with free frames has no hint"
#define CLEAN     "a frame has a record in a block marked clean"
#define RESERVED_ "a reserved frame's record says more than that"
#define BIT       "a frame's bit says free, its record does not"
#define HELD      "a record says held and freed"
#define ONE_SIDE  "of two neighbours only one is joined to the other"
#define NOBODY    "a frame that nobody holds is joined to another"
#define OWNERS    "two joined frames have different owners"
#define NO_CHILD  "a block or node of the index is marked initialised that does not exist"
#define LEAF      "a leaf of the index has children that are nodes"
#define FRESH     "a block is neither fresh nor initialised, or both"
#define RAW       "a node of the index is neither raw nor initialised, or both"
#define NOT_READY "the index has a hint for what is not initialised"
#define HAS_RUN   "a block with a run of free frames has no hint for that"
#define BELOW     "a node of the index does not say what lies below it"

/* Why a flip is not named. */
#define STATISTIC "a statistic: any number may stand there"
#define ESTIMATE  "an estimate: where it is wrong, frees go home sooner or later than they should"
#define A_HINT    "where a search begins: any place will do"
#define UNUSED    "nobody reads it"
#define NUMBER    "the number of a visit: any even one is as good"
#define ADDS      "how often memory was added: any number may stand there"
#define MORE      "a hint too many: the first search that follows it takes it away"
#define NOT_CLEAN "less than is true: the records of the block are set to 0 once more before it is handed out"
#define TWO_MORE  "two more say the same, and two that agree are right"
#define ELSEWHERE "it is written nowhere else, so nothing disagrees with it"

#define OR " | "

/* ---- the members ------------------------------------------------------------------------------------------ */

/* Each structure with a value for each member, in order. A member that is new is a warning here, and so an error; then it
 * needs a line in a table below. (That every byte is in the tables is checked when the test runs, but a small member can
 * hide in what was padding.) */
#define MEMBERS(type, ...) __attribute__((unused)) static const struct type members_of_##type = {__VA_ARGS__}

MEMBERS(quire, NULL, NULL, 0, 0, 0, 0, {0}, 0, NULL, 0, 0, 0, 0, NULL);
MEMBERS(q_header, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0});
MEMBERS(q_zone_layout, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
MEMBERS(q_zones, 0, 0, 0);
MEMBERS(q_zone, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, {{NULL}, 0, 0}, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, {0, 0, 0});
MEMBERS(q_cache, {0}, 0, 0, 0, NULL, 0, 0, 0, 0, {NULL, 0, {0}}, {NULL, 0, {0}}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0,
        0, 0, 0, 0, {0}, {{0}}, {0});
MEMBERS(q_node, 0, 0, {0}, {0});

/* ---- the fields ------------------------------------------------------------------------------------------- */

#define FIELD(type, member, bits, says, why)                                                                           \
    { #member, offsetof(type, member), sizeof((type *)0)->member, bits, says, why }
#define NAMED(type, member, says)  FIELD(type, member, ALL, says, NULL)
#define UNNAMED(type, member, why) FIELD(type, member, ALL, NULL, why)
/* What the compiler left free behind one member, up to another, or to the end. */
#define END_OF(type, member) (offsetof(type, member) + sizeof((type *)0)->member)
#define PADDING(type, from, to)                                                                                        \
    { "padding behind " #from, END_OF(type, from), offsetof(type, to) - END_OF(type, from), ALL, NULL, UNUSED }
#define PADDING_TO_END(type, from)                                                                                     \
    { "padding behind " #from, END_OF(type, from), sizeof(type) - END_OF(type, from), ALL, NULL, UNUSED }

static const struct field of_quire[] = {
    NAMED(struct quire, main, MAIN),
    NAMED(struct quire, caches, CORE),
    NAMED(struct quire, n_cpus, CORE),
    PADDING(struct quire, n_cpus, n_quick),
    NAMED(struct quire, n_quick, CORE),
    NAMED(struct quire, content, CORE),
    NAMED(struct quire, n_nodes, CORE),
    PADDING(struct quire, n_nodes, cut),
    NAMED(struct quire, cut, CORE),
    NAMED(struct quire, sum, CORE),
    NAMED(struct quire, zones, TABLE),
    NAMED(struct quire, not_zones, TABLE),
    PADDING(struct quire, not_zones, n_faults),
    UNNAMED(struct quire, n_faults, STATISTIC),
    UNNAMED(struct quire, n_unproved, STATISTIC),
    FIELD(struct quire, adding, 1, "busy", NULL),
    FIELD(struct quire, adding, ~(uint64_t)1, NULL, ADDS),
    PADDING(struct quire, adding, header),
    NAMED(struct quire, header, CORE),
    {"distance", offsetof(struct quire, distance), 1, ALL, CORE, NULL}, /* there is one node */
    {"padding behind distance", offsetof(struct quire, distance) + 1,
     sizeof(struct quire) - offsetof(struct quire, distance) - 1, ALL, NULL, UNUSED},
};

#define SUMMED_BYTES (offsetof(struct q_header, next) - offsetof(struct q_header, sum))
static const struct field of_header[] = {
    NAMED(struct q_header, magic, NONE_HERE),
    NAMED(struct q_header, version, VERSION),
    {"the sum and what it is of", offsetof(struct q_header, sum), SUMMED_BYTES, ALL, HEADER, NULL},
    UNNAMED(struct q_header, next[0], TWO_MORE),
    UNNAMED(struct q_header, next[1], TWO_MORE),
    UNNAMED(struct q_header, next[2], TWO_MORE),
    PADDING_TO_END(struct q_header, next),
};
static const struct field of_zone_layout[] = {
    {"all of it", 0, sizeof(struct q_zone_layout), ALL, LAYOUT, NULL},
};

#define TWO_ZONES (4 * sizeof(struct q_zone *)) /* by address, and in the order of the one node */
static const struct field of_table[] = {
    NAMED(struct q_zones, n, TABLE),
    NAMED(struct q_zones, not_n, TABLE),
    NAMED(struct q_zones, sum, TABLE),
    {"zone[0] .. zone[3]", offsetof(struct q_zones, zone), TWO_ZONES, ALL, TABLE, NULL},
};

/* An index of `n_levels`. */
#define ZONE_FIELDS(n_levels)                                                                                          \
    NAMED(struct q_zone, base, SPAN OR SPAN_ENDS), NAMED(struct q_zone, end, SPAN OR SPAN_ENDS),                       \
        NAMED(struct q_zone, ceiling, CEILING OR VIEW), NAMED(struct q_zone, n_frames, N_FRAMES),                      \
        PADDING(struct q_zone, n_frames, first), NAMED(struct q_zone, first, ZONE),                                    \
        NAMED(struct q_zone, n_blocks, ZONE), NAMED(struct q_zone, records, ZONE), NAMED(struct q_zone, lines, ZONE),  \
        NAMED(struct q_zone, counts, ZONE), NAMED(struct q_zone, wholes, ZONE),                                        \
        LEVELS("levels", 0, n_levels, ZONE, NULL), LEVELS("levels above", n_levels, Q_LEVELS, NULL, UNUSED),           \
        NAMED(struct q_zone, index.n_blocks, ZONE), NAMED(struct q_zone, index.top, ZONE),                             \
        PADDING(struct q_zone, index.top, n_tail), NAMED(struct q_zone, n_tail, ZONE),                                 \
        UNNAMED(struct q_zone, n_edge, ESTIMATE), NAMED(struct q_zone, skew, ZONE),                                    \
        NAMED(struct q_zone, meta_base, ZONE), NAMED(struct q_zone, meta_end, ZONE), NAMED(struct q_zone, node, ZONE), \
        NAMED(struct q_zone, near_to, NEAR), PADDING(struct q_zone, near_to, user_bytes),                              \
        NAMED(struct q_zone, user_bytes, ZONE), NAMED(struct q_zone, user, ZONE), NAMED(struct q_zone, sum, ZONE),     \
        PADDING(struct q_zone, sum, balance), UNNAMED(struct q_zone, balance.n_free, ESTIMATE),                        \
        NAMED(struct q_zone, balance.n_whole, N_WHOLE), UNNAMED(struct q_zone, balance.spread, ESTIMATE),              \
        PADDING_TO_END(struct q_zone, balance.spread)
#define LEVELS(name, from, to, says, why)                                                                              \
    { name, offsetof(struct q_zone, index.level[from]), ((to) - (from)) * sizeof(struct q_node *), ALL, says, why }

static const struct field of_large_zone[] = {ZONE_FIELDS(2)};
static const struct field of_small_zone[] = {ZONE_FIELDS(1)};

/* A cache with N_WARM warm frames, and frames in both loans. */
#define N_WARM  32u
#define WARM(n) ((n) * sizeof(q_frame))

/* A visit or a claim that never ends. */
#ifdef QUIRE_PORT_LOCAL
#define OF_LOCAL_GUARD NAMED(struct q_cache, guard.busy, "busy"), NAMED(struct q_cache, guard.claimed, "busy"),
#else
#define OF_LOCAL_GUARD
#endif

static const struct field of_cache[] = {
    FIELD(struct q_cache, guard.word, Q_VISIT - 1, COUNTERS OR LOST OR NOT_FREE OR TWICE OR VIEW, NULL),
    FIELD(struct q_cache, guard.word, ~(uint64_t)(Q_VISIT - 1), NULL, NUMBER),
    OF_LOCAL_GUARD NAMED(struct q_cache, first, VIEW),
    FIELD(struct q_cache, n_quick, ALL, VIEW OR "ok", NULL), /* fewer are slower */
    NAMED(struct q_cache, records, VIEW),
    NAMED(struct q_cache, zone, VIEW),
    NAMED(struct q_cache, gathering, VIEW OR "ok"),
    NAMED(struct q_cache, n_calls, "busy" OR IN_FLIGHT),
    UNNAMED(struct q_cache, n_warm, UNUSED),
    PADDING(struct q_cache, n_warm, word),
    FIELD(struct q_cache, word, Q_LINE_WORDS - 1, NULL, A_HINT),
    FIELD(struct q_cache, word, ALL ^ (Q_LINE_WORDS - 1), COUNTERS, NULL),
    NAMED(struct q_cache, in.zone, NOT_BLOCK),
    NAMED(struct q_cache, in.base, NOT_BLOCK OR LOST OR TWICE),
    NAMED(struct q_cache, in.mask, LOST OR NOT_FREE OR TWICE),
    NAMED(struct q_cache, out.zone, NOT_BLOCK),
    NAMED(struct q_cache, out.base, NOT_BLOCK OR LOST OR TWICE),
    NAMED(struct q_cache, out.mask, LOST OR NOT_FREE OR TWICE),
    UNNAMED(struct q_cache, gathered, ESTIMATE),
    UNNAMED(struct q_cache, n_last_whole, ESTIMATE),
    UNNAMED(struct q_cache, spread, ESTIMATE),
    UNNAMED(struct q_cache, first_spread, ESTIMATE),
    UNNAMED(struct q_cache, n_vain, ESTIMATE),
    UNNAMED(struct q_cache, n_rest, ESTIMATE),
    UNNAMED(struct q_cache, n_pause, ESTIMATE),
    NAMED(struct q_cache, node, NODES),
    NAMED(struct q_cache, rank, NODES),
    NAMED(struct q_cache, n_peers, NODES),
    PADDING(struct q_cache, n_peers, booked),
    NAMED(struct q_cache, booked, BOOKED),
    UNNAMED(struct q_cache, n_taken, ESTIMATE),
    NAMED(struct q_cache, n_begun, "busy" OR IN_FLIGHT), /* more begun than ended: as if calls were in flight */
    NAMED(struct q_cache, n_ended, "busy" OR IN_FLIGHT),
    UNNAMED(struct q_cache, n_refills, STATISTIC),
    UNNAMED(struct q_cache, n_steals, STATISTIC),
    NAMED(struct q_cache, n_runs, COUNTERS OR NOT_FREE OR LOST OR TWICE),
    UNNAMED(struct q_cache, runs, UNUSED),
    PADDING(struct q_cache, runs, warm),
    {"warm, the frames there", offsetof(struct q_cache, warm), WARM(N_WARM), ALL, LOST OR TWICE OR VIEW, NULL},
    {"warm, above them", offsetof(struct q_cache, warm[N_WARM]), WARM(Q_WARM - N_WARM), ALL, NULL, UNUSED},
    PADDING_TO_END(struct q_cache, warm),
};

/* A cache that nobody has used. */
static const struct field of_unused_cache[] = {
    FIELD(struct q_cache, guard.word, Q_BUSY, "busy", NULL),
    FIELD(struct q_cache, guard.word, (Q_VISIT - 1) ^ Q_BUSY, COUNTERS OR VIEW, NULL),
    FIELD(struct q_cache, guard.word, ~(uint64_t)(Q_VISIT - 1), NULL, NUMBER),
    OF_LOCAL_GUARD NAMED(struct q_cache, first, VIEW),
    NAMED(struct q_cache, n_quick, VIEW),
    NAMED(struct q_cache, records, VIEW),
    NAMED(struct q_cache, zone, VIEW),
    NAMED(struct q_cache, gathering, VIEW OR "ok"),
    NAMED(struct q_cache, n_calls, "busy" OR IN_FLIGHT),
    UNNAMED(struct q_cache, n_warm, UNUSED),
    PADDING(struct q_cache, n_warm, word),
    FIELD(struct q_cache, word, Q_LINE_WORDS - 1, NULL, A_HINT),
    FIELD(struct q_cache, word, ALL ^ (Q_LINE_WORDS - 1), COUNTERS, NULL),
    NAMED(struct q_cache, in.zone, NOT_BLOCK),
    NAMED(struct q_cache, in.base, NO_LOAN),
    NAMED(struct q_cache, in.mask, NO_LOAN),
    NAMED(struct q_cache, out.zone, NOT_BLOCK),
    NAMED(struct q_cache, out.base, NO_LOAN),
    NAMED(struct q_cache, out.mask, NO_LOAN),
    UNNAMED(struct q_cache, gathered, ESTIMATE),
    UNNAMED(struct q_cache, n_last_whole, ESTIMATE),
    UNNAMED(struct q_cache, spread, ESTIMATE),
    UNNAMED(struct q_cache, first_spread, ESTIMATE),
    UNNAMED(struct q_cache, n_vain, ESTIMATE),
    UNNAMED(struct q_cache, n_rest, ESTIMATE),
    UNNAMED(struct q_cache, n_pause, ESTIMATE),
    NAMED(struct q_cache, node, NODES),
    NAMED(struct q_cache, rank, NODES),
    NAMED(struct q_cache, n_peers, NODES),
    PADDING(struct q_cache, n_peers, booked),
    NAMED(struct q_cache, booked, BOOKED),
    UNNAMED(struct q_cache, n_taken, ESTIMATE),
    NAMED(struct q_cache, n_begun, "busy" OR IN_FLIGHT), /* more begun than ended: as if calls were in flight */
    NAMED(struct q_cache, n_ended, "busy" OR IN_FLIGHT),
    UNNAMED(struct q_cache, n_refills, STATISTIC),
    UNNAMED(struct q_cache, n_steals, STATISTIC),
    NAMED(struct q_cache, n_runs, COUNTERS OR NOT_FREE OR LOST OR TWICE),
    UNNAMED(struct q_cache, runs, UNUSED),
    PADDING(struct q_cache, runs, warm),
    UNNAMED(struct q_cache, warm, UNUSED),
    PADDING_TO_END(struct q_cache, warm),
};

/* What is held cannot be free; what is free and was not cannot be lost. */
static const struct field of_line[] = {NAMED(struct q_line, word, BIT OR LOST OR COUNT)};

#define TAGS    (uint64_t) Q_TAG_MASK
#define REFS_OF (uint64_t) Q_COUNT_TOP

/* Counts of blocks, and their records. */
static const struct field of_used_count[] = {{"count", 0, 4, ALL, COUNT, NULL}};
static const struct field of_whole_count[] = {{"count", 0, 4, ALL, COUNT OR BIT, NULL}};
static const struct field of_free_count[] = {
    {"count", 0, 4, ALL, LOST, NULL}}; /* only the count says that it is home */
static const struct field of_used_block[] = {
    {"count", 0, 4, REFS_OF, BIT OR REFS OR LOST OR NOT_FREE, NULL},
    {"tag and joins", 0, 4, TAGS | Q_JOIN_PREV | Q_JOIN_NEXT | Q_FREED, NULL, ELSEWHERE},
    {"clean", 0, 4, Q_CLEAN, CLEAN, NULL},
};
static const struct field of_whole_block[] = {
    {"count, 1 to 0", 0, 4, 1, LOST, NULL},
    {"count", 0, 4, REFS_OF ^ 1, REFS, NULL},
    {"tag and joins", 0, 4, TAGS | Q_JOIN_PREV | Q_JOIN_NEXT | Q_FREED, NULL, ELSEWHERE},
    {"clean", 0, 4, Q_CLEAN, NULL, NOT_CLEAN},
};
static const struct field of_free_block[] = {
    {"count", 0, 4, REFS_OF, BIT, NULL},
    {"tag and joins", 0, 4, TAGS | Q_JOIN_PREV | Q_JOIN_NEXT | Q_FREED, NULL, ELSEWHERE},
    {"clean", 0, 4, Q_CLEAN, NULL, NOT_CLEAN},
};

/* Records of single frames and of runs. */
static const struct field of_record_held[] = {
    {"count, 1 to 0", 0, 4, 1, LOST, NULL}, {"count", 0, 4, REFS_OF ^ 1, NULL, ELSEWHERE},
    {"tag", 0, 4, TAGS, NULL, ELSEWHERE},   {"joins", 0, 4, Q_JOIN_PREV | Q_JOIN_NEXT, ONE_SIDE, NULL},
    {"freed", 0, 4, Q_FREED, HELD, NULL},   {"reserved", 0, 4, Q_RESERVED, RESERVED_, NULL},
};
static const struct field of_record_shared[] = {
    {"count, 2 to 0", 0, 4, 2, LOST, NULL}, {"count", 0, 4, REFS_OF ^ 2, NULL, ELSEWHERE},
    {"tag", 0, 4, TAGS, NULL, ELSEWHERE},   {"joins", 0, 4, Q_JOIN_PREV | Q_JOIN_NEXT, ONE_SIDE, NULL},
    {"freed", 0, 4, Q_FREED, HELD, NULL},   {"reserved", 0, 4, Q_RESERVED, RESERVED_, NULL},
};
static const struct field of_record_joined[] = {
    {"count, 1 to 0", 0, 4, 1, LOST, NULL}, {"count", 0, 4, REFS_OF ^ 1, NULL, ELSEWHERE},
    {"tag", 0, 4, TAGS, OWNERS, NULL},      {"joins", 0, 4, Q_JOIN_PREV | Q_JOIN_NEXT, ONE_SIDE, NULL},
    {"freed", 0, 4, Q_FREED, HELD, NULL},   {"reserved", 0, 4, Q_RESERVED, RESERVED_, NULL},
};
static const struct field of_record_free[] = {
    {"count", 0, 4, REFS_OF, BIT OR HELD, NULL},
    {"tag, freed", 0, 4, TAGS | Q_FREED, NULL, ELSEWHERE},
    {"joins", 0, 4, Q_JOIN_PREV | Q_JOIN_NEXT, ONE_SIDE OR NOBODY, NULL},
    {"reserved", 0, 4, Q_RESERVED, RESERVED_, NULL},
};
static const struct field of_record_in_clean[] = {
    {"all of it", 0, 4, 0xFFFFFFFF, CLEAN OR ONE_SIDE, NULL},
};
static const struct field of_record_reserved[] = {
    {"all but reserved", 0, 4, 0xFFFFFFFF ^ Q_RESERVED, RESERVED_ OR ONE_SIDE, NULL},
    {"reserved", 0, 4, Q_RESERVED, SPAN, NULL},
};

/* The first leaf. Position 0 is no block, since the zone is skewed; behind it come the blocks in use, of which one has
 * most of its frames free, and one all. The root's bits for FEW and fewer are clear. */
#define IN_USE      0xFEu
#define MOSTLY_FREE (1u << 3)
#define ALL_FREE    (1u << 5)
/* A hint for runs: the block that is mostly free has some of each length; of the others none in use does. */
#define RUNS_IN_LEAF(runs)                                                                                             \
    FIELD(struct q_node, word[runs], MOSTLY_FREE, HAS_RUN, NULL),                                                      \
        FIELD(struct q_node, word[runs], IN_USE ^ MOSTLY_FREE, NULL, MORE),                                            \
        FIELD(struct q_node, word[runs], ALL ^ IN_USE, NOT_READY, NULL)
static const struct field of_leaf[] = {
    NAMED(struct q_node, word[Q_FRESH], FRESH),
    FIELD(struct q_node, word[Q_NEARLY_FULL], IN_USE, BELOW, NULL),
    FIELD(struct q_node, word[Q_NEARLY_FULL], ALL ^ IN_USE, NOT_READY OR BELOW, NULL),
    FIELD(struct q_node, word[Q_FEW], IN_USE, BELOW, NULL),
    FIELD(struct q_node, word[Q_FEW], ALL ^ IN_USE, NOT_READY OR BELOW, NULL),
    FIELD(struct q_node, word[Q_SOME], IN_USE, NULL, MORE),
    FIELD(struct q_node, word[Q_SOME], ALL ^ IN_USE, NOT_READY, NULL),
    FIELD(struct q_node, word[Q_MOST], MOSTLY_FREE, HINT, NULL),
    FIELD(struct q_node, word[Q_MOST], IN_USE ^ MOSTLY_FREE, NULL, MORE),
    FIELD(struct q_node, word[Q_MOST], ALL ^ IN_USE, NOT_READY, NULL),
    FIELD(struct q_node, word[Q_ALL], ALL_FREE, HINT, NULL),
    FIELD(struct q_node, word[Q_ALL], IN_USE ^ ALL_FREE, NULL, MORE),
    FIELD(struct q_node, word[Q_ALL], ALL ^ IN_USE, NOT_READY, NULL),
    FIELD(struct q_node, word[Q_READY], 1, NULL, UNUSED),
    FIELD(struct q_node, word[Q_READY], ALL ^ 1, FRESH, NULL),
    RUNS_IN_LEAF(Q_PAIRS),
    RUNS_IN_LEAF(Q_EIGHTS),
    RUNS_IN_LEAF(Q_WORDS),
    UNNAMED(struct q_node, unused, UNUSED),
    UNNAMED(struct q_node, unused_too, UNUSED),
    NAMED(struct q_node, raw, LEAF),
};

/* The root: its first and its last leaf are initialised. */
#define FIRST (uint64_t)1
#define LAST  (uint64_t)(sizeof(q_word) == 8 ? 1 << 1 : 1 << 2)
#define OTHER (ALL ^ (FIRST | LAST))
#define RUNS_IN_ROOT(runs)                                                                                             \
    FIELD(struct q_node, word[runs], FIRST | LAST, BELOW, NULL),                                                       \
        FIELD(struct q_node, word[runs], OTHER, NOT_READY, NULL)
static const struct field of_root[] = {
    FIELD(struct q_node, word[Q_FRESH], FIRST | LAST, BELOW, NULL),
    FIELD(struct q_node, word[Q_FRESH], OTHER, NOT_READY, NULL),
    FIELD(struct q_node, word[Q_NEARLY_FULL], LAST, BELOW, NULL),
    FIELD(struct q_node, word[Q_NEARLY_FULL], FIRST, NULL, MORE),
    FIELD(struct q_node, word[Q_NEARLY_FULL], OTHER, NOT_READY, NULL),
    FIELD(struct q_node, word[Q_FEW], FIRST | LAST, NULL, MORE),
    FIELD(struct q_node, word[Q_FEW], OTHER, NOT_READY, NULL),
    FIELD(struct q_node, word[Q_SOME], FIRST, BELOW, NULL),
    FIELD(struct q_node, word[Q_SOME], LAST, NULL, MORE),
    FIELD(struct q_node, word[Q_SOME], OTHER, NOT_READY, NULL),
    FIELD(struct q_node, word[Q_MOST], FIRST, BELOW, NULL),
    FIELD(struct q_node, word[Q_MOST], LAST, NULL, MORE),
    FIELD(struct q_node, word[Q_MOST], OTHER, NOT_READY, NULL),
    FIELD(struct q_node, word[Q_ALL], FIRST, BELOW, NULL),
    FIELD(struct q_node, word[Q_ALL], LAST, NULL, MORE),
    FIELD(struct q_node, word[Q_ALL], OTHER, NOT_READY, NULL),
    NAMED(struct q_node, word[Q_READY], RAW OR NO_CHILD),
    RUNS_IN_ROOT(Q_PAIRS),
    RUNS_IN_ROOT(Q_EIGHTS),
    RUNS_IN_ROOT(Q_WORDS),
    UNNAMED(struct q_node, unused, UNUSED),
    UNNAMED(struct q_node, unused_too, UNUSED),
    NAMED(struct q_node, raw, RAW),
};

/* ---- the structures --------------------------------------------------------------------------------------- */

#define N_FIELDS(of)   of, COUNT_OF(of)
#define WITHOUT_A_NAME NULL, 0

struct object objects[] = {
    {"struct quire", NULL, sizeof(struct quire), N_FIELDS(of_quire), CORE, CORE},
    {"header", NULL, sizeof(struct q_header), N_FIELDS(of_header), NONE_HERE, NONE_HERE},
    {"header of added memory", NULL, sizeof(struct q_header), N_FIELDS(of_header), NONE_HERE, NONE_HERE},
    {"layout of a zone", NULL, sizeof(struct q_zone_layout), N_FIELDS(of_zone_layout), LAYOUT, LAYOUT},
    {"table of zones", NULL, sizeof(struct q_zones) + TWO_ZONES, N_FIELDS(of_table), TABLE, TABLE},
    {"large zone", NULL, sizeof(struct q_zone), N_FIELDS(of_large_zone), ZONE, ZONE},
    {"added zone", NULL, sizeof(struct q_zone), N_FIELDS(of_small_zone), ZONE, ZONE},
    {"cache", NULL, sizeof(struct q_cache), N_FIELDS(of_cache), NODES, NODES},
    {"unused cache", NULL, sizeof(struct q_cache), N_FIELDS(of_unused_cache), NODES, NODES},
    {"line of a used block", NULL, sizeof(struct q_line), N_FIELDS(of_line), LOST, BIT},
    {"line of a whole block", NULL, sizeof(struct q_line), N_FIELDS(of_line), "ok", BIT},
    {"line of a free block", NULL, sizeof(struct q_line), N_FIELDS(of_line), "ok", COUNT},
    {"count of a used block", NULL, sizeof(q_count), N_FIELDS(of_used_count), COUNT, COUNT},
    {"count of a whole block", NULL, sizeof(q_count), N_FIELDS(of_whole_count), "ok", COUNT},
    {"count of a free block", NULL, sizeof(q_count), N_FIELDS(of_free_count), LOST, LOST},
    {"record of a used block", NULL, sizeof(q_record), N_FIELDS(of_used_block), "ok", CLEAN},
    {"record of a whole block", NULL, sizeof(q_record), N_FIELDS(of_whole_block), LOST, REFS},
    {"record of a free block", NULL, sizeof(q_record), N_FIELDS(of_free_block), "ok", BIT},
    {"record of a single frame", NULL, sizeof(q_record), N_FIELDS(of_record_held), LOST, RESERVED_ OR ONE_SIDE},
    {"record of a shared frame", NULL, sizeof(q_record), N_FIELDS(of_record_shared), LOST, RESERVED_ OR ONE_SIDE},
    {"record inside a run", NULL, sizeof(q_record), N_FIELDS(of_record_joined), ONE_SIDE, OWNERS},
    {"record of a freed frame", NULL, sizeof(q_record), N_FIELDS(of_record_free), "ok", RESERVED_ OR ONE_SIDE},
    {"record of a warm frame", NULL, sizeof(q_record), N_FIELDS(of_record_free), "ok", RESERVED_ OR ONE_SIDE},
    {"record in a whole block", NULL, sizeof(q_record), N_FIELDS(of_record_in_clean), "ok", CLEAN OR ONE_SIDE},
    {"record of a hole", NULL, sizeof(q_record), N_FIELDS(of_record_reserved), SPAN, RESERVED_ OR ONE_SIDE},
    {"leaf of the index", NULL, sizeof(struct q_node), N_FIELDS(of_leaf), FRESH, BELOW},
    {"root of the index", NULL, sizeof(struct q_node), N_FIELDS(of_root), RAW, NO_CHILD},
};
const size_t n_objects = COUNT_OF(objects);

/* ---- an allocator with something of everything ------------------------------------------------------------ */

#define LARGE     (514 * MIB + 16 * PAGE) /* an odd block: its zone is skewed, and has more than one leaf */
#define LARGE_END (674 * MIB + 24 * PAGE)
#define ADDED     (64 * MIB)
#define ADDED_END (72 * MIB)
#define N_SINGLE  1200

static quire_pa single[N_SINGLE], cached[264];
static quire_pa run, whole, was_whole, shared;

static void make_zones(void) {
    const struct quire_config config = {.n_cpus = 3};
    const struct quire_region large = USABLE(LARGE, LARGE_END), added = USABLE(ADDED, ADDED_END);
    if (quire_init(&q, &config, &large, 1) != QUIRE_OK || quire_add(q, &added) != QUIRE_OK) {
        fprintf(stderr, "faults: no allocator\n");
        exit(2);
    }
}

static void use_blocks(void) {
    for (size_t i = 0; i < N_SINGLE; i++) {
        single[i] = one(7);
    }
    for (size_t i = 0; i < N_SINGLE; i += 2) {
        quire_free(q, single[i]);
    }
    q_drain_all(q);
    run = many(4, 4);
    whole = many(QUIRE_BLOCK_ORDER, 5);
    was_whole = many(QUIRE_BLOCK_ORDER, 6);
    quire_free_order(q, run + 8 * PAGE, 1);
    quire_free_order(q, was_whole, QUIRE_BLOCK_ORDER);
    many(PAIR_ORDER, 9);
    shared = one(3);
    quire_get(q, shared);
    q_drain_all(q);
}

/* Each of two CPUs frees what the other one took. */
static void fill_caches(void) {
    for (size_t i = 0; i < COUNT_OF(cached); i++) {
        this_cpu = i < COUNT_OF(cached) / 2 ? 0 : 1;
        cached[i] = one(8);
    }
    for (size_t i = 0; i < COUNT_OF(cached); i++) {
        this_cpu = i < COUNT_OF(cached) / 2 ? 1 : 0;
        quire_free(q, cached[i]);
    }
    while (q_visit_warm(atomic_load(&q->caches[0].guard.word)) > N_WARM) {
        one(8);
    }
}

static size_t block_of(quire_pa pa) {
    return q_zone_block_of(q_main(q), (q_frame)(pa >> QUIRE_PAGE_SHIFT));
}

void fields_start(void) {
    make_zones();
    use_blocks();
    fill_caches();
    struct q_zone *z = q_main(q);
    size_t used = block_of(single[0]), held = block_of(whole), not_held = block_of(was_whole);
    void *const at[] = {
        q,
        q->header,
        q_next_extent(q->header),
        (char *)q->header + q->header->zones_at,
        (void *)(uintptr_t)q_zones(q),
        z,
        q_zones(q)->zone[0],
        &q->caches[0],
        &q->caches[2],
        &z->lines[used],
        &z->lines[held],
        &z->lines[not_held],
        &z->counts[used],
        &z->counts[held],
        &z->counts[not_held],
        &z->wholes[used],
        &z->wholes[held],
        &z->wholes[not_held],
        record_of(single[1]),
        record_of(shared),
        record_of(run + PAGE),
        record_of(single[0]),
        record_of(q_pa(q->caches[0].warm[0])),
        record_of(whole + 7 * PAGE),
        record_of(LARGE - PAGE),
        z->index.level[0],
        z->index.level[1],
    };
    for (size_t i = 0; i < n_objects; i++) {
        objects[i].at = at[i];
    }
}
