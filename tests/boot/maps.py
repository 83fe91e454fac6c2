#!/usr/bin/env python3
"""Memory maps of real machines, of QEMU's, and hostile ones, in every format that can carry them: the readers of boot/ make
of each what a model makes of it that knows only bytes.

    maps.py FOLDER    where map_regions is, for frames of 4 KiB, and map_regions-64k"""
import collections
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

sys.path[:0] = ["tools", "tests/boot"]
import map_formats as formats
import tap

FOLDER = pathlib.Path(sys.argv[1])
PROGRAMS = {4096: FOLDER / "map_regions", 65536: FOLDER / "map_regions-64k"}
SPACE = 1 << 64
NOW, LATER, NEVER = "now", "later", "never"
SEED = 1  # of the order in which maps are shuffled

# ---- the model ----


def kind_of_e820(entry):
    return {1: NOW, 3: LATER}.get(entry[2], NEVER)


def kind_of_uefi(entry):
    _, _, kind, attributes = entry
    specific, nonvolatile, runtime, cached = 1 << 18, 1 << 15, 1 << 63, 1 << 3
    if attributes & (specific | nonvolatile | runtime) or not attributes & cached:
        return NEVER
    return {7: NOW, 1: LATER, 2: LATER, 3: LATER, 4: LATER, 9: LATER}.get(kind, NEVER)


def ranges_of(entries, kind_of):
    """[(first, end, kind)]: what there is no sense in is left out."""
    found = []
    for entry in entries:
        base, n_bytes, kind = entry[0], entry[1], kind_of(entry)
        if (base + n_bytes <= SPACE and n_bytes < SPACE - 1) or kind == NEVER:
            found.append((base, min(base + n_bytes, SPACE - 1), kind))
    return found


def pieces(ranges, kinds):
    """The longest stretches of bytes of which each is of one of these kinds, whatever the order of `ranges`."""
    changes = {}
    for first, end, kind in ranges:
        changes.setdefault(first, collections.Counter())[kind] += 1
        changes.setdefault(end, collections.Counter())[kind] -= 1
    bounds, here, found = sorted(changes), collections.Counter(), []
    for first, end in zip(bounds, bounds[1:]):
        for kind, change in changes[first].items():
            here[kind] += change
        said = NEVER if here[NEVER] else LATER if here[LATER] else NOW if here[NOW] else NEVER
        if said in kinds:
            if found and found[-1][1] == first:
                found[-1][1] = end
            else:
                found.append([first, end])
    return found


