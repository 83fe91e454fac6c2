"""The RISC-V machine (kernel/arch/riscv64) in the tests: what is special about it, and the rows of tests/kernel/boots."""
import os

from machines import rows, trees
from machines.rows import ALL, SOME

KERNEL_OUT = f"{os.environ.get('BUILD', 'build')}/kernel/riscv64"

RAM = 0x8000_0000

CALL_BYTES = 8  # a call is two instructions, auipc and jalr
CALL = r"R_RISCV_CALL\w*"  # the relocation of one

ENVIRONMENT = {"FIRMWARE": f"{KERNEL_OUT}/firmware.elf"}  # for kernel/run.sh

STORES = (100_000, 5_000_000)  # of a boot, among which one is killed: the first come before there is an allocator

# What run.sh refuses: harts and memory.
REFUSED = [("129", "256M"), ("4", "8M")]

# In QEMU's monitor: the program counter, and the lines of registers that tell something of a hart that hangs.
PC = r"\bpc\s+([0-9a-f]{16})"
REGISTERS = r" (pc|x\d|mhartid|mstatus|mip|mie|sepc|scause|stval|satp)"


def verdict(status):
    """What the kernel said, from QEMU's exit status."""
    return status


# What `machine` says in a row: options for QEMU, another firmware than ours (opensbi), or a map, see MAPS.
QEMU_OPTIONS = {
    **rows.QEMU_OPTIONS,
    "aclint": "-machine aclint=on",
    "imsic": "-machine aia=aplic-imsic",
}

# What the kernel has to say then.
SAYS = {"numa": ("quire: node 0: ", "quire: node 1: ")}

# harts, memory, machine, command line
FEW = [
    (4, "4G", "opensbi", "run=memtest,1"),
    (1, "64M", "opensbi", ALL),
    (2, "256M", "opensbi", ALL),
    (4, "256M", "opensbi", ALL),
    (8, "64M", "opensbi", ALL),
    (1, "64M", "opensbi", ALL + " poison irqalloc"),
    (4, "64M", "opensbi", ALL + " irqalloc"),
    (8, "256M", "opensbi", ALL + " poison irqalloc"),
    (2, "64M", "opensbi", "run=stress,16,30,7 poison"),
    (1, "4G", "opensbi", "run=stress,8,40,2"),
    (8, "4G", "opensbi", "run=stress,16,40,3 irqalloc"),
    (4, "16M", "opensbi", "run=stress,120,20,1 poison irqalloc"),  # more than fits: every call is refused at times
    (4, "256M", "opensbi", "run=demo"),
    (64, "256M", "opensbi", SOME),
    (512, "256M", "", SOME),
    (2, "1T", "", SOME),
    (2, "256M", "map:holes", SOME + " poison"),
    (2, "256M", "map:broken", SOME),
    (4, "256M", "numa opensbi", "run=stress,16,20,15 irqalloc"),
    (2, "64M", "", SOME + " irqalloc tick=20"),
    (1, "64M", "local opensbi", ALL + " irqalloc"),
    (4, "64M", "local opensbi", ALL + " poison irqalloc"),
    (4, "16M", "local", "run=stress,120,20,1 irqalloc"),
]

