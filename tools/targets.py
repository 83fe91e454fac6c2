"""The machines for which the checks compile the core and boot/, and how a kernel there would."""
import os
import pathlib
import platform
import subprocess

import amalgamate
import tree

CC = os.environ.get("CC", "gcc")
CLANG = os.environ.get("CLANG", "clang")
PC_GCC = CC if platform.machine() in ("x86_64", "AMD64") else "x86_64-linux-gnu-gcc"
RISCV_GCC = "riscv64-unknown-elf-gcc"
LEVELS = ("-O0", "-O2", "-Os")
FLAGS = """-std=c11 -pedantic -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wundef -Wmissing-prototypes
           -Wstrict-prototypes -Wvla -Werror -ffreestanding""".split()
AMALGAMATED = {"src": "quire.c", "boot": "quire_boot.c"}

ARM = "-mfloat-abi=soft"
PC32 = "-fno-pic -fno-stack-protector"
# An access to an atomic variable is a call that says so.
CLANGS = "-Watomic-implicit-seq-cst"
RV = {"rv32": "-mabi=ilp32", "rv64": "-mabi=lp64 -mcmodel=medany"}
# Without atomic instructions clang warns that it calls a library; here that is what is asked for.
NO_ATOMICS = "-Wno-atomic-alignment"

# machine: (how clang calls it, or None; another compiler, or None; flags of both)
MACHINES = {
    "x86-64": ("x86_64-unknown-elf", [PC_GCC], "-mno-red-zone -mgeneral-regs-only -mcmodel=kernel -fno-pic"),
    "x86-64, UEFI": ("x86_64-unknown-windows", None, "-mno-red-zone -mgeneral-regs-only"),
    "i486": ("i386-unknown-elf", [PC_GCC, "-m32"], f"-march=i486 {PC32} -mgeneral-regs-only"),
    "i386": (None, [PC_GCC, "-m32"], f"-march=i386 {PC32} -mgeneral-regs-only"),
    "aarch64": ("aarch64-unknown-elf", None, "-mgeneral-regs-only -mno-outline-atomics"),
    "armv7-a": ("armv7a-none-eabi", None, ARM),
    "armv7-m": ("armv7m-none-eabi", None, ARM),
    "armv6-m": ("armv6m-none-eabi", None, f"{ARM} {NO_ATOMICS}"),
    **{f"riscv{bits}, {isa}": (f"riscv{bits}-unknown-elf", [RISCV_GCC], f"-march={isa} {RV[isa[:4]]}")
       for bits in (64, 32) for isa in (f"rv{bits}imac", f"rv{bits}iac")},
    **{f"riscv{bits}, rv{bits}i": (None, [RISCV_GCC], f"-march=rv{bits}i {RV[f'rv{bits}']}") for bits in (64, 32)},
    "mips": ("mips-unknown-elf", None, ""),
    "ppc64": ("powerpc64-unknown-elf", None, ""),
    "s390x": ("s390x-unknown-elf", None, ""),
}


def compilers(machine):
    """{name: command} of what compiles for it."""
    triple, other, flags = MACHINES[machine]
    flags = flags.split()
    own = [flag for flag in flags if flag != NO_ATOMICS]
    return ({"gcc": [*other, *own]} if other else {}) | \
        ({"clang": [CLANG, f"--target={triple}", CLANGS, *flags]} if triple else {})


def sources(folder):
    return [path for path in tree.files(".c") if path.parts[0] == folder]


def compile_each(folder, command, level, objects, *more):
    """Compiles each source of a folder; the objects. Raises CalledProcessError, FileNotFoundError."""
    made = [os.path.join(objects, f"{folder}-{source.stem}.o") for source in sources(folder)]
    for source, compiled in zip(sources(folder), made):
        run([*command, *FLAGS, "-Iinclude", level, *more, "-c", str(source), "-o", compiled])
    return made


def compile_amalgamation(folder, command, level, objects):
    """Compiles what `make amalgamation` makes of a folder; the object. Raises as above."""
    amalgamate.write(pathlib.Path(objects))
    source = pathlib.Path(objects, AMALGAMATED[folder])
    run([*command, *FLAGS, level, "-c", str(source), "-o", str(source.with_suffix(".o"))])
    return str(source.with_suffix(".o"))


def run(command):
    """What a command prints; raises CalledProcessError with that in `stdout` where it fails."""
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout
