"""The Arm machine (kernel/arch/aarch64) in the tests: what is special about it, and the rows of tests/kernel/boots."""
from machines import rows, trees
from machines.rows import ALL, SOME

RAM = 0x4000_0000

CALL_BYTES = 4  # a call is one instruction, bl
CALL = r"R_AARCH64_CALL26"  # the relocation of one

ENVIRONMENT = {}  # for kernel/run.sh

# Stores of a boot between which it is killed: the first ones come before there is an allocator.
STORES = (700_000, 12_000_000)

# What run.sh refuses: harts and memory.
REFUSED = [("4", "5M")]

# In QEMU's monitor: the program counter, and the lines of registers that tell something of a CPU that hangs.
PC = r"\bPC=([0-9a-f]{16})"
REGISTERS = r" ?(PC|X\d\d|PSTATE)="


def verdict(status):
    """What the kernel said, from QEMU's exit status."""
    return status


# What `machine` says in a row: options for QEMU, or a map, see MAPS. Where nothing is said it is a processor with all
# that QEMU knows, and version 3 of the interrupt controller.
QEMU_OPTIONS = {
    **rows.QEMU_OPTIONS,
    "a72": "-cpu cortex-a72",  # nothing that is newer than Armv8.0
    "a57": "-cpu cortex-a57",
    "n1": "-cpu neoverse-n1",
    "gicv2": "-machine gic-version=2",
    "gicv4": "-machine gic-version=4,virtualization=on",
    "el2": "-machine virtualization=on",  # entered in EL2, and the firmware is called by smc
}

# What the kernel has to say then.
SAYS = {
    "numa": ("quire: node 0: 9", "quire: node 1: 15"),
    "numa3": ("quire: node 0: 6", "quire: node 1: 12", "quire: node 2: 6"),
}

# harts, memory, machine, command line
FEW = [
    (512, "256M", "", SOME),
    (1, "64M", "", ALL),
    (4, "256M", "", ALL),
    (8, "64M", "gicv2 a72", ALL + " irqalloc"),
    (2, "64M", "el2", SOME + " poison irqalloc"),
    (4, "16M", "", "run=stress,120,20,1 poison irqalloc"),  # more than fits: every call is refused at times
    (4, "256M", "a72", "run=demo"),
    (2, "4G", "", "run=stress,8,40,2"),
    (2, "1T", "", SOME),
    (2, "256M", "map:holes", SOME + " poison"),
    (2, "256M", "map:broken", SOME),
    (4, "256M", "numa", "run=stress,16,20,15 irqalloc"),
    (2, "64M", "", SOME + " irqalloc tick=20"),
    (4, "64M", "local", ALL + " poison irqalloc"),
]

MORE = rows.MORE + [
    # Local visits.
    (1, "64M", "local", ALL + " irqalloc"),
    (8, "16M", "local gicv2", "run=stress,100,10,1 irqalloc"),
    (512, "1G", "local", "run=stress,8,10,3 irqalloc"),
    (2, "64M", "local a72", SOME + " irqalloc tick=20"),

    # The smallest.
    (1, "6M", "", SOME),
    (1, "6M", "gicv2", "run=stress,30,20,15 irqalloc"),
    (2, "7M", "", "run=stress,30,20,2 poison irqalloc"),
    (1, "8M", "", "run=badtest"),

    # CPUs: with GICv3 redistributors lie in one region for 123 CPUs, and in two for more.
    (8, "128M", "", ALL + " irqalloc"),
    (17, "128M", "", "run=forktest irqalloc"),
    (123, "256M", "", "run=cowtest"),
    (124, "256M", "", "run=forktest"),
    (256, "1G", "a72", "run=stress,16,10,1 irqalloc"),
    (512, "512M", "", "run=demo"),
    (512, "4T", "", SOME),

    # Processors, levels, interrupt controllers.
    (4, "128M", "a57", ALL),
    (4, "128M", "n1", ALL + " irqalloc"),
    (4, "128M", "el2 gicv2 a72", ALL),
    (4, "128M", "el2", ALL + " irqalloc"),
    (64, "256M", "el2 n1", SOME),
    (8, "128M", "gicv4", "run=stress,16,20,4 irqalloc"),
    (1, "64M", "gicv2", SOME + " poison"),

    # Memory. Each 512 GiB take one more of the tables that are there from the start.
    (4, "2G", "", "run=stress,16,40,4 junk irqalloc"),
    (2, "64G", "", SOME + " poison"),
    (1, "511G", "", SOME),
    (8, "513G", "", "run=forktest irqalloc"),
    (1, "16T", "", "run=true poison"),
    (8, "16T", "", SOME),
    (2, "4T", "a72", "run=stress,16,20,6"),

    # Memory maps, and nodes.
    (8, "256M", "map:holes", "run=stress,16,20,11 irqalloc"),
    (4, "256M", "map:odd", "run=memtest,1 zero"),
    (2, "256M", "map:scattered", "run=memtest,1"),
    (1, "1T", "map:far", SOME),
    (2, "128M", "map:initrd", ALL + " poison"),
    (8, "256M", "numa3", "run=stress,16,20,12 irqalloc"),

    # Time. Under icount CPUs run in turns, and one that waits for a lock wastes its own: many programs take ages.
    (8, "64M", "icount gicv2", "run=cowtest irqalloc"),
]


def only(lost_mib, *ranges):
    """Of the memory that QEMU writes into the tree, and that can not be changed, only these ranges count."""
    cells = "  ".join(f"{base >> 32:#x} {base & 0xffff_ffff:#x} {n >> 32:#x} {n & 0xffff_ffff:#x}" for base, n in ranges)
    return trees.Map(lost_mib, f"chosen {{ linux,usable-memory-range = <{cells}>; }};")


MAPS = {
    **trees.maps(RAM),
    # A hole of one frame, one inside a block, one of several blocks, one that ends at the end.
    "holes": only(37, (RAM, 0x100_0000), (RAM + 0x100_1000, 0xff_f000), (RAM + 0x210_0000, 0x1f0_0000),
                  (RAM + 0x500_0000, 0x9c0_0000)),
    # Nothing begins or ends with a frame; ranges overlap, and are said twice.
    "odd": only(2, (RAM, 0x400_0801), (RAM + 0x400_0801, 0xaff_ffff), (RAM + 0xe00_0000, 0x1ff_ffff), (RAM, 0x400_0801)),
    # 256 MiB at the front, and the last GiB: the direct map must reach far for little.
    "far": only((1 << 20) - 1024 - 256, (RAM, 256 << 20), (1 << 40, 1 << 30)),
}


def set_up(setup, word, harts, folder):
    """Makes of a machine.Setup what a word of the row says."""
    if word.startswith("map:"):
        qemu = ["qemu-system-aarch64", "-cpu", "max", "-smp", str(harts)]
        trees.set_up(setup, MAPS[word[4:]], qemu, "virt,gic-version=3", folder)
    else:
        setup.options.append(QEMU_OPTIONS[word])
        setup.lines += SAYS.get(word, ())