MORE = rows.MORE + [
    # Local visits.
    (2, "256M", "local", ALL),
    (8, "64M", "local", ALL + " irqalloc"),
    (8, "16M", "local", "run=stress,100,10,1 irqalloc"),
    (3, "16M", "local opensbi", "run=memtest,20 zero"),
    (4, "256M", "local opensbi", "run=demo"),
    (512, "1G", "local", "run=stress,8,10,3 irqalloc"),
    (8, "64M", "local icount", "run=cowtest irqalloc"),

    # The smallest: below, QEMU puts the device tree into the initramfs.
    (1, "6M", "", SOME),
    (1, "6M", "opensbi", "run=stress,30,20,15 irqalloc"),
    (2, "7M", "", "run=stress,30,20,2 poison irqalloc"),
    (1, "9M", "", "run=badtest"),
    (8, "16M", "", "run=stress,100,10,1 irqalloc"),

    # Harts.
    (1, "128M", "", ALL),
    (2, "128M", "", ALL),
    (8, "128M", "", ALL + " irqalloc"),
    (64, "1G", "", "run=stress,16,10,1 irqalloc"),
    (128, "512M", "opensbi", SOME),
    (256, "256M", "", "run=forktest"),
    (256, "1G", "", "run=stress,16,10,2"),
    (256, "1T", "", SOME + " poison"),
    (512, "512M", "", "run=cowtest"),
    (512, "1G", "", "run=stress,8,10,3 irqalloc"),
    (512, "16T", "", SOME),
    (8, "128M", "aclint", SOME),
    (8, "128M", "imsic", SOME),
    (512, "128M", "aclint", "run=demo"),

    # Memory. Above 255 GiB the kernel needs wider page tables.
    (4, "1G", "", "run=stress,16,40,4 junk irqalloc"),
    (2, "64G", "opensbi", SOME),
    (4, "64G", "", "run=stress,16,20,5 poison"),
    (1, "254G", "", SOME),
    (1, "256G", "", SOME),
    (4, "1T", "opensbi", "run=stress,16,20,6"),
    (8, "1T", "", "run=forktest irqalloc"),
    (1, "16T", "", "run=true poison"),
    (2, "16T", "", "run=forktest irqalloc"),
    (8, "16T", "opensbi", SOME),

    # What happens to the contents.
    (3, "32M", "", "run=stress,60,20,10 poison irqalloc"),

    # Memory maps.
    (1, "256M", "map:holes", "run=memtest,2 poison"),
    (8, "256M", "map:holes", "run=stress,16,20,11 irqalloc"),
    (2, "256M", "map:ghost", "run=memtest,2"),
    (4, "256M", "map:odd", "run=memtest,1 zero"),
    (4, "256M", "map:nodes", "run=stress,16,20,12"),
    (2, "256M", "map:scattered", "run=memtest,1"),
    (2, "256M", "map:scattered opensbi", SOME + " poison"),
    (1, "1T", "map:far", SOME),
    (2, "128M", "map:initrd", ALL + " poison"),

    # Time. Under icount harts run in turns, and one that waits for a lock wastes its own: many programs take ages.
    (8, "64M", "icount", "run=cowtest irqalloc"),
    (64, "128M", "icount", "run=true"),
    (2, "64M", "opensbi", "run=stress,16,20,13 irqalloc tick=20"),
    (8, "64M", "", "run=cowtest irqalloc tick=50"),
    (2, "64M", "icount", "run=true irqalloc tick=20"),
]


MAPS = {
    **trees.maps(RAM),
    # A hole of one frame, one inside a block, one of several blocks, one that ends at the end.
    "holes": trees.Map(37, """memory@80000000 { reg = <0 0x80000000 0 0x01000000  0 0x81001000 0 0x00fff000
                                                0 0x82100000 0 0x01f00000  0 0x85000000 0 0x09c00000>; };"""),
    # More memory than there is; what is not there is reserved, so that a touch would end in an access fault.
    "ghost": trees.Map(0, """memory@80000000 { reg = <0 0x80000000 0 0x40000000>; };
                       reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;
                                         no@90000000 { reg = <0 0x90000000 0 0x30000000>; no-map; }; };"""),
    # Nothing begins or ends with a frame; ranges overlap, and are said twice.
    "odd": trees.Map(2, """memory@80000000 { reg = <0 0x80000000 0 0x04000801  0 0x84000801 0 0x0affffff  0 0x8e000000 0 0x1ffffff
                                              0 0x80000000 0 0x04000801>; };
                     reserved-memory { #address-cells = <2>; #size-cells = <2>; ranges;
                                       a@81234567 { reg = <0 0x81234567 0 1>; };
                                       b@81234000 { reg = <0 0x81234000 0 0x100001>; };
                                       c@81300fff { reg = <0 0x81300fff 0 2>; }; };"""),
    # Several nodes, in no order; one that does not count.
    "nodes": trees.Map(64, """memory@80000000 { reg = <0 0x80000000 0 0x04000000>; };
                        memory@8c000000 { device_type = "memory"; reg = <0 0x8c000000 0 0x04000000>; };
                        memory@84000000 { device_type = "memory"; reg = <0 0x84000000 0 0x04000000>; };
                        memory@88000000 { device_type = "memory"; reg = <0 0x88000000 0 0x04000000>; status = "disabled"; };"""),
    # 256 MiB at the front, and the last GiB: the direct map must reach far for little.
    "far": trees.Map((1 << 20) - 1024 - 256, """memory@80000000 { reg = <0 0x80000000 0 0x10000000
                                                                   0x100 0x40000000 0 0x40000000>; };"""),
}


def set_up(setup, word, harts, folder):
    """Makes of a machine.Setup what a word of the row says."""
    if word == "opensbi":
        setup.environment = {}
    elif word.startswith("map:"):
        trees.set_up(setup, MAPS[word[4:]], ["qemu-system-riscv64", "-smp", str(harts)], "virt", folder)
    else:
        setup.options.append(QEMU_OPTIONS[word])
        setup.lines += SAYS.get(word, ())
