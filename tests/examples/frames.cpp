// frames.cpp: quire.hpp, the C++ of examples/cpp-x86_64, as a program on the host: who holds a frame, and when it goes back.
#include <host.h>
#include <quire.hpp>
#include <stdio.h>
#include <type_traits>
#include <utility>

enum class Owner : uint8_t { table = 1, user };
enum class Wide : int { table };

static_assert(!std::is_copy_constructible_v<frames::Frame> && !std::is_copy_assignable_v<frames::Frame>,
              "a frame is not copied by mistake");
static_assert(std::is_nothrow_move_constructible_v<frames::Frame> && std::is_nothrow_move_assignable_v<frames::Frame>);
static_assert(frames::OwnerName<Owner> && !frames::OwnerName<Wide> && !frames::OwnerName<uint8_t>);

static frames::Allocator<Owner> memory;
static uint64_t n_all;
static unsigned n_tests, n_failed;

static void expect(const char *name, bool is_so) {
    n_failed += !is_so;
    printf("%sok %u - %s\n", is_so ? "" : "not ", ++n_tests, name);
}

static void scopes() {
    {
        frames::Frame frame = memory.alloc(Owner::user);
        expect("a frame is taken", frame && memory.n_free() == n_all - 1);
    }
    expect("it goes back at the end of its scope", memory.n_free() == n_all);
    frames::Frame none;
    expect("an object without a frame says so, and takes none", !none && memory.n_free() == n_all);
}

static void moves() {
    frames::Frame a = memory.alloc(Owner::user), b = memory.alloc(Owner::user);
    quire_pa first = a.address();
    frames::Frame c = std::move(a);
    expect("a frame that is moved is held once, by the new object", !a && c.address() == first && c.references() == 1);
    b = std::move(c);
    expect("what an object held goes back when another frame moves in",
           !c && b.address() == first && memory.n_free() == n_all - 1);
    frames::Frame &same = b;
    b = std::move(same);
    expect("a move to itself changes nothing", b.address() == first && b.references() == 1);
    quire_pa raw = b.release();
    expect("a frame that is released is the caller's", !b && memory.n_free() == n_all - 1);
    quire_put(memory.c(), raw);
}

static void sharing() {
    frames::Frame a = memory.alloc(Owner::table);
    *a.as<char>() = 'a';
    frames::Frame b = a.share();
    expect("shared, it is one frame with two references",
           a.address() == b.address() && a.references() == 2 && memory.n_free() == n_all - 1);
    expect("who writes gets a copy", b.make_own() && b.address() != a.address() && *b.as<char>() == 'a');
    quire_pa own = b.address();
    expect("who holds a frame alone keeps it", b.make_own() && b.address() == own);
}

static void runs() {
    {
        frames::Run run = memory.alloc_run(4, Owner::table);
        expect("16 frames side by side are taken",
               run && run.address() % (16 * QUIRE_PAGE_SIZE) == 0 && memory.n_free() == n_all - 16);
        frames::Run kept = std::move(run);
        expect("a run that is moved is held once", !run && kept && memory.n_free() == n_all - 16);
    }
    expect("they go back at the end of its scope", memory.n_free() == n_all);
    expect("more frames than there are: none", !memory.alloc_run(QUIRE_MAX_ORDER, Owner::table));
}

static void exhaustion() {
    frames::Frame a = memory.alloc(Owner::user), b = a.share();
    uint64_t n_taken = 0;
    quire_pa list = QUIRE_NONE;
    while (frames::Frame frame = memory.alloc(Owner::table)) {
        *frame.as<quire_pa>() = list;
        list = frame.release();
        n_taken++;
    }
    expect("every frame can be had", n_taken == n_all - 1 && memory.n_free() == 0);
    expect("without memory a shared frame is not copied, and stays shared",
           !b.make_own() && b.address() == a.address() && a.references() == 2);
    uint64_t n_walked = 0;
    memory.walk([&](const quire_run &run) {
        n_walked += run.tag == uint8_t(Owner::table) ? run.n_frames : 0;
        return true;
    });
    expect("a walk sees the owners", n_walked == n_taken);
    while (list != QUIRE_NONE) {
        frames::Frame frame(memory.c(), list);
        list = *frame.as<quire_pa>();
    }
}

static void a_walk_that_ends() {
    frames::Frame frame = memory.alloc(Owner::user);
    unsigned n = 0;
    memory.walk([&](const quire_run &) { return ++n < 2; });
    expect("a walk ends when it is told to", n == 2);
}

int main() {
    const quire_region region = {0, 8u << 20, QUIRE_USABLE, 0};
    quire_config config{};
    config.n_cpus = 1;
    host_ram_add(region.base, region.end);
    quire_config wrong{};
    expect("init says what is wrong", frames::Allocator<Owner>().init(wrong, &region, 1) == QUIRE_INVALID);
    expect("and makes an allocator", memory.init(config, &region, 1) == QUIRE_OK);
    n_all = memory.n_free();
    for (auto test : {scopes, moves, sharing, runs, exhaustion, a_walk_that_ends}) {
        test();
        expect("  all is free again", memory.n_free() == n_all);
    }
    printf("1..%u\n", n_tests);
    return n_failed != 0;
}
