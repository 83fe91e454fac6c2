#!/usr/bin/env python3
"""Writes inputs for the fuzz targets of memory maps, to start a corpus from: small maps of real machines, in each format.

    tests/fuzz/map_seeds.py FOLDER    FOLDER/TARGET-seed-.. for each; `make fuzz-pack` packs what is in FOLDER/found/TARGET"""
import pathlib
import sys

sys.path[:0] = ["tests/boot"]
import map_formats as formats

FOLDER = pathlib.Path(sys.argv[1])
BASES = {0: 0, 2: 0x1000, 3: 0x9000, 4: 0xFFFFFF80, 5: 1 << 40}  # fuzz_base() of tests/fuzz/maps.c
MODULES = ((0x2000000, 0x2345678, "initrd"), (0x2400000, 0x2400000, ""))
LINUX_FIELDS = ((0x070, 8), (0x0C0, 12), (0x1E8, 1), (0x202, 4), (0x218, 8), (0x228, 4), (0x250, 8))
LINUX_MOST = 5  # entries in the page


def small(suffix, most):
    for path in sorted(formats.MAPS.glob(f"*.{suffix}")):
        entries = formats.read(path)
        yield from (entries[i:i + most] for i in range(0, len(entries), most))


def loader(make, entries, bases=5, **options):
    for number, base in list(BASES.items())[:bases]:
        memory, info = make(entries, base=base + 8, **options)
        yield bytes([number, (info - base) // 8]) + bytes(8) + bytes(memory.bytes)


def linux(entries):
    for number, base in BASES.items():
        memory, _ = formats.linux(entries[:LINUX_MOST], base=base, modules=MODULES[:1], rsdp=0xE0000)
        page, behind = memory.bytes[:4096], memory.bytes[4096:]
        page[0x202:0x206] = bytes(4)
        fields = b"".join(bytes(page[at:at + n]) for at, n in LINUX_FIELDS)
        table = formats.e820(entries[:LINUX_MOST])
        yield bytes([number]) + fields + bytes([len(table) // 4]) + table + bytes(behind)
        data = (base + 4096).to_bytes(8, "little")  # and the list setup_data behind the page
        node = bytes(8) + (1).to_bytes(4, "little") + len(table).to_bytes(4, "little") + table
        yield bytes([number]) + fields[:-8] + data + bytes([len(table) // 4]) + table + node
        pointed = bytes(8) + (1 << 31).to_bytes(4, "little") + (24).to_bytes(4, "little") + bytes(8) + table[:16]
        yield bytes([number]) + fields[:-8] + data + bytes([0]) + pointed


def seeds():
    for entries in small("e820", 8):
        yield "e820", b"\x40" + formats.e820(entries)
        yield "e820", b"\x80" + formats.e820(entries, 24)
        yield "limine", b"\x01" + formats.limine(entries) + b"\xAA" * 24
        for data in loader(formats.pvh, entries[:5], modules=MODULES):
            yield "pvh", data
        for data in loader(formats.multiboot, entries[:5], modules=MODULES, sizes=(20, 24), bases=4):
            yield "multiboot", data
        for data in loader(formats.multiboot2, entries[:5], modules=MODULES, more=formats.tag(14, bytes(20)) + formats.tag(15, bytes(36))):
            yield "multiboot2", data
        for data in linux(entries):
            yield "linux", data
    for data in loader(formats.multiboot2, None, more=formats.tag(18, b"")):
        yield "multiboot2", data
    for entries in small("uefi", 6):
        yield "uefi", b"\x50\x01" + formats.uefi(entries, 40)
        yield "uefi", b"\xA0\x01" + formats.uefi(entries, 48)
        for data in loader(formats.multiboot2, None, uefi_entries=entries[:3]):
            yield "multiboot2", data


for number, (target, data) in enumerate(seeds()):
    place = FOLDER / target
    place.mkdir(parents=True, exist_ok=True)
    (place / f"seed-{number}").write_bytes(data)
