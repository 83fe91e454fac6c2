#!/usr/bin/env python3
"""Shows every instruction that one call of a function takes in the kernel, those of what it calls included.

`make bench-kernel` makes the kernels. Calls of quire_alloc and quire_free before the 4000th are to the same frame again
and again (count.c), later ones in bulk; all others are the first program's (pages.c). The kernel runs in QEMU one
instruction at a time, and QEMU writes down where it is."""
import argparse
import collections
import itertools
import re
import subprocess
import sys

import machine

# Where the kernel's image lies, kernel/arch/*/kernel.ld, and what the disassembler has to know of the processor.
IMAGE = {
    "aarch64": "0xffff000040080000..0xffff0000402fffff",
    "riscv64": "0xffffffc080200000..0xffffffc0803fffff",
    "x86_64": "0xffffffff80200000..0xffffffff803fffff",
}
FEATURES = {"aarch64": [], "riscv64": ["--mattr=+m,+a,+c"], "x86_64": []}

Instruction = collections.namedtuple("Instruction", "function text line")


def disassembly(kernel):
    """All instructions of an ELF file, by address, and the addresses of its functions."""
    text = subprocess.run(["llvm-objdump", "-d", "-l", *FEATURES[machine.ARCH], "--no-show-raw-insn", kernel],
                          check=True, capture_output=True, text=True).stdout
    instructions, functions = {}, {}
    name = line = ""
    for row in text.splitlines():
        if function := re.match(r"([0-9a-f]+) <([^.].*)>:", row):
            name = function[2]
            functions[name] = int(function[1], 16)
        elif source := re.match(r"; .*?((?:src|kernel|bench|boot)/\S+:\d+)", row):
            line = source[1]
        elif instruction := re.match(r"\s*([0-9a-f]+):\s+(.*)", row):
            instructions[int(instruction[1], 16)] = Instruction(name, " ".join(instruction[2].split()), line)
    return instructions, functions


def executed(design, memory):
    """The address of each instruction that the kernel executes, one after the other."""
    options = [*machine.COUNTING, "-singlestep", "-d", "exec,nochain", "-dfilter", IMAGE[machine.ARCH], "-D", "/dev/stderr"]
    command, environment = machine.boot(design, memory, options=options)
    qemu = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)
    try:
        for row in qemu.stderr:
            if place := re.match(r"Trace.*?\[[0-9a-f]+/([0-9a-f]+)/", row):
                yield int(place[1], 16)
    finally:
        qemu.kill()
        qemu.wait()


def nth_call(places, entry, number, following):
    """The addresses in the number-th call of the function at `entry`, up to the instruction behind the call."""
    caller = None
    for place in places:
        if place == entry:
            number -= 1
            if number == 0:
                return [place, *itertools.takewhile(lambda next_place: next_place != following[caller], places)]
        caller = place
    return []


def path_of(design, function, number=1000, memory="128M"):
    """The instructions of one call; KeyError: there is no such function."""
    instructions, functions = disassembly(machine.kernel(design))
    order = sorted(instructions)
    places = executed(design, memory)
    try:
        path = nth_call(places, functions[function], number, dict(zip(order, order[1:])))
    finally:
        places.close()
    return [instructions[place] for place in path]


def print_path(path):
    line = ""
    for i, instruction in enumerate(path, 1):
        where = instruction.line if instruction.line != line else ""
        print(f"{i:6} {instruction.text:40} {where:32} {instruction.function}")
        line = instruction.line


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("function")
    parser.add_argument("call", type=int, nargs="?", default=1000, help="which one; 1000 where it is not said")
    parser.add_argument("memory", nargs="?", default="128M", help="of the machine; 128M where it is not said")
    parser.add_argument("design", nargs="?", default="quire", choices=machine.DESIGNS)
    parser.add_argument("-s", "--sum", action="store_true", help="only how many there are in each function")
    wanted = parser.parse_args()
    try:
        path = path_of(wanted.design, wanted.function, wanted.call, wanted.memory)
    except (OSError, subprocess.CalledProcessError):
        parser.error("a kernel or a program is missing: make bench-kernel")
    except KeyError:
        parser.error(f"the kernel has no function {wanted.function}; it may be inlined")
    if not path:
        parser.error(f"{wanted.function} was called less than {wanted.call} times on a machine of {wanted.memory}")
    if not wanted.sum:
        print_path(path)
    print(f"{len(path)} instructions")
    for function, n in collections.Counter(instruction.function for instruction in path).most_common():
        print(f"{n:6} {function}")


if __name__ == "__main__":
    main()
