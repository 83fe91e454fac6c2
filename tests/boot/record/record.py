#!/usr/bin/env python3
"""Records the memory maps of QEMU's machines into tests/boot/maps: qemu-*.e820 and qemu-*.uefi.

    tests/boot/record/record.py          all of them; takes a few minutes

The maps are kept as files, because they are facts: what QEMU and its firmware told on the day they were recorded. Run it
again for a newer QEMU. It needs clang, ld.lld, qemu-system-x86_64; for Multiboot 2 grub-mkrescue with grub-pc-bin and
xorriso; for UEFI ovmf. What is missing is passed over, and said."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
MAPS = HERE.parent / "maps"
OVMF = pathlib.Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
OVMF_VARIABLES = pathlib.Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
SIZES = ["64M", "512M", "3G", "4G", "16G", "64G"]
LEAVE = "-display none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=1".split()
UEFI_TYPES = {"Reserved": 0, "LoaderCode": 1, "LoaderData": 2, "BS_Code": 3, "BS_Data": 4, "RT_Code": 5, "RT_Data": 6,
              "Available": 7, "Unusable": 8, "ACPI_Recl": 9, "ACPI_NVS": 10, "MMIO": 11, "MMIO_Port": 12, "PalCode": 13,
              "Persistent": 14, "Unaccepted": 15}


def run(command, **options):
    return subprocess.run(command, check=True, timeout=120, **options)


def qemu(machine, memory, nodes, *options):
    """Runs until it leaves by itself; what it printed to the serial port. Memory is not reserved, so it may be large."""
    command = ["qemu-system-x86_64", "-machine", machine, "-m", memory, *options]
    mib = int(memory[:-1]) * (1024 if memory.endswith("G") else 1) // nodes
    for node in range(nodes):
        command += ["-object", f"memory-backend-ram,id=m{node},size={mib}M,reserve=off"]
        command += ["-numa", f"node,memdev=m{node},cpus={node}"] if nodes > 1 else ["-machine", "memory-backend=m0"]
    command += ["-smp", str(nodes)]
    with tempfile.TemporaryDirectory() as folder:
        serial = pathlib.Path(folder) / "serial"
        subprocess.run([*command, "-serial", f"file:{serial}"], timeout=120, stdout=subprocess.DEVNULL)
        return serial.read_text(errors="replace")


def build(folder, name, *flags):
    image = folder / name
    run(["clang", "--target=i386-unknown-elf", "-march=i686", "-O1", "-ffreestanding", "-nostdlib", "-fno-pic",
         "-mgeneral-regs-only", "-fuse-ld=lld", "-static", f"-Wl,-T,{HERE / 'record.ld'}", *flags, HERE / "start.S",
         HERE / "record.c", "-o", image])
    return image


def write(name, what, lines):
    if not lines:
        sys.exit(f"record: {name}: nothing was printed")
    version = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, text=True).stdout.split("\n")[0]
    (MAPS / name).write_text(f"# {what}\n# Recorded by tests/boot/record/record.py: {version}\n" + "\n".join(lines) + "\n")
    print(name, len(lines))


def entries(text):
    return re.findall(r"^0x[0-9a-f]+ (?:0x[0-9a-f]+|empty) \d+$", text, re.M)


def each_machine(kinds):
    for kind, (machine, options) in kinds.items():
        for memory in SIZES:
            yield f"{kind}-{memory.lower()}", machine, memory, 1, options
        for memory in ("4G", "64G"):
            if kind != "microvm":
                yield f"{kind}-{memory.lower()}-numa", machine, memory, 2, options


def record_kernels(folder):
    pvh, multiboot = build(folder, "pvh"), build(folder, "multiboot", "-DMULTIBOOT")
    kinds = {"pc-pvh": ("pc", ["-kernel", pvh]), "q35-pvh": ("q35", ["-kernel", pvh]),
             "microvm-pvh": ("microvm,isa-serial=on", ["-kernel", pvh]), "pc-multiboot": ("pc", ["-kernel", multiboot])}
    for name, machine, memory, nodes, options in each_machine(kinds):
        write(f"qemu-{name}.e820", f"QEMU {machine}, {memory}, {nodes} node(s), {name.split('-')[1]}",
              entries(qemu(machine, memory, nodes, *options, *LEAVE)))
    return multiboot


def record_grub(folder, multiboot):
    if not shutil.which("grub-mkrescue"):
        print("record: grub-mkrescue is not here: no Multiboot 2")
        return
    boot = folder / "disk/boot/grub"
    boot.mkdir(parents=True)
    shutil.copy(multiboot, folder / "disk/boot/kernel")
    (boot / "grub.cfg").write_text("set timeout=0\nmenuentry kernel { multiboot2 /boot/kernel; boot }\n")
    disk = folder / "disk.iso"
    run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", disk, folder / "disk"], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    for memory in ("64M", "4G", "16G"):
        write(f"qemu-q35-grub-{memory.lower()}.e820", f"QEMU q35, {memory}, SeaBIOS and GRUB, multiboot2",
              entries(qemu("q35", memory, 1, "-cdrom", disk, *LEAVE)))


def descriptors(text):
    """Lines of the shell's `memmap`: type, first byte, last byte, pages, attributes."""
    found = re.findall(r"^(\w+)\s+([0-9A-F]{16})-([0-9A-F]{16})\s+([0-9A-F]{16})\s+([0-9A-F]{16})", text, re.M)
    return [f"{int(first, 16):#x} {int(last, 16):#x} {UEFI_TYPES[kind]} {int(attributes, 16):#x}"
            for kind, first, last, _, attributes in found]


def record_uefi(folder):
    if not OVMF.exists():
        print("record: ovmf is not here: no UEFI")
        return
    (folder / "esp").mkdir()
    (folder / "esp/startup.nsh").write_text("memmap\r\nreset -s\r\n")
    for memory in ("256M", "3G", "4G", "16G", "64G"):
        shutil.copy(OVMF_VARIABLES, folder / "variables")
        text = qemu("q35", memory, 1, "-display", "none", "-net", "none", "-drive", f"if=pflash,format=raw,readonly=on,file={OVMF}",
                    "-drive", f"if=pflash,format=raw,file={folder / 'variables'}",
                    "-drive", f"format=raw,file=fat:rw:{folder / 'esp'}")
        write(f"qemu-q35-ovmf-{memory.lower()}.uefi", f"QEMU q35, {memory}, OVMF, as the shell sees it", descriptors(text))


os.environ["LC_ALL"] = "C"
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    record_grub(folder, record_kernels(folder))
    record_uefi(folder)
