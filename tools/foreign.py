#!/usr/bin/env python3
"""Programs for other machines than this one, like those of 32 bits: this machine runs them itself where it can, which is
found out by trying, else QEMU simulates their processor.

    foreign.py PROGRAM [ARGUMENT...]    runs it; exit status 77 and a line that says why when nothing here can

In the environment,
    FOREIGN_RUNNER   is what the tests put in the place of this machine: a command that runs a program, or refuses to;
    TEST_SIMULATOR   tells a program that it is simulated, and by what: it may try less then, and must say so."""
import os
import re
import shutil
import subprocess
import sys
import threading

SKIPPED = 77
NOT_BUILT = "programs of 32 bits are built only on x86-64, with a C library for them"

# Of an ELF file: class and machine | the system that it is for; QEMU's name of the processor is its first part.
TRIPLES = {
    (1, 3): "i386-linux-gnu",
    (2, 22): "s390x-linux-gnu",
    (2, 62): "x86_64-linux-gnu",
    (2, 183): "aarch64-linux-gnu",
    (2, 243): "riscv64-linux-gnu",
}


class Refused(Exception):
    """One line that says why a program can not run here."""


def look_into(program):
    """(the system that it is for, the loader that it names), or (None, None) where it is no such program."""
    with open(program, "rb") as file:
        head = file.read(4096)
    loader = re.search(rb"/[\w/-]+/ld[\w.-]*\.so\.\d", head)
    if head[:4] != b"\x7fELF" or not loader:
        return None, None
    order = "big" if head[5] == 2 else "little"
    return TRIPLES.get((head[4], int.from_bytes(head[18:20], order))), loader.group().decode()


def works(words, loader):
    """Whether a loader can be started so. What it does is harmless: it looks at itself, and says with status 0 or 2 that
    this is a file for it."""
    try:
        done = subprocess.run([*words, loader, "--verify", loader], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return done.returncode in (0, 2)


def find_runner(triple, loader):
    """Words in front of programs for such a system, or the reason why there are none. Their loader is what is tried."""
    native = os.environ.get("FOREIGN_RUNNER", "").split()
    if works(native, loader):
        return native
    machine = triple.split("-")[0]
    qemu = "qemu-" + machine
    if not shutil.which(qemu):
        return Refused(f"this machine does not run {machine} programs, and {qemu} (Debian: qemu-user) is not here")
    root = "/usr/" + triple  # where Debian has what cross compilers need
    simulated = [qemu, "-L", root] if os.path.isdir(root) else [qemu]
    if not works(simulated, root + loader if os.path.isdir(root) else loader):
        return Refused(f"this machine does not run {machine} programs, nor does {qemu}")
    return ["env", "TEST_SIMULATOR=" + qemu, *simulated]


found = {}  # triple: what find_runner said. It is asked once,
asking = threading.Lock()  # also by several threads.


def command(program):
    """What starts it, to be followed by its arguments. Raises Refused."""
    triple, loader = look_into(program)
    if triple in (None, look_into(sys.executable)[0]):
        return [str(program)]
    with asking:
        if triple not in found:
            found[triple] = find_runner(triple, loader)
    if isinstance(found[triple], Refused):
        raise found[triple]
    return [*found[triple], str(program)]


def simulator(program):
    """What simulates its processor, or nothing. Raises Refused."""
    name = "TEST_SIMULATOR="
    return next((word[len(name):] for word in command(program) if word.startswith(name)), None)


def fail(why):
    print(f"foreign: {why}", file=sys.stderr)
    sys.exit(2)


def main():
    if not sys.argv[1:]:
        fail("say which program to run: tools/foreign.py PROGRAM [ARGUMENT...]")
    try:
        words = command(sys.argv[1])
        os.execvp(words[0], [*words, *sys.argv[2:]])
    except Refused as why:
        print(f"1..0 # SKIP {why}")
        sys.exit(SKIPPED)
    except OSError as error:
        fail(f"{sys.argv[1]}: {error.strerror}")


if __name__ == "__main__":
    main()
