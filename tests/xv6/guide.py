#!/usr/bin/env python3
"""Carries out docs/xv6.md, literally, on kernels whose Makefiles have the shapes of real ones (tests/xv6/guide), and looks
at what an owner does afterwards: build, boot, touch a header, clean, instrument, update, go back.

    guide.py FOLDER traps|riscv|lock|cow|pc     FOLDER: where the kernels are put together

The paragraph before a block of code says what is done with it, in one of the ways of ACTIONS; a block with another one
fails the test. So that a Makefile without its traps is noticed, the traps are shown first: on lines at another place
the same builds fail.
"""
import copy
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, "tools")
import tap

ROOT = pathlib.Path.cwd()
GUIDE = ROOT / "docs/xv6.md"
HERE = "tests/xv6/guide"
PLAIN = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}

# ---- the kernels ------------------------------------------------------------------------------------------------

RISCV = {"kernel/" + name: f"tests/xv6/riscv/{name}"
         for name in ("types.h", "param.h", "memlayout.h", "spinlock.h", "riscv.h", "defs.h")}
RISCV |= {"kernel/entry.S": "tests/xv6/machine/virt_entry.S", "kernel/kernel.ld": "tests/xv6/machine/virt.ld",
          "kernel/bare.c": "tests/xv6/machine/bare.c", "kernel/bare.h": "tests/xv6/machine/bare.h",
          "kernel/main.c": "tests/xv6/machine/virt.c", "kernel/spinlock.c": f"{HERE}/spinlock.c",
          "kernel/kalloc.c": "tests/xv6/seedlike/percpu.c"}
PC = {name: f"tests/xv6/i386/{name}"
      for name in ("types.h", "param.h", "memlayout.h", "mmu.h", "spinlock.h", "defs.h")}
PC |= {"entry.S": "tests/xv6/machine/pc_entry.S", "kernel.ld": "tests/xv6/machine/pc.ld",
       "bare.c": "tests/xv6/machine/bare.c", "bare.h": "tests/xv6/machine/bare.h", "main.c": "tests/xv6/machine/pc.c",
       "spinlock.c": f"{HERE}/spinlock.c", "kalloc.c": "tests/xv6/seedlike/twophase.c", "Makefile": f"{HERE}/pc.mk"}
LOCK = RISCV | {"Makefile": f"{HERE}/lab.mk", "kernel/kcsan.c": f"{HERE}/kcsan.c"}
COW = LOCK | {f"kernel/{name}": f"{HERE}/cow/{name}"
              for name in ("riscv.h", "defs.h", "proc.h", "vm.c", "trap.c", "user.S", "main.c")}


