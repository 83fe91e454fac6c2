"""The machines that builds.py builds for: who compiles, what links."""
import os
import platform
import shutil
import sys

sys.path.insert(0, "tools")
import foreign

CC = os.environ.get("CC", "gcc")
CLANG = os.environ.get("CLANG", "clang")
HOST = {"x86_64": "x86-64"}.get(platform.machine(), platform.machine())


class Native:
    """This machine's processor."""

    def __init__(self, *flags, needs=()):
        self.flags = flags
        self.needs = needs
        self.compilers = {"gcc": [CC, *flags], "clang": [CLANG, *flags]}
        self.tests = [CLANG, *flags]

    def link(self, *files):
        return [CLANG, *self.flags, "-fuse-ld=lld", *files, "-lpthread"]

    def wrap(self, function):
        return [f"-Wl,--wrap={function}"]

    def missing(self):
        """What is missing, or nothing."""
        return next((f"{path} is not here" for path in self.needs if not os.path.exists(path)), "")


class Other:
    """A machine that this one is not."""

    def __init__(self, why):
        self.compilers = {"gcc": [], "clang": []}
        self.missing = lambda: why


class Simulated:
    """Another processor, with the C library that Debian has for cross compilers.

    A compiler for that system is not needed, and would be at odds with gcc-multilib: clang compiles the tests; gcc for
    the bare processor, where there is one, the core."""

    def __init__(self, triple, flags, loader, linker, bare_gcc=None):
        self.root = "/usr/" + triple
        self.loader = loader
        self.linker = linker
        self.tests = [CLANG, "--target=" + triple, *flags, "-isystem", self.root + "/include", "-fno-pie"]
        self.compilers = {"clang": [CLANG, "--target=" + triple, *flags, "-ffreestanding", "-fno-pie"]}
        if bare_gcc:
            self.compilers["gcc"] = [bare_gcc, *flags, "-ffreestanding"]

    def link(self, *files):
        lib = self.root + "/lib"
        return [self.linker, "-dynamic-linker", self.loader, "-L" + lib, f"{lib}/crt1.o", f"{lib}/crti.o", *files, "-lc",
                f"{lib}/crtn.o"]

    def wrap(self, function):
        return [f"--wrap={function}"]

    def missing(self):
        tools = [self.linker, *(command[0] for command in self.compilers.values())]
        without = [tool for tool in tools if not shutil.which(tool)]
        without += [path for path in [self.root + "/lib/libc.so"] if not os.path.exists(path)]
        return without[0] + " is not here" if without else ""


SIMULATED = {
    "aarch64": Simulated("aarch64-linux-gnu", ["-march=armv8-a", "-mno-outline-atomics"], "/lib/ld-linux-aarch64.so.1",
                         "ld.lld"),
    "riscv64": Simulated("riscv64-linux-gnu", ["-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany"],
                         "/lib/ld-linux-riscv64-lp64d.so.1", "riscv64-unknown-elf-ld", "riscv64-unknown-elf-gcc"),
    "s390x": Simulated("s390x-linux-gnu", [], "/lib/ld64.so.1", "s390x-linux-gnu-ld"),
}
if HOST == "x86-64":
    WORDS_OF_32_BITS = Native("-m32", needs=["/usr/lib32/crt1.o"])
else:
    WORDS_OF_32_BITS = Other(foreign.NOT_BUILT)
NATIVE = {HOST: Native(), "i386": WORDS_OF_32_BITS}
MACHINES = {**SIMULATED, **NATIVE}