def frames(stretches, page):
    whole = [(-(-first // page) * page, end // page * page) for first, end in stretches]
    return [(first, end) for first, end in whole if first < end]


def without(stretches, gone):
    """What is left of sorted stretches, of which each that is gone is a part."""
    left, gone = [], iter(gone + [(SPACE, SPACE)])
    base, limit = next(gone)
    for first, end in stretches:
        while base < end:
            if first < base:
                left.append((first, base))
            first = limit
            base, limit = next(gone)
        if first < end:
            left.append((first, end))
    return left


def expected(ranges, page):
    now = frames(pieces(ranges, {NOW}), page)
    return {NOW: now, LATER: without(frames(pieces(ranges, {NOW, LATER}), page), now)}


# ---- asking the readers ----


def ask(data, page, name, *numbers):
    """What map_regions printed: its lines by their first word, and its exit status."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        done = subprocess.run([PROGRAMS[page], name, file.name, *map(str, numbers)], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE)
    said = {word: [] for word in ("now", "later", "problem", "module", "command", "rsdp")}
    for line in done.stdout.splitlines():
        word, _, rest = line.partition(" ")
        said[word].append(rest)
    return said, done


def regions(lines):
    return [tuple(int(number, 0) for number in line.split()) for line in lines]


def difference(ranges, page, data, name, *numbers):
    said, done = ask(data, page, name, *numbers)
    want = expected(ranges, page)
    if done.returncode not in (0, 1):
        return done.stderr or f"exit status {done.returncode}"
    for word in NOW, LATER:
        if regions(said[word]) != want[word]:
            return f"{name} {numbers}, page {page}: {word}: {said[word]}, expected {[tuple(map(hex, r)) for r in want[word]]}"
    return None


def loader_difference(made, ranges, page, name, modules=()):
    memory, info = made
    kept = [(first, first + n_bytes, NEVER) for first, n_bytes in memory.kept] + \
        [(first, end, NEVER) for first, end, _ in modules]
    return difference(ranges + kept, page, bytes(memory.bytes), name, memory.base, info)


MODULES = ((0x2000000, 0x2345678, "initrd root=/"), (0x2400000, 0x2400000, ""), (0x2500010, 0x2500020, "small"))


def e820_differences(entries):
    ranges = ranges_of(entries, kind_of_e820)
    for page in PROGRAMS:
        for stride in 20, 24, 32:
            yield difference(ranges, page, formats.e820(entries, stride), "e820", stride)
        plain = [entry for entry in entries if entry[2] in formats.LIMINE_TYPES]
        yield difference(ranges_of(plain, kind_of_e820), page, formats.limine(plain), "limine")
        yield loader_difference(formats.pvh(entries, modules=MODULES), ranges, page, "pvh", MODULES)
        yield loader_difference(formats.linux(entries, modules=MODULES[:1]), ranges, page, "linux", MODULES[:1])
        for sizes in ((20,), (24,), (20, 28, 21)) if entries else ():  # without any, something else counts
            yield loader_difference(formats.multiboot(entries, modules=MODULES, sizes=sizes), ranges, page, "multiboot", MODULES)
        for stride in 24, 40:
            yield loader_difference(formats.multiboot2(entries, modules=MODULES, stride=stride), ranges, page, "multiboot2",
                                    MODULES)


def uefi_differences(entries):
    ranges = ranges_of(entries, kind_of_uefi)
    for page in PROGRAMS:
        for stride in 40, 48, 56:
            yield difference(ranges, page, formats.uefi(entries, stride), "uefi", stride, 1)
        made = formats.multiboot2([(0, 1 << 40, 1)], modules=MODULES, uefi_entries=entries)
        yield loader_difference(made, ranges, page, "multiboot2", MODULES)


def check(name, differences):
    tap.result(name, [found for found in differences if found])


# ---- real maps, in the order that they have and in another ----

random.seed(SEED)
for path in sorted(formats.MAPS.glob("*.e820")):
    entries = formats.read(path)
    check(f"{path.name}: as in the model, in every format", e820_differences(entries))
    check(f"{path.name}, shuffled", e820_differences(random.sample(entries, len(entries))))
for path in sorted(formats.MAPS.glob("*.uefi")):
    entries = formats.read(path)
    check(f"{path.name}: as in the model, in every format", uefi_differences(entries))
    check(f"{path.name}, shuffled", uefi_differences(random.sample(entries, len(entries))))

# ---- hostile maps ----

MIB, GIB = 1 << 20, 1 << 30
BASIC = [(0, 640 << 10, 1), (MIB, GIB, 1)]
HOSTILE = {
    "an empty map": [],
    "entries without bytes": BASIC + [(0x5000, 0, 1), (0x6000, 0, 2), (0, 0, 0), (SPACE - 1, 0, 1)],
    "usable memory that runs past 2^64": BASIC + [(SPACE - 4096, 8192, 1), (4 * GIB, SPACE - 1, 1)],
    "reserved memory that runs past 2^64": BASIC + [(GIB, SPACE - 1, 2)],
    "reclaimable memory that runs past 2^64": BASIC + [(GIB, SPACE - 1, 3)],
    "memory up to 2^64": [(SPACE - GIB, GIB, 1), (SPACE - 2 * GIB, GIB, 3)],
    "everything": BASIC + [(0, SPACE - 1, 1)],
    "everything, reclaimable": BASIC + [(0, SPACE - 1, 3)],
    "nearly everything": [(0, SPACE - 2, 1)],
    "nearly everything, reclaimable": [(0, SPACE - 2, 3)],
    "nested": [(0, GIB, 1), (MIB, MIB, 2), (0, 4 * MIB, 3), (2 * MIB, 4096, 1)],
    "overlapping": [(0, 3 * MIB, 1), (2 * MIB, 3 * MIB, 3), (4 * MIB, 3 * MIB, 2), (6 * MIB, 3 * MIB, 1)],
    "the same range as each type": [(MIB, MIB, kind) for kind in (1, 2, 3, 1)],
    "duplicates": BASIC * 5,
    "bounds inside frames": [(0x1001, 0x8000, 1), (0x9001, 0x7000, 3), (0x10001, 0x1FFF, 1), (0x12000, 0xFFF, 3), (0x12FFF, 9, 1)],
    "a frame of which half is usable and half reclaimable": [(0x10000, 0x10800, 1), (0x20800, 0xF800, 3)],
    "reclaimable bytes in the middle of usable frames": [(0, GIB, 1), (0x10800, 1, 3), (0x2FFFF, 2, 3)],
    "all types": BASIC + [((16 + kind) * MIB, MIB, kind) for kind in range(32)] +
                 [(64 * MIB, MIB, 128), (66 * MIB, MIB, 0xEFFFFFFF), (68 * MIB, MIB, 0xF0000000), (70 * MIB, MIB, 0xFFFFFFFF)],
    "4096 entries": [(i * 0x3000, 0x2000, 1 + i % 3) for i in range(4096)],
    "4096 entries, the last one first": [(i * 0x3000, 0x3000, 1 + i % 2) for i in reversed(range(4096))],
}
for name, entries in HOSTILE.items():
    check(f"hostile: {name}", e820_differences(entries))

ALL_UEFI = [(0x100000 * (i + 1), 0x100000, kind, attributes) for i, (kind, attributes) in enumerate(
    (kind, attributes) for kind in (*range(17), 0x6FFFFFFF, 0x70000000, 0x80000000, 0xFFFFFFFF)
    for attributes in (0, 8, 15, 0x800000000000000F, 1 << 18 | 8, 1 << 16 | 8, 1 << 15 | 8, 1))]
HOSTILE_UEFI = {
    "an empty map": [],
    "all types with many attributes": ALL_UEFI,
    "as many pages as there are": [(0, GIB, 7, 15), (0x1000, ((1 << 64) - 1) << 12, 7, 15)],
    "as many pages as there are, from 0 on": [(MIB, GIB, 7, 15), (0, ((1 << 64) - 1) << 12, 7, 15)],
    "all pages of the address space": [(MIB, GIB, 7, 15), (0, 1 << 64, 7, 15), (0, 1 << 64, 2, 15)],
    "all pages but one": [(0, (1 << 64) - 4096, 7, 15), (MIB, MIB, 2, 15)],
    "reserved pages past 2^64": [(0, GIB, 7, 15), (GIB // 2, ((1 << 64) - 1) << 12, 0, 15)],
    "not on pages": [(0x800, 0x3000, 7, 15), (0x5FFF, 0x2000, 2, 15), (0x8001, 0x1000, 0, 0), (0x6000, 0x9000, 7, 15)],
    "4096 descriptors": [(i * 0x3000, 0x2000, (7, 0, 4, 2)[i % 4], 15) for i in range(4096)],
}
for name, entries in HOSTILE_UEFI.items():
    check(f"hostile, UEFI: {name}", uefi_differences(entries))


def cut_differences():
    """Cut anywhere: the entries that are whole count, and that is told."""
    entries = formats.read(formats.MAPS / "hp-microserver.e820")
    for stride in 20, 24:
        data = formats.e820(entries, stride)
        for n_bytes in range(len(data) + 1):
            whole, rest = divmod(n_bytes, stride)
            yield difference(ranges_of(entries[:whole], kind_of_e820), 4096, data[:n_bytes], "e820", stride)
            told = sum("ends in the middle" in line for line in ask(data[:n_bytes], 4096, "e820", stride)[0]["problem"])
            if told != (rest != 0):
                yield f"{n_bytes} bytes: told {told} times"


check("a list that is cut anywhere", cut_differences())

# ---- what is told ----


def told(data, name, *numbers):
    return [line.partition(": ")[2] for line in ask(data, 4096, name, *numbers)[0]["problem"]]


def tells(name, data, wanted, *arguments):
    found = told(data, *arguments)
    tap.expect(f"told: {name}", found == wanted, f"{found}, expected {wanted}")


def marked(entries, marks):
    return b"".join(formats.e820([entry], 24, mark) for entry, mark in zip(entries, marks))


tells("nothing of a good map", formats.e820(BASIC), [], "e820", 20)
tells("a type that nobody knows", formats.e820(BASIC + [(0, 1, 9)]), ["its type is unknown"], "e820", 20)
tells("no bytes", formats.e820(BASIC + [(0, 0, 9)]), ["it has no bytes"], "e820", 20)
tells("past 2^64", formats.e820([(SPACE - 1, 2, 1)]), ["it runs past the end of the address space"], "e820", 20)
tells("nothing of memory up to 2^64", formats.e820([(SPACE - 1, 1, 1)]), [], "e820", 20)
tells("entries that are too short", formats.e820(BASIC), ["its entries are too short"], "e820", 19)
tells("an entry marked as not valid", marked(BASIC, (1, 0)), ["it is marked as not valid"], "e820", 24)
tells("no entry marked as valid", marked(BASIC, (0, 0)), ["no entry is marked as valid, so the mark does not count"], "e820", 24)
tells("a version of UEFI's", formats.uefi([], 48) + bytes(48), ["its version is unknown", "it has no bytes"], "uefi", 48, 2)
tells("descriptors that are too short", bytes(78), ["its entries are too short"], "uefi", 39, 1)
tells("memory that can not be cached", formats.uefi([(0, 4096, 7, 1)]), ["it can not be cached"], "uefi", 48, 1)
tells("memory that is not on pages", formats.uefi([(1, 4096, 7, 8)]), ["it does not begin with a page"], "uefi", 48, 1)
tells("a list of descriptors that is cut", formats.uefi([(0, 4096, 7, 8)]) + b"1", ["it ends in the middle of an entry"],
      "uefi", 48, 1)
tells("a NULL pointer of Limine's", formats.limine(BASIC) + b"\xAA" * 24, ["it lies outside of what can be read"], "limine")
tells("no map of Limine's", b"", ["there is no memory map"], "limine")

check("an entry marked as not valid adds no memory, and takes it away", [
    difference(ranges_of([BASIC[0], (MIB, MIB, 2)], kind_of_e820), 4096,
               marked([BASIC[0], BASIC[1], (MIB, MIB, 2), (0, MIB, 3)], (1, 0, 0, 0)), "e820", 24),
    difference(ranges_of(BASIC, kind_of_e820), 4096, marked(BASIC, (0, 2)), "e820", 24)])


# ---- structures in memory ----


def info_of(made, name):
    memory, info = made
    said, done = ask(bytes(memory.bytes), 4096, name, memory.base, info)
    return said, done.returncode


def expect_info(made, name, modules, command_line, rsdp):
    said, status = info_of(made, name)
    listed = [f"{first:#x} {end - first:#x} {text}" if first else f"0 0 {text}" for first, end, text in modules]
    listed = [line.replace(" 0x0 ", " 0 ") for line in listed]
    tap.expect(f"{name}: modules, command line and root pointer",
               status == 0 and said["module"] == listed and said["command"] == [f"line {command_line}"] and said["rsdp"] == [rsdp],
               str(said))


NONE = "0xffffffffffffffff"
expect_info(formats.pvh(BASIC, modules=MODULES), "pvh", MODULES, "quiet", "0xe0000")
expect_info(formats.pvh(BASIC, command_line="", rsdp=0), "pvh", (), "", NONE)
expect_info(formats.linux(BASIC, modules=((5 * GIB, 9 * GIB + 1, ""),)), "linux", ((5 * GIB, 9 * GIB + 1, ""),), "quiet", "0xe0000")
expect_info(formats.linux(BASIC, base=5 * GIB, command_line="far away", rsdp=0), "linux", (), "far away", NONE)
expect_info(formats.multiboot(BASIC, modules=MODULES), "multiboot", MODULES, "quiet", NONE)
old, new = formats.tag(14, bytes(20)), formats.tag(15, bytes(36))
expect_info(formats.multiboot2(BASIC, modules=MODULES, command_line="", more=old), "multiboot2", MODULES, "", "0x200b0")
expect_info(formats.multiboot2(BASIC, command_line="a b", more=old + new), "multiboot2", (), "a b", "0x20090")


def tells_of(name, made, format_name, wanted, ranges=None, status=0):
    memory, info = made
    said, done = ask(bytes(memory.bytes), 4096, format_name, memory.base, info)
    found = [line.partition(": ")[2] for line in said["problem"]]
    right = ranges is None or loader_difference(made, ranges, 4096, format_name) is None
    tap.expect(f"{format_name}: {name}", found == wanted and right and done.returncode == status,
               f"{found}, expected {wanted}; {said}")


def changed(made, where, number):
    """The structure with another number of 32 bits."""
    memory, info = made
    struct.pack_into("<I", memory.bytes, info - memory.base + where, number)
    return made


def cut(made, n_bytes):
    made[0].bytes = made[0].bytes[:n_bytes]
    return made


OUTSIDE, NO_MAP = "it lies outside of what can be read", "there is no memory map"
MAGIC, TAG = "it does not begin as it should", "it can not go on like this"
for name, make in ("pvh", formats.pvh), ("linux", formats.linux), ("multiboot", formats.multiboot), ("multiboot2", formats.multiboot2):
    tells_of("a structure that is somewhere else", (make(BASIC)[0], 1 << 40), name, [OUTSIDE], status=1)
LOW = ranges_of([(0, 640 << 10, 1), (MIB, 64 * MIB, 1)], kind_of_e820)
tells_of("no magic number", changed(formats.pvh(BASIC), 0, 0x336EC579), "pvh", [MAGIC], status=1)
tells_of("a map that is somewhere else", changed(formats.pvh(BASIC), 44, 1), "pvh", [OUTSIDE, NO_MAP])
tells_of("more entries than can be", changed(formats.pvh(BASIC), 48, 0x10000000), "pvh", [OUTSIDE, NO_MAP])
tells_of("no entries", formats.pvh([]), "pvh", [NO_MAP])
tells_of("version 0", changed(formats.pvh(BASIC), 4, 0), "pvh", [NO_MAP])
tells_of("cut in the structure", cut(formats.pvh(BASIC, command_line=""), 48 + 39), "pvh", [OUTSIDE], status=1)
tells_of("modules that are somewhere else", changed(formats.pvh(BASIC, modules=MODULES), 20, 1), "pvh", [OUTSIDE])
tells_of("a command line that is somewhere else", changed(formats.pvh(BASIC), 28, 1), "pvh", ["a text has no end"])
tells_of("no magic number", changed(formats.linux(BASIC), 0x202, 0), "linux", [MAGIC], status=1)
tells_of("too many entries", changed(formats.linux(BASIC * 64), 0x1E8, 255), "linux", ["it ends in the middle of an entry"],
         ranges_of(BASIC, kind_of_e820))
tells_of("no entries", formats.linux([]), "linux", [NO_MAP])
tells_of("setup_data that runs in a circle", changed(changed(formats.linux(BASIC, base=0), 0x250, 0x300), 0x300, 0x300),
         "linux", [TAG])
tells_of("setup_data that is somewhere else", changed(formats.linux(BASIC), 0x254, 1), "linux", [OUTSIDE])


def with_indirect_data(size):
    """A node of setup_data that says where there is data of that size: from 1 MiB on."""
    memory, info = formats.linux(BASIC)
    data = memory.put(struct.pack("<QIIIIQQ", 0, 1 << 31, 24, 0, 0, size, MIB))
    return changed((memory, info), 0x250, data)


tells_of("nothing of setup_data that says where it is", with_indirect_data(MIB), "linux", [],
         ranges_of([*BASIC, (MIB, MIB, 2)], kind_of_e820))
tells_of("a map that is somewhere else", changed(formats.multiboot(BASIC), 48, 1), "multiboot", [OUTSIDE, NO_MAP])
tells_of("no map: what mem_lower and mem_upper say", changed(formats.multiboot(BASIC), 0, 1), "multiboot", [NO_MAP])
tells_of("entries that are too short", changed(formats.multiboot(BASIC, command_line=""), -48, 19), "multiboot",
         ["its entries are too short"])
tells_of("an entry that is too long", changed(formats.multiboot(BASIC, command_line=""), -24, 21), "multiboot",
         ["it ends in the middle of an entry"])
tells_of("a module that ends before it begins", formats.multiboot(BASIC, modules=((MIB, MIB - 1, ""),)), "multiboot",
         ["a module ends before it begins"])
tells_of("no map: what mem_lower and mem_upper say", formats.multiboot2(None), "multiboot2", [NO_MAP], LOW)
tells_of("boot services that run", formats.multiboot2(BASIC, more=formats.tag(18, b"")), "multiboot2",
         ["boot services still run, so no memory is free for the kernel"], [])
tells_of("no end", cut(formats.multiboot2(BASIC), 0x50), "multiboot2", [OUTSIDE, TAG, NO_MAP])
tells_of("a tag that is too long", changed(formats.multiboot2(BASIC), 12, 4096), "multiboot2", [TAG, NO_MAP])
tells_of("a tag without a size", changed(formats.multiboot2(BASIC), 12, 0), "multiboot2", [TAG, NO_MAP])
tells_of("modules that are somewhere else", changed(formats.multiboot(BASIC, modules=MODULES), 24, 1 << 30), "multiboot", [OUTSIDE])
tells_of("a tag that is too short", formats.multiboot2(BASIC, more=formats.tag(17, b"1234")), "multiboot2",
         ["its entries are too short"], ranges_of(BASIC, kind_of_e820))
tells_of("a map of another version", changed(formats.multiboot2(BASIC, command_line=""), 8 + 16 + 12, 1), "multiboot2",
         ["its version is unknown"], ranges_of(BASIC, kind_of_e820))
tells_of("entries that are too short", changed(formats.multiboot2(BASIC, command_line=""), 8 + 16 + 8, 19), "multiboot2",
         ["its entries are too short"], [])
tells_of("a module that ends before it begins", formats.multiboot2(BASIC, modules=((MIB, MIB - 1, ""),)), "multiboot2",
         ["a module ends before it begins"], ranges_of(BASIC, kind_of_e820))
tells_of("a text without an end", formats.multiboot2(BASIC, command_line="", more=formats.tag(1, b"12345678")), "multiboot2",
         ["a text has no end"], ranges_of(BASIC, kind_of_e820))
tap.end()