class Tree:
    """A kernel's folder, with the names of the guide's sections about it."""

    def __init__(self, folder, name, files, machine, sections, extra=()):
        self.root, self.name, self.machine, self.sections = folder / name, name, machine, sections
        shutil.rmtree(self.root, ignore_errors=True)
        for to, source in files.items():
            self.write(to, (ROOT / source).read_text())
        for to, text in extra:
            self.write(to, text)
        self.sh("git init -q . && git add -A")
        self.kernel = self.root / ("kernel" if machine == "pc" else "kernel/kernel")

    def copy(self, name):
        """Another one in the same state."""
        other = copy.copy(self)
        other.name, other.root = name, self.root.parent / name
        other.kernel = other.root / self.kernel.relative_to(self.root)
        shutil.rmtree(other.root, ignore_errors=True)
        shutil.copytree(self.root, other.root)
        return other

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def find(self, name):
        """The kernel's file of that name, in its root or in its folder `kernel`."""
        return next(path for path in (self.root / name, self.root / "kernel" / name) if path.is_file())

    def change(self, name, edit):
        path = self.find(name)
        before, after = path.read_text(), edit(path.read_text())
        if before == after:
            raise ValueError(f"{self.name}: nothing to change in {name}")
        path.write_text(after)

    def sh(self, command):
        """Runs it in the root; its output where it fails, else nothing."""
        done = subprocess.run(["sh", "-ec", command], cwd=self.root, env=PLAIN | {"Q": str(ROOT)}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        return f"{command}: {done.stdout[-3000:] or 'failed'}" if done.returncode else ""

    def make(self, *arguments):
        return self.sh(" ".join(["make -j2", *arguments]))

    def made(self):
        return [path for path in self.root.rglob("*.[od]") if ".git" not in path.parts]

    def is_quire(self):
        return "quire_alloc" in subprocess.run(["llvm-nm", self.kernel], stdout=subprocess.PIPE, text=True).stdout

    def boot(self, mib):
        """What the kernel prints on a machine with so much memory."""
        command = {"virt": ["qemu-system-riscv64", "-machine", "virt", "-bios", "none", "-smp", "4",
                            "-device", f"loader,addr=0x80700000,data={mib},data-len=4"],
                   "pc": ["qemu-system-i386", "-device", "isa-debug-exit,iobase=0xf4"]
                         + (["-device", f"loader,addr=0x300000,data={mib},data-len=4"] if mib > 16 else [])}
        done = subprocess.run(["timeout", "120", *command[self.machine], "-m", f"{mib}M", "-kernel", self.kernel,
                               "-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout


# ---- the guide ----------------------------------------------------------------------------------------------------

def blocks():
    """(section, paragraph before it, code) of each block of code."""
    section, paragraph, code = "", [], None
    for line in GUIDE.read_text().splitlines():
        if code is not None and line == "```":
            yield section, " ".join(paragraph), "\n".join(code) + "\n"
            paragraph, code = [], None
        elif code is not None:
            code.append(line)
        elif line.startswith("```"):
            code = []
        elif line.startswith("#"):
            section, paragraph = line.lstrip("# "), []
        elif line and not line.startswith("<!--"):
            paragraph.append(line)
        elif not line and not (paragraph and paragraph[-1].endswith(":")):
            paragraph = []


def run(tree, code):
    problem = tree.sh(code)
    if problem:
        raise ValueError(problem)


def append(tree, code, name):
    tree.change(name, lambda text: text + "\n" + code)


def replace_function(tree, code, name, function):
    definition = rf"^(?:[\w *]+\n)?[\w *]*\b{function}\([^;{{]*\)\s*\{{.*?^\}}\n"
    tree.change(name, lambda text: re.sub(definition, lambda _: code, text, count=1, flags=re.M | re.S))


def insert(tree, code, name, function, where, line):
    def edit(text):
        start = re.search(rf"\b{function}\([^;]*?\)\s*\{{", text).end()
        places = [m for m in re.finditer(r"^.*\n", text[start:], re.M) if m.group().strip() == line]
        at = start + (places[0].end() if where == "after" else places[0].start())
        return text[:at] + code + text[at:]
    tree.change(name, edit)


ACTIONS = [
    (r"In the kernel's root\b.*:$", run),
    (r"in the kernel's root:$", run),
    (r"At the end of `([\w.]+)`.*:$", append),
    (r"In `([\w.]+)`, instead of the function `(\w+)`:$", replace_function),
    (r"In `([\w.]+)`, in the function `(\w+)`, (after|before) the line `(.*)`:$", insert),
]


def carry_out(tree, section, only="", without=None):
    """All blocks of a section; or those whose paragraph has `only` in it, or those whose has not `without`."""
    for name, paragraph, code in blocks():
        if name == section and only in paragraph and not (without and without in paragraph):
            for pattern, action in ACTIONS:
                found = re.search(pattern, paragraph)
                if found:
                    action(tree, code, *found.groups())
                    break
            else:
                raise ValueError(f'{GUIDE}: "{paragraph}" does not say what to do with the code')


def apply(tree, without=None):
    for section in tree.sections:
        carry_out(tree, section, without=without)


def go_back(tree):
    carry_out(tree, "In all of them", "x86" if tree.machine == "pc" else "RISC-V")


def promised(machine):
    """(row, "under" or another word, number) of each figure in the guide's table of costs."""
    table = GUIDE.read_text().partition("## What it costs")[2].partition("\n## ")[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        figure = re.match(r"(under|at most|at least) (\d+)", cells[2 if machine == "pc" else 1] if cells[1:] else "")
        if figure:
            yield cells[0], figure.group(1), int(figure.group(2))


# ---- what is wanted -------------------------------------------------------------------------------------------------

def passes(output):
    """Whether a kernel that prints TAP has passed all of its tests."""
    plan = re.search(r"^1\.\.(\d+)", output, re.M)
    return bool(plan) and len(re.findall(r"^ok ", output, re.M)) == int(plan.group(1)) and "not ok" not in output


def boots(tree, mib, what):
    """One test for all that the kernel prints, which is returned."""
    output = tree.boot(mib)
    tap.expect(f"{tree.name}: {what}", passes(output), output)
    return output


def builds(tree, what, *arguments):
    problem = tree.make(*arguments)
    tap.result(f"{tree.name}: {what}", [problem] if problem else [])


def begins_as_it_was(tree):
    builds(tree, "the kernel with the old kalloc.c builds")
    boots(tree, 256, "and boots")
    tap.expect(f"{tree.name}: it has no Quire", not tree.is_quire())


def newer_than(tree, time):
    return {path for path in tree.made() if path.suffix == ".o" and path.stat().st_mtime_ns > time}


def follows_headers(tree):
    objects = {path for path in tree.made() if path.suffix == ".o" and "src" in path.parts and
               "quire/quire.h" in path.with_suffix(".d").read_text()}
    before = tree.kernel.stat().st_mtime_ns
    tree.make()
    tap.expect(f"{tree.name}: a second make makes nothing", tree.kernel.stat().st_mtime_ns == before)
    next(tree.root.rglob("quire/quire.h")).touch()
    builds(tree, "a header is touched")
    tap.expect(f"{tree.name}: what includes it is made anew", objects and objects <= newer_than(tree, before))
    tap.expect(f"{tree.name}: so is the kernel", tree.kernel.stat().st_mtime_ns > before)


def cleans(tree):
    builds(tree, "make clean", "clean")
    left = tree.made()
    tap.expect(f"{tree.name}: make clean leaves no object", not left, left)


def updates(tree):
    """A file that a newer Quire does not have any more must not stay behind."""
    stale = next(path for path in tree.root.rglob("quire/src") if path.is_dir()) / "gone.c"
    stale.write_text("#error this file is gone\n")
    for section in tree.sections:
        carry_out(tree, section, "root")
    builds(tree, "a newer Quire over an older one builds")
    tap.expect(f"{tree.name}: files that are gone are gone", not stale.exists())


def goes_back(tree):
    deleted = tree.copy(tree.name + "-deleted")
    go_back(tree)
    builds(tree, "the old kalloc.c builds again, with nothing deleted")
    tap.expect(f"{tree.name}: and has no Quire", not tree.is_quire())
    go_back(deleted)
    shutil.rmtree(next(path for path in deleted.root.rglob("quire") if path.is_dir()))
    builds(deleted, "the old kalloc.c builds again, with the folder deleted")
    tap.expect(f"{deleted.name}: and has no Quire", not deleted.is_quire())


def bytes_of_code(tree):
    objects = [path for path in tree.made() if "quire" in path.parts and path.suffix == ".o"] + [tree.find("kalloc.o")]
    lines = subprocess.run(["llvm-size", *objects], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return sum(int(line.split()[0]) for line in lines[1:])


MEASURED = {  # rows of the guide's table of costs, and what the kernel prints; the code is measured otherwise
    "pages kept": r"all pages but for those kept: (\d+)",
    "pages left below 4 MiB": r"pages before kinit2: (\d+)",
    "stack that `kalloc`": r"stack (?:in kalloc and kfree|without memory): (\d+)",
    "boot stack": r"stack in kinit\d?: (\d+)",
}
HOLDS = {"under": lambda n, bound: bound * 3 / 4 < n < bound, "at most": lambda n, bound: bound / 2 < n <= bound,
         "at least": lambda n, bound: bound <= n < bound * 2}


def says_the_truth(tree, output):
    """What the guide promises holds, and what is code or memory is not promised at twice the price."""
    for row, word, bound in promised(tree.machine):
        pattern = next((pattern for begin, pattern in MEASURED.items() if row.startswith(begin)), "")
        figures = [int(n) for n in re.findall(pattern, output)] if pattern else [bytes_of_code(tree) // 1024]
        holds = HOLDS[word] if "stack" not in row else lambda n, bound: 0 < n < bound
        tap.expect(f"{tree.name}: {row}: {figures}, {word} {bound}", figures and all(holds(n, bound) for n in figures))


# ---- the traps ------------------------------------------------------------------------------------------------------

OBJECTS = """
QUIRE = $(patsubst %.c,%.o,$(wildcard $K/quire/*.c $K/quire/src/*.c $K/quire/boot/*.c))
OBJS += $(QUIRE)
"""
FLAGS = "CFLAGS += -ffreestanding -I$K -I$K/quire -I$K/quire/include -I$K/quire/boot\n"


def put_elsewhere(tree, flags_after):
    """As in the guide, but with lines in the middle of the Makefile."""
    carry_out(tree, "RISC-V", "root")
    def edit(text):
        text = re.sub(r"(?<=main\.o\n|bare\.o\n)", OBJECTS, text, count=1)
        at = flags_after(text)
        return text[:at] + FLAGS + text[at:]
    tree.change("Makefile", edit)


def after_the_last(text):
    return [m for m in re.finditer(r"^ *CFLAGS \+=.*\n", text, re.M)][-1].end()


def after_the_first(text):
    return re.search(r"^CFLAGS = .*\n", text, re.M).end()


def has_traps(tree, lab):
    name = "elsewhere in the Makefile"
    put_elsewhere(tree, after_the_last)
    tap.expect(f"{name}: flags are lost in a condition", tree.make())
    tree.sh("git checkout -q .")
    put_elsewhere(tree, after_the_first)
    tap.expect(f"{name}: builds, else what follows says nothing", not tree.make(), tree.make())
    before = tree.kernel.stat().st_mtime_ns
    next(tree.root.rglob("quire/quire.h")).touch()
    tree.make()
    tap.expect(f"{name}: a header that changed changes no object of src", not
               {path for path in newer_than(tree, before) if "src" in path.parts})
    tree.make("clean")
    tap.expect(f"{name}: objects stay behind", tree.made())
    tree.make()
    tree.sh("git checkout Makefile kernel/kalloc.c && rm -r kernel/quire")
    tap.expect(f"{name}: no way back", tree.make())
    put_elsewhere(lab, after_the_first)
    tap.expect(f"{name}: instrumented, it does not link", "__tsan_atomic64" in lab.make("KCSAN=1"))


# ---- the tests ------------------------------------------------------------------------------------------------------

def test_traps(folder):
    has_traps(Tree(folder, "riscv-elsewhere", RISCV | {"Makefile": f"{HERE}/riscv.mk"}, "virt", []),
              Tree(folder, "lock-elsewhere", LOCK, "virt", []))


def test_riscv(folder):
    tree = Tree(folder, "riscv", RISCV | {"Makefile": f"{HERE}/riscv.mk"}, "virt", ["RISC-V"])
    begins_as_it_was(tree)
    apply(tree)
    builds(tree, "with Quire, the kernel builds")
    says_the_truth(tree, boots(tree, 128, "and boots"))
    follows_headers(tree)
    cleans(tree)
    updates(tree)
    goes_back(tree)


def test_lock(folder):
    tree = Tree(folder, "lock", LOCK, "virt", ["RISC-V"], [("conf/lab.mk", "LAB=lock\n")])
    apply(tree)
    builds(tree, "instrumented, the kernel builds", "KCSAN=1")
    boots(tree, 128, "and boots")
    instrumented = {path.name for path in tree.made() if path.suffix == ".o" and b"__tsan" in path.read_bytes()}
    tap.expect(f"{tree.name}: what was instrumented still is, and nothing of Quire",
               instrumented == {"bare.o", "kcsan.o"}, instrumented)
    cleans(tree)


def test_cow(folder):
    tree = Tree(folder, "cow", COW, "virt", ["RISC-V", "Copy-on-write", "Names that are only kept"],
                [("conf/lab.mk", "LAB=cow\n")])
    apply(tree)
    builds(tree, "with the guide's hooks, the kernel builds")
    boots(tree, 128, "processes share what they do not write to")
    for hook in ("`uvmcopy`", "`copyout`", "`usertrap`"):
        tree.sh("git checkout -q .")
        apply(tree, without=hook)
        builds(tree, f"without the hook in {hook}, the kernel builds")
        tap.expect(f"{tree.name}: and fails", not passes(tree.boot(128)))


def link_with(tree, array):
    """Adds a large array before or behind the boot stack."""
    tree.write("big.c", "extern char big[5 << 20];\nchar big[5 << 20];\n")
    tree.change("Makefile", lambda text: text.replace("main.o\\\n", array, 1))


def test_too_large(tree):
    link_with(tree, "main.o big.o\\\n")
    tap.expect(f"{tree.name}: above 4 MiB, the linker refuses", "ends above 4 MiB" in tree.make())
    tree.sh("git checkout kernel.ld")
    builds(tree, "without its ASSERT it does not")
    output = tree.boot(16)
    tap.expect(f"{tree.name}: then kinit1 says so", "there is no memory" in output, output)
    tree.change("Makefile", lambda text: text.replace("main.o big.o\\\n", "big.o main.o\\\n"))
    tree.kernel.unlink()
    builds(tree, "so it is with an array before the stack")
    output = tree.boot(16)
    tap.expect(f"{tree.name}: then nobody says anything", "kinit1" not in output, output)


def test_pc(folder):
    if subprocess.run(["gcc", "-m32", "-xc", "-c", "/dev/null", "-o", "/dev/null"], capture_output=True).returncode:
        tap.skip("pc", "gcc makes no 32-bit objects here")
        return
    tree = Tree(folder, "pc", PC, "pc", ["x86"])
    begins_as_it_was(tree)
    apply(tree)
    builds(tree, "with Quire, the kernel builds", "kernel kernelmemfs")
    says_the_truth(tree, boots(tree, 256, "and boots"))
    follows_headers(tree)
    cleans(tree)
    updates(tree)
    test_too_large(tree.copy("pc-large"))
    goes_back(tree)


TESTS = {"traps": test_traps, "riscv": test_riscv, "lock": test_lock, "cow": test_cow, "pc": test_pc}
TESTS[sys.argv[2]](pathlib.Path(sys.argv[1]).absolute())
tap.end()
