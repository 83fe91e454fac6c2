"""What the machines in the tests have in common: programs to run, QEMU's options for nodes and time, and rows of
tests/kernel/boots that any machine can boot.

A row is harts, memory, words about the machine, and the command line. FEW are the machine's own first rows; the lists here
are part of its MORE."""
ALL = "run=usertests"
SOME = "run=stress,8,20,1"


def nodes(*parts):
    """QEMU's options for nodes: the memory of each, and its CPUs."""
    return " ".join(f"-object memory-backend-ram,id=node{i},size={size},reserve=off "
                    f"-numa node,nodeid={i},memdev=node{i}{cpus}" for i, (size, cpus) in enumerate(parts))


# What a word of a row stands for.
QEMU_OPTIONS = {
    "icount": "-icount shift=0,sleep=off",  # each instruction takes one nanosecond, whatever the host does
    "numa": nodes(("96M", ",cpus=0-1"), ("160M", ",cpus=2-3")),
    "numa3": nodes(("64M", ",cpus=0-3"), ("128M", ",cpus=4-7"), ("64M", "")) +
             " -numa dist,src=0,dst=1,val=20 -numa dist,src=0,dst=2,val=40 -numa dist,src=1,dst=2,val=30",
}

MORE = [
    # Local visits.
    (64, "128M", "local", "run=cowtest irqalloc"),
    (2, "64M", "local", SOME + " irqalloc tick=20"),

    # CPUs and memory.
    (3, "16M", "", "run=memtest,20 zero"),
    (3, "128M", "", ALL),
    (64, "128M", "", "run=cowtest"),
    (1, "1G", "", "run=memtest,1 zero"),

    # What happens to the contents.
    (4, "64M", "", ALL + " poison"),
    (4, "64M", "", ALL + " junk"),
    (4, "64M", "", ALL + " zero"),
    (1, "64M", "", "run=stress,16,40,8 junk irqalloc"),
    (8, "64M", "", "run=stress,16,40,9 zero irqalloc"),

    # Time. Under icount CPUs run in turns, and one that waits for a lock wastes its own: many programs take ages.
    (1, "64M", "icount", "run=forktest irqalloc"),
    (4, "64M", "icount", "run=true"),
    (1, "64M", "", SOME + " irqalloc tick=5"),
    (4, "16M", "", "run=stress,60,20,14 irqalloc tick=20 poison"),
    (64, "256M", "", SOME + " irqalloc tick=200"),
]
