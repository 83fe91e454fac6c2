"""The machines that builds.py builds for: who compiles, what links, how a program is run."""
import os
import platform
import shutil

CC = os.environ.get("CC", "gcc")
CLANG = os.environ.get("CLANG", "clang")


class Native:
    """This machine's processor, with words of 64 or of 32 bits."""

    def __init__(self, bits):
        self.bits = bits
        self.compilers = {"gcc": [CC, f"-m{bits}"], "clang": [CLANG, f"-m{bits}"]}
        self.tests = [CLANG, f"-m{bits}"]
        self.run = []

    def link(self, *files):
        return [CLANG, f"-m{self.bits}", "-fuse-ld=lld", *files, "-lpthread"]

    def wrap(self, function):
        return [f"-Wl,--wrap={function}"]

    def missing(self):
        """What is missing, or nothing."""
        if platform.machine() != "x86_64":
            return "this processor is another one"
        if self.bits == 32 and not os.path.exists("/usr/lib32/crt1.o"):
            return "there is no C library of 32 bits"
        return ""


class Simulated:
    """A processor that QEMU simulates, with the C library that Debian has for cross compilers.

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
        self.run = ["qemu-" + triple.split("-")[0], "-L", self.root]

    def link(self, *files):
        lib = self.root + "/lib"
        return [self.linker, "-dynamic-linker", self.loader, "-L" + lib, f"{lib}/crt1.o", f"{lib}/crti.o", *files, "-lc",
                f"{lib}/crtn.o"]

    def wrap(self, function):
        return [f"--wrap={function}"]

    def missing(self):
        tools = [self.linker, self.run[0], *(command[0] for command in self.compilers.values())]
        without = [tool for tool in tools if not shutil.which(tool)]
        without += [path for path in [self.root + "/lib/libc.so"] if not os.path.exists(path)]
        return without[0] + " is not here" if without else ""


MACHINES = {
    "x86-64": Native(64),
    "i386": Native(32),
    "riscv64": Simulated("riscv64-linux-gnu", ["-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany"],
                         "/lib/ld-linux-riscv64-lp64d.so.1", "riscv64-unknown-elf-ld", "riscv64-unknown-elf-gcc"),
    "s390x": Simulated("s390x-linux-gnu", [], "/lib/ld64.so.1", "s390x-linux-gnu-ld"),
}
