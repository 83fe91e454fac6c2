// main.cpp: a kernel in C++20 for a PC that starts it by PVH, as QEMU's -kernel does. Frames are objects: what goes out of
// scope is free again.
#include "quire.hpp"
#include <example.h>
#include <map.h>

enum class Owner : uint8_t { page_table = 1, user };

constinit static frames::Allocator<Owner> memory;

extern "C" unsigned quire_port_cpu() {
    return 0;
}

extern "C" void *quire_port_map(quire_pa pa) {
    return reinterpret_cast<void *>(pa);
}

extern "C" void quire_port_fault(const quire_fault *fault) {
    fault_exit(fault);
}

// The owner's frames, counted by a lambda.
static uint64_t n_owned(Owner owner) {
    uint64_t n = 0;
    memory.walk([&](const quire_run &run) {
        n += run.tag == static_cast<uint8_t>(owner) ? run.n_frames : 0;
        return true;
    });
    return n;
}

// Nullptr, or what is wrong.
static const char *objects() {
    frames::Frame page = memory.alloc(Owner::user);
    if (!page) {
        return "there is no frame";
    }
    *page.as<char>() = 'a';
    frames::Frame other = page.share();
    if (page.references() != 2 || n_owned(Owner::user) != 1) {
        return "a shared frame is not one frame with two references";
    }
    if (!other.make_own() || other.address() == page.address() || *other.as<char>() != 'a') {
        return "no copy of a shared frame";
    }
    *other.as<char>() = 'b';
    return *page.as<char>() == 'a' && n_owned(Owner::user) == 2 ? nullptr : "a copy is not apart";
}

extern "C" void start(quire_pa info) {
    static quire_region space[128];
    quire_regions map = {.at = space, .capacity = 128, .n = 0};
    quire_config config{};
    config.n_cpus = 1;
    if (!pvh_memory(&map, info) || memory.init(config, map.at, map.n) != QUIRE_OK) {
        print("no memory in %u ranges, room for %u\n", unsigned(map.n), unsigned(map.capacity));
        machine_exit(3);
    }
    uint64_t n_free = memory.n_free();
    const char *wrong = objects();
    if (wrong == nullptr && memory.n_free() != n_free) {
        wrong = "frames outlive their objects";
    }
    if (wrong != nullptr) {
        print("verdict: %s\n", wrong);
        machine_exit(1);
    }
    machine_exit(exercise(memory.c()));
}
