#!/usr/bin/env python3
"""tools/setup.sh on machines that are made up: a folder of fake commands is its PATH, another one its root.

Nothing is installed here. The fake apt-get writes down how it was called and makes the files that a package brings.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap

# What `make test` needs and the package that brings it: the test's own list, on a machine with gcc 12 and clang 14.
LIBGCC = "/usr/lib/gcc/x86_64-linux-gnu/12/32/libgcc.a"
ASAN = "/usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.asan-x86_64.a"
LIB = "/usr/lib/x86_64-linux-gnu"
OPENSBI = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin"
PACKAGES = {
    "make": "make", "clang": "clang", "ld.lld": "lld", "llvm-objcopy": "llvm", "cpio": "cpio",
    "qemu-system-riscv64": "qemu-system-misc", "qemu-system-aarch64": "qemu-system-arm",
    "qemu-system-i386": "qemu-system-x86", OPENSBI: "opensbi", "gcc": "gcc", "/usr/include/stdio.h": "libc6-dev",
    "/usr/include/lzma.h": "liblzma-dev", "/usr/include/zstd.h": "libzstd-dev",
    "/usr/share/ovmf/OVMF.fd": "ovmf", "grub-mkrescue": "grub-common",
    "/usr/lib/grub/i386-pc/multiboot2.mod": "grub-pc-bin", "xorriso": "xorriso", "mformat": "mtools", "/usr/bin/rustc": "rustc",
    "/usr/include/cmocka.h": "libcmocka-dev", "/usr/include/libfdt.h": "libfdt-dev", "dtc": "device-tree-compiler", "g++": "g++",
    "/usr/lib32/crt1.o": "libc6-dev-i386", LIBGCC: "lib32gcc-12-dev", ASAN: "libclang-rt-14-dev",
    "clang-format": "clang-format", "clang-tidy": "clang-tidy", "cppcheck": "cppcheck",
    "riscv64-unknown-elf-gcc": "gcc-riscv64-unknown-elf", "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
    "qemu-riscv64": "qemu-user",
    "/usr/aarch64-linux-gnu/include/stdio.h": "libc6-dev-arm64-cross",
    "/usr/riscv64-linux-gnu/include/stdio.h": "libc6-dev-riscv64-cross",
    "/usr/s390x-linux-gnu/include/stdio.h": "libc6-dev-s390x-cross", "s390x-linux-gnu-ld": "binutils-s390x-linux-gnu",
    "cmake": "cmake", "meson": "meson", "pkg-config": "pkgconf", "gcovr": "gcovr", "python3": "python3",
}
ONLY_FOR_BENCH = {
    "valgrind": "valgrind", "gnuplot": "gnuplot-nox", "/usr/include/dpdk/rte_mempool.h": "libdpdk-dev",
    f"{LIB}/libmimalloc.so.2": "libmimalloc2.0", f"{LIB}/libjemalloc.so.2": "libjemalloc2",
    f"{LIB}/libtcmalloc_minimal.so.4": "libtcmalloc-minimal4",
}
# Of these, what only an x86-64 machine needs.
ONLY_FOR_X86 = ["/usr/lib32/crt1.o", LIBGCC, "/usr/aarch64-linux-gnu/include/stdio.h", "grub-mkrescue",
                "/usr/lib/grub/i386-pc/multiboot2.mod", "xorriso", "mformat", "/usr/bin/rustc"]
# What every machine has, as far as the set-up and the fakes use it.
ORDINARY = ["bash", "sed", "head", "id", "env", "cat", "cp", "mkdir", "dirname", "touch"]

FAKES = {
    "uname": "cat $MACHINE/processor",
    "gcc": "echo 12",
    "clang": 'case $1 in -dumpversion) echo 14.0.6 ;; *) echo /usr/lib/llvm-14/lib/clang/14.0.6 ;; esac',
    "apt-cache": """case $1:$2 in
        depends:gcc) echo '  Depends: gcc-12' ;;
        depends:clang) echo '  Depends: clang-14' ;;
        show:qemu-system-riscv | show:libtcmalloc-minimal4t64) exit 100 ;;
        esac""",
    "apt-get": """echo "$*" >> $MACHINE/calls
        test "$FAIL" != "$4" || exit 100
        test "$4" = install || exit 0
        for file in $(cat $MACHINE/brings); do
            case $file in
            /*) mkdir -p $(dirname $MACHINE/root$file) && touch $MACHINE/root$file ;;
            *) cp $MACHINE/shelf/$file $MACHINE/bin/ ;;
            esac
        done""",
}


def on_processor(things, name):
    """The things of an x86-64 machine as they are on another one, without those that only x86-64 needs."""
    if name == "x86_64":
        return things
    return {thing.replace("x86_64", name): package for thing, package in things.items() if thing not in ONLY_FOR_X86}


class Machine:
    """A computer on which everything is installed but `lacks`."""

    def __init__(self, folder, lacks=(), apt=True, processor="x86_64"):
        self.folder = pathlib.Path(folder)
        for name in ("bin", "shelf"):
            (self.folder / name).mkdir()
        (self.folder / "brings").write_text("\n".join(lacks))
        (self.folder / "processor").write_text(processor + "\n")
        for name in ORDINARY:
            (self.folder / "bin" / name).symlink_to(shutil.which(name))
        things = on_processor({**PACKAGES, **ONLY_FOR_BENCH}, processor)
        for thing in [*things, "uname", *(["apt-get", "apt-cache"] if apt else [])]:
            self.add(thing, installed=thing not in lacks)

    def add(self, thing, installed):
        if not thing.startswith("/"):
            path = self.folder / ("bin" if installed else "shelf") / thing
            path.write_text(f"#!/bin/bash\n{FAKES.get(thing, '')}\n")
            path.chmod(0o755)
        elif installed:
            path = self.folder / ("root" + thing)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def setup(self, what="test", fail=""):
        """Runs the set-up; returns its status, all that it printed, and the calls of apt-get."""
        environment = {"PATH": str(self.folder / "bin"), "SETUP_ROOT": str(self.folder / "root"),
                       "MACHINE": str(self.folder), "FAIL": fail}
        done = subprocess.run(["tools/setup.sh"] + [what] * bool(what), env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        calls = self.folder / "calls"
        return done.returncode, done.stdout, calls.read_text().splitlines() if calls.exists() else []


def on(lacks=(), apt=True, processor="x86_64", **arguments):
    with tempfile.TemporaryDirectory() as folder:
        return Machine(folder, lacks, apt, processor).setup(**arguments)


UPDATE = "-qq -o DPkg::Lock::Timeout=300 update"
INSTALL = "-qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "

for what in ("run", "test", "bench"):
    got = on(what=what)
    tap.expect(f"nothing missing for {what}: no word, no apt-get", got == (0, "", []), got)

for thing, package in PACKAGES.items():
    if thing == "clang":
        package += " libclang-rt-14-dev"  # whose place only clang knows
    status, printed, calls = on([thing])
    tap.expect(f"without {os.path.basename(thing)}, apt-get is asked for {package}, and this is said",
               status == 0 and calls == [UPDATE, INSTALL + package] and package.split()[0] in printed,
               (status, printed, calls))

status, printed, calls = on([*PACKAGES])
tap.expect("on a bare machine everything is installed in one go",
           status == 0 and calls == [UPDATE, INSTALL + " ".join(PACKAGES.values())], (status, printed, calls))

arm = on_processor(PACKAGES, "aarch64")
status, printed, calls = on([*arm], processor="aarch64")
tap.expect("on a bare aarch64 machine everything is installed that there is for it",
           status == 0 and calls == [UPDATE, INSTALL + " ".join(arm.values())], (status, printed, calls))
for what in ("run", "test", "bench"):
    got = on(what=what, processor="aarch64")
    tap.expect(f"that has all of it, and nothing of x86, {what} misses nothing", got == (0, "", []), got)

with tempfile.TemporaryDirectory() as folder:
    machine = Machine(folder, ["cpio", "/usr/include/cmocka.h"])
    machine.setup()
    first = len(machine.setup()[2])
    got = machine.setup()
    tap.expect("the second time does nothing", got[:2] == (0, "") and first == len(got[2]) == 2, got)

status, printed, calls = on(["/usr/include/cmocka.h", "valgrind"], what="run")
tap.expect("what only tests and benchmarks need is not installed to run", (status, calls) == (0, []), (printed, calls))
status, printed, calls = on([*ONLY_FOR_BENCH], what="bench")
tap.expect("the benchmarks get what only they need",
           (status, calls[1:]) == (0, [INSTALL + " ".join(ONLY_FOR_BENCH.values())]), (printed, calls))
status, printed, calls = on([*ONLY_FOR_BENCH])
tap.expect("the tests do without it", (status, calls) == (0, []), (printed, calls))

status, printed, calls = on(["cpio", "/usr/include/cmocka.h"], apt=False)
tap.expect("not Debian: the packages are named, and the status is 2",
           status == 2 and "cpio" in printed and "libcmocka-dev" in printed and "neither Debian nor Ubuntu" in printed,
           (status, printed))

for step in ("update", "install"):
    status, printed, calls = on(["cpio"], fail=step)
    tap.expect(f"apt-get {step} fails: one line says so, and apt-get's status is passed on",
               status == 100 and f"setup: 'apt-get {step}" in printed.splitlines()[-1], (status, printed, calls))

with tempfile.TemporaryDirectory() as folder:
    machine = Machine(folder, ["cpio"])
    (machine.folder / "brings").write_text("")
    status, printed, calls = machine.setup()
    tap.expect("installed, yet not found: the status is 2, and what is meant is named",
               status == 2 and "cpio" in printed.splitlines()[-1], (status, printed, calls))

for what in ("", "everything"):
    status, printed, calls = on(what=what)
    tap.expect(f"set up for '{what}': refused with the list of choices",
               (status, calls) == (2, []) and "run, test or bench" in printed, (status, printed))

tap.end()
