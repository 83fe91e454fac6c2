"""Machines that boot with a device tree: maps, that is, trees that QEMU makes for a row of tests/kernel/boots and that are
changed for it."""
import os
import subprocess

INITRD = 0x200_0123  # where an odd initramfs lies, from the start of RAM


class Map:
    """Changes to the device tree, the MiB that they take away from the machine's memory, and lines that the kernel has to say
    about them. In a source that is a function {initramfs} is asked for."""

    def __init__(self, lost_mib, source, *lines, initrd=0):
        self.lost_mib, self.source, self.lines = lost_mib, source, lines
        self.initrd = initrd  # where the initramfs lies; 0: QEMU may put it where it likes


def memory(ram, n_bytes):
    """The node of all memory. QEMU's Arm machines write their own in any case."""
    return f"memory@{ram:x} {{ reg = <0 {ram:#x} 0 {n_bytes:#x}>; }};"


def scattered(ram):
    """A frame that is reserved in the middle of each of 100 blocks."""
    frames = "".join(f"r@{base:x} {{ reg = <0 {base:#x} 0 0x1000>; }};"
                     for base in range(ram + 0x100_1000, ram + 0xd80_0000, 0x20_0000))
    return f"""{memory(ram, 256 << 20)}
               reserved-memory {{ #address-cells = <2>; #size-cells = <2>; ranges; {frames} }};"""


def odd_initrd(ram, initramfs):
    """The initramfs in the middle of memory, with frames that are partly its at both ends."""
    base = ram + INITRD
    return f"""{memory(ram, 128 << 20)}
               chosen {{ linux,initrd-start = <{base:#x}>; linux,initrd-end = <{base + os.path.getsize(initramfs):#x}>; }};"""


def broken(ram):
    """One node of each kind can not be understood; what is in doubt is reserved, and somebody wants 2 MiB."""
    return f"""{memory(ram, 256 << 20)}
               ram@c0000000 {{ device_type = "memory"; reg = <0xc0000000 0x1000>; }};
               cpus {{ cpu@9 {{ device_type = "cpu"; reg = [09]; timebase-frequency = "10 MHz"; }}; }};
               reserved-memory {{ ranges;
                                  ramoops@{ram + 0xa00_0000:x} {{ reg = <0 {ram + 0xa00_0000:#x} 0x1000000>; }};
                                  pool {{ size = <0 0x200000>; alignment = <0 0x200000>; reusable; }};
                                  nothing {{ no-map; }}; }};"""


def maps(ram):
    """Those that are the same for every machine, but for where its memory begins."""
    return {
        "scattered": Map(0, scattered(ram)),
        "initrd": Map(0, lambda initramfs: odd_initrd(ram, initramfs), initrd=ram + INITRD),
        "broken": Map(18, broken(ram),
                      "device tree: /ram@c0000000: reg: not a whole number",
                      "device tree: /cpus/cpu@9: reg: not a whole number",
                      "device tree: /cpus/cpu@9: timebase-frequency: not a number",
                      "device tree: /reserved-memory: its cells",
                      f"device tree: /reserved-memory/ramoops@{ram + 0xa00_0000:x}: reg: not a whole number",
                      "device tree: /reserved-memory/nothing: nothing says",
                      f"memory: 2048 KiB of pool at 0x{ram >> 28:x}"),
    }


def write_tree(qemu, board, source, to):
    """Writes the device tree of a machine, changed. How much memory that has does not matter: it is in `source`."""
    dump = f"{to}.dump"
    subprocess.run([*qemu, "-machine", f"{board},dumpdtb={dump}", "-display", "none"], check=True, capture_output=True)
    text = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", dump], check=True, capture_output=True).stdout
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", to], check=True, input=text + f"/ {{ {source} }};".encode())


def set_up(setup, changes, qemu, board, folder):
    """Makes a machine.Setup one with this Map; `qemu` is the command that has such a board."""
    source = changes.source(setup.initramfs) if callable(changes.source) else changes.source
    write_tree(qemu, board, source, f"{folder}/dtb")
    setup.options.append(f"-dtb {folder}/dtb")
    setup.lost_mib, setup.lines = changes.lost_mib, changes.lines
    if changes.initrd:
        setup.options.append(f"-device loader,file={setup.initramfs},addr={changes.initrd:#x},force-raw=on")
        setup.initramfs = ""
