#!/usr/bin/env python3
"""The ACPI tables of a machine of QEMU's, as an image of physical memory.

    acpi-image.py FILE QEMU OPTION...

QEMU hands its tables to the guest's firmware in pieces, with a list of what to do: where to put them, which pointers to add
to, what to sum up. This does what firmware would do, in a machine whose CPUs do not run. The image begins at address BASE
with the RSDP; then come the RSDT or XSDT and what that lists, byte for byte but for their addresses and their sums. The
code for devices, which nobody reads here, is left out.
"""
import struct
import subprocess
import sys

BASE = 0x100000  # as in acpi_image.h
SCRATCH = 0x1000  # the machine's own memory, where it stores what it is asked for; a descriptor lies in front of it
PAGE = 0x1000
MAPPED_IO = {"qemu-system-aarch64": (0x09020010, 0x40000000)}  # where DMA is asked for, and where memory begins


class Machine:
    """A machine that is stopped, and its store of files for firmware (QEMU's docs/specs/fw_cfg)."""

    def __init__(self, command):
        name = command[0].rsplit("/", 1)[-1]
        self.dma, self.memory = MAPPED_IO.get(name, (None, 0))
        self.process = subprocess.Popen(
            [*command, "-display", "none", "-nodefaults", "-S", "-qtest", "stdio", "-qtest-log", "none"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if answer[:1] != ["OK"]:
            sys.exit(f"acpi-image: QEMU answers {answer} to '{line}'\n{self.process.stderr.read()}")
        return answer[1:]

    def fetch(self, key, n_bytes):
        """The first n_bytes of item `key`."""
        at, scratch = self.memory + SCRATCH, self.memory + SCRATCH + PAGE
        descriptor = struct.pack(">IIQ", key << 16 | 8 | 2, n_bytes, scratch)  # select and read
        self.tell(f"write {at:#x} {len(descriptor)} 0x{descriptor.hex()}")
        if self.dma is None:
            self.tell("outl 0x514 0")
            self.tell(f"outl 0x518 {int.from_bytes(at.to_bytes(4, 'big'), 'little'):#x}")
        else:
            self.tell(f"writeq {self.dma:#x} {int.from_bytes(at.to_bytes(8, 'big'), 'little'):#x}")
        return bytearray.fromhex(self.tell(f"read {scratch:#x} {n_bytes}")[0][2:])

    def files(self):
        """{name: bytes} of all files about ACPI."""
        directory = 0x19
        n, = struct.unpack(">I", self.fetch(directory, 4))
        entries = struct.iter_unpack(">IHH56s", self.fetch(directory, 4 + 64 * n)[4:])
        found = {name.rstrip(b"\0").decode(): (key, size) for size, key, _, name in entries}
        return {name: self.fetch(*found[name]) for name in ("etc/acpi/rsdp", "etc/acpi/tables", "etc/table-loader")}

    def end(self):
        self.process.kill()
        self.process.communicate()


def load(files):
    """Does what the list says (QEMU's hw/acpi/bios-linker-loader.c). Returns where each file begins."""
    begin = {"etc/acpi/rsdp": 0, "etc/acpi/tables": 0x10000}
    name = lambda field: field.rstrip(b"\0").decode()
    commands = files["etc/table-loader"]
    for at in range(0, len(commands), 128):
        what, = struct.unpack_from("<I", commands, at)
        if what == 2:  # add a pointer
            to, of, offset, n = struct.unpack_from("<56s56sIB", commands, at + 4)
            if name(to) in files and name(of) in begin:
                field = slice(offset, offset + n)
                value = int.from_bytes(files[name(to)][field], "little") + begin[name(of)]
                files[name(to)][field] = value.to_bytes(n, "little")
        elif what == 3:  # sum up
            of, result, start, n = struct.unpack_from("<56sIII", commands, at + 4)
            data = files[name(of)]
            data[result] = (data[result] - sum(data[start:start + n])) & 0xFF
    return begin


def seal(table, at, n=None):
    """Makes the first n bytes sum up to 0, by the one at `at`."""
    table[at] = 0
    table[at] = -sum(table[:n]) & 0xFF


def pack(files):
    """The image."""
    begin = load(files)["etc/acpi/tables"]
    rsdp, tables = files["etc/acpi/rsdp"], files["etc/acpi/tables"]

    def table_at(address):
        offset = address - begin
        return tables[offset:offset + struct.unpack_from("<I", tables, offset + 4)[0]]

    is_old = rsdp[15] < 2
    root = table_at(struct.unpack_from("<I" if is_old else "<Q", rsdp, 16 if is_old else 24)[0])
    width = 4 if is_old else 8
    image, root_at = bytearray(), 48
    for at in range(36, len(root), width):
        where = BASE + root_at + len(root) + len(image)
        image += table_at(int.from_bytes(root[at:at + width], "little"))
        root[at:at + width] = where.to_bytes(width, "little")
    seal(root, 9)
    if is_old:
        struct.pack_into("<I", rsdp, 16, BASE + root_at)
    else:
        struct.pack_into("<Q", rsdp, 24, BASE + root_at)
        seal(rsdp, 32)
    seal(rsdp, 8, 20)
    if not is_old:
        seal(rsdp, 32)
    return rsdp.ljust(root_at, b"\0") + root + image


def main():
    if len(sys.argv) < 3:
        print("acpi-image: say where to and which machine: acpi-image.py FILE QEMU OPTION...", file=sys.stderr)
        sys.exit(2)
    machine = Machine(sys.argv[2:])
    try:
        files = machine.files()
    finally:
        machine.end()
    with open(sys.argv[1], "wb") as out:
        out.write(pack(files))


main()
