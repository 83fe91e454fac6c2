"""The PC (kernel/arch/x86_64) in the tests: what is special about it, and the rows of tests/kernel/boots."""
from machines import rows
from machines.rows import ALL, SOME

ENVIRONMENT = {}  # for kernel/run.sh

CALL_BYTES = 4  # from the relocation, in the call, to the instruction behind it
CALL = r"R_X86_64_PLT32"

STORES = (1_000_000, 15_000_000)  # of a boot, among which one is killed: the first come before there is an allocator

# What run.sh refuses: harts and memory.
REFUSED = [("256", "256M"), ("4", "7M"), ("4", "1T")]

# In QEMU's monitor: the program counter, and the lines of registers that tell something of a CPU that hangs.
PC = r"\bRIP=([0-9a-f]{16})"
REGISTERS = r"(R\w\w|CR\d)="


def verdict(status):
    """What the kernel said, from QEMU's exit status: kernel/arch/x86_64/qemu.sh."""
    return (status - 1) // 2 if status > 1 and status % 2 == 1 else status


# What `machine` says in a row: options for QEMU.
QEMU_OPTIONS = {
    **rows.QEMU_OPTIONS,
    "numa-4g": rows.nodes(("1G", ",cpus=0"), ("3G", ",cpus=1")),
    "plain": "-cpu qemu64",  # without leaves of 1 GiB, SMEP, SMAP
    "old": "-machine pc",  # another chip set: no holes for devices, tables elsewhere
}

LOADERS = {"grub": 0, "uefi": 6}  # other than QEMU, and the MiB that its firmware keeps: another word of `machine`

# What the kernel has to say then.
SAYS = {
    "numa": ("quire: node 0: 9", "quire: node 1: 1"),
    "numa3": ("quire: node 0: 6", "quire: node 1: 12", "quire: node 2: 6"),
    "numa-4g": ("quire: node 0: ", "quire: node 1: 30"),
}

# harts, memory, machine, command line
FEW = [
    (255, "256M", "", SOME),
    (1, "64M", "", ALL),
    (4, "256M", "", ALL),
    (8, "64M", "", ALL + " irqalloc"),
    (2, "64M", "", ALL + " poison irqalloc"),
    (4, "16M", "", "run=stress,120,20,1 poison irqalloc"),  # more than fits: every call is refused at times
    (4, "256M", "", "run=demo"),
    (2, "5G", "", "run=stress,8,40,2"),
    (2, "900G", "", SOME),
    (4, "256M", "numa", "run=stress,16,20,15 irqalloc"),
    (2, "64M", "", SOME + " irqalloc tick=20"),
    (4, "256M", "grub", SOME),
    (4, "256M", "uefi", SOME + " irqalloc"),
    (4, "64M", "local", ALL + " poison irqalloc"),
]

MORE = rows.MORE + [
    # Local visits.
    (1, "64M", "local", ALL + " irqalloc"),
    (8, "16M", "local", "run=stress,100,10,1 irqalloc"),
    (255, "512M", "local", "run=stress,8,10,3 irqalloc"),

    # The smallest.
    (1, "8M", "", SOME),
    (1, "8M", "", "run=stress,30,20,15 irqalloc"),
    (2, "9M", "", "run=stress,30,20,2 poison irqalloc"),
    (1, "10M", "", "run=badtest"),

    # CPUs.
    (16, "128M", "", ALL + " irqalloc"),
    (128, "256M", "", "run=forktest"),
    (255, "1G", "", "run=stress,16,10,1 irqalloc"),
    (255, "128M", "", "run=demo"),
    (8, "128M", "old", SOME),
    (2, "128M", "plain", ALL + " irqalloc"),
    (2, "8G", "plain", SOME),

    # Memory: in one piece, in two around the hole below 4 GiB, more than one table of leaves of 1 GiB maps.
    (4, "2G", "", "run=stress,16,40,4 junk irqalloc"),
    (4, "4G", "old", "run=stress,16,40,3 irqalloc"),
    (2, "64G", "", SOME + " poison"),
    (1, "511G", "", SOME),
    (8, "513G", "", "run=forktest irqalloc"),
    (4, "970G", "", "run=stress,16,20,6"),

    # Loaders.
    (1, "32M", "grub", SOME),
    (8, "6G", "grub", "run=stress,16,20,12 irqalloc"),
    (1, "64M", "uefi", ALL),
    (64, "6G", "uefi", SOME + " poison"),
    (4, "256M", "uefi numa", SOME),

    # Nodes.
    (8, "256M", "numa3", "run=stress,16,20,12 irqalloc"),
    (2, "4G", "numa-4g", SOME),

    # Time. Under icount CPUs run in turns, and one that waits for a lock wastes its own: many programs take ages.
    (8, "64M", "icount", "run=cowtest irqalloc"),
]


def set_up(setup, word, _harts, folder):
    """Makes of a machine.Setup what a word of the row says."""
    if word in LOADERS:
        setup.environment = {"LOADER": word, "IMAGE": f"{folder}/image"}
        setup.lost_mib = LOADERS[word]
        return
    setup.options.append(QEMU_OPTIONS[word])
    setup.lines += SAYS.get(word, ())
