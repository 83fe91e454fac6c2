#!/usr/bin/env python3
"""What the files for xv6 define and need, once compiled for their kernels.

    symbols.py OBJECT...    percpu.o, refcount.o, twophase.o: all that belongs to one kernel
"""
import os
import subprocess
import sys

sys.path.insert(0, "tools")
import tap

RISCV_LOCK, I386_LOCK = 24, 52  # sizes of the kernels' struct spinlock
FUNCTION = None

# What each kernel's own kalloc.c defines; of objects the size, which other files rely on.
DEFINED = {
    "percpu.o": {"kinit": FUNCTION, "freerange": FUNCTION, "kalloc": FUNCTION, "kfree": FUNCTION,
                 "superalloc": FUNCTION, "superfree": FUNCTION, "kmem": 8 * (RISCV_LOCK + 8)},
    "refcount.o": {"kinit": FUNCTION, "freerange": FUNCTION, "kalloc": FUNCTION, "kfree": FUNCTION,
                   "getRefIdx": FUNCTION, "reference_operation": FUNCTION, "cowcopy_pa": FUNCTION,
                   "kmem": RISCV_LOCK + 8, "reference_lock": RISCV_LOCK, "pm_reference": 32768 * 4},
    "twophase.o": {"kinit1": FUNCTION, "kinit2": FUNCTION, "freerange": FUNCTION, "kalloc": FUNCTION,
                   "kfree": FUNCTION, "kmem": I386_LOCK + 4 + 4},
}
OURS = ("quire_", "q_", "xv6_")

# What the kernels have for them.
NEEDED = {"end", "panic", "initlock", "memset", "memcpy", "memmove", "memcmp"}
NEEDED_ON = {"twophase.o": {"lapic", "lapicid"}}


def symbols(path, *options):
    """Yields (name, kind, size) for each global symbol."""
    nm = subprocess.run(["llvm-nm", "-g", "-P", *options, path], stdout=subprocess.PIPE, text=True, check=True)
    for line in nm.stdout.splitlines():
        fields = line.split()
        yield fields[0], fields[1], int(fields[3], 16) if len(fields) > 3 else 0


def missing(defined, name):
    for symbol, size in DEFINED[name].items():
        if symbol not in defined:
            yield f"{symbol} is not defined"
        elif size is FUNCTION and defined[symbol][0] != "T":
            yield f"{symbol} is not a function"
        elif size is not FUNCTION and defined[symbol][1] != size:
            yield f"{symbol} has {defined[symbol][1]} bytes, not {size}"


def check(path):
    name = os.path.basename(path)
    defined = {symbol: (kind, size) for symbol, kind, size in symbols(path, "--defined-only")}
    needed = {symbol for symbol, _, _ in symbols(path, "--undefined-only")}
    strange = [symbol for symbol in defined if symbol not in DEFINED[name] and not symbol.startswith(OURS)]
    tap.result(f"{name}: what the kernel's own kalloc.c defines", list(missing(defined, name)))
    tap.result(f"{name}: no other name that the kernel might have, too", [f"{s} is defined" for s in strange])
    tap.result(f"{name}: nothing that the kernel does not have",
               [f"{s} is needed" for s in sorted(needed - NEEDED - NEEDED_ON.get(name, set()))])


for argument in sys.argv[1:]:
    check(argument)
tap.end()
