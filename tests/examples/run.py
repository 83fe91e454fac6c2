#!/usr/bin/env python3
"""The examples as a stranger uses them: a copy of what they need is built by `make`, and booted by `make run`.

    tests/examples/run.py [NAME...]

Each must say that it passed, show its memory, and end with a good status. Then mistakes are planted in the copy, and the same
kernel must tell of each, and end with a bad one.
"""
import fnmatch
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap

SECONDS = 120  # for one make, on a machine that does other things, too
MOST_LINES, SMALLEST_LINES, README_LINES = 150, 100, 14
NEEDED = ("examples", "include", "src", "boot", "kit")
NOT_BOOTED = {"limine-x86_64"}  # Debian has no such loader; limine.c beside this runs its code
ONLY_ON_X86 = {"multiboot2-x86_64", "rust-x86_64"}  # their tools make nothing for it elsewhere

DEBIAN = {"rust-x86_64": ["RUSTC=/usr/bin/rustc"]}  # not another one that comes before it in PATH

# Mistakes: what it is, the examples that it is planted in, the file, what stands there, what comes in its place, and what is
# to be said of it. Each example ends badly in one way at least: by the verdict, or by quire_port_fault.
COPY_GOES = "    quire_put(q, copy);\n"
PAGE_GOES = "        quire_put(pages, volume->page[i]);\n"
MAPPED = "    return (void *)pa;\n"
MISTAKES = (
    ("a frame is freed twice", "*-*", "common/exercise.c", COPY_GOES, COPY_GOES.replace("put", "free") * 2,
     "\nFAULT: quire_free: double free"),
    ("a frame is not given back", "pvh-x86_64", "common/exercise.c", COPY_GOES, "", "\nverdict: some frames did not come back"),
    ("a page is not given back", "hosted", "hosted/main.c", PAGE_GOES, PAGE_GOES.replace("put", "get"),
     "\nverdict: some pages did not come back"),
    ("two frames have one address", "pvh-x86_64", "pvh-x86_64/main.c", MAPPED,
     MAPPED.replace("pa", "(pa > 64u << 20 ? pa & ~QUIRE_PAGE_SIZE : pa)"), "\nkit: WRONG: the frames 0x"),
)
PICTURE = re.compile(r" frames are free\n((?:  0x[0-9a-f]{16} [ .+#sm]{1,64}\n)+)")

EXAMPLES = sorted(path.parent.name for path in pathlib.Path("examples").glob("*/Makefile"))


def make(root, name, *goals):
    """Makes an example. Status and output; the status is None where it took too long, and all that it had started is ended."""
    process = subprocess.Popen(["make", "-C", root / "examples" / name, *DEBIAN.get(name, []), *goals], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=SECONDS)
        status = process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        status = None
    return status, output.decode(errors="replace").replace("\r", "")


def check_build(root, name):
    status, output = make(root, name, "-j2")
    warnings = re.findall(r".*\b(?:warning|error)\b.*", output)
    tap.expect(f"{name}: builds, without a warning", status == 0 and not warnings, output)
    return status == 0


def check_boot(root, name):
    status, output = make(root, name, "run")
    pictures = PICTURE.findall(output)
    tap.expect(f"{name}: its port is right, it passes, and its status says so",
               status == 0 and "\nkit: the port is right" in output and "\nverdict: passed\n" in output, output)
    tap.expect(f"{name}: shows its memory: in use, shared, and free again",
               set("+#sm.") <= set("".join(pictures)) and pictures[0] == pictures[-1], output)


def check_mistake(root, name, what, file, text, planted, said):
    path = root / "examples" / file
    before = path.read_text()
    if before.count(text) != 1:
        sys.exit(f"{file}: the place for a mistake is gone; tests/examples/run.py says where it should be")
    path.write_text(before.replace(text, planted))
    status, output = make(root, name, "run")
    path.write_text(before)
    tap.expect(f"{name}: {what}: this is told, and the status is bad", status not in (0, None) and said in output,
               f"status {status}\n{output}")


def check(root, name):
    if name in ONLY_ON_X86 and platform.machine() != "x86_64":
        tap.skip(name, "its tools are there on x86-64 only")
    elif check_build(root, name) and name not in NOT_BOOTED:
        check_boot(root, name)
        for what, names, *where, said in MISTAKES:
            if fnmatch.fnmatch(name, names):
                check_mistake(root, name, what, *where, said)


# ---- what is promised of their size and of the index ----

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def n_lines(folder):
    """Lines of code that are ours: all files but README.md and Makefile, without comments and empty lines."""
    texts = [COMMENT.sub("", path.read_text()) for path in folder.iterdir()
             if path.is_file() and path.name not in ("README.md", "Makefile")]
    return sum(1 for text in texts for line in text.splitlines() if line.strip())


def check_sizes():
    sizes = {name: n_lines(pathlib.Path("examples") / name) for name in EXAMPLES}
    tap.expect(f"each has at most {MOST_LINES} lines of code", max(sizes.values()) <= MOST_LINES, sizes)
    tap.expect(f"the smallest has at most {SMALLEST_LINES}", min(sizes.values()) <= SMALLEST_LINES, sizes)
    long = [name for name in EXAMPLES
            if len((pathlib.Path("examples") / name / "README.md").read_text().splitlines()) > README_LINES]
    tap.result(f"each README has at most {README_LINES} lines", long)
    index = pathlib.Path("examples/README.md").read_text()
    tap.result("examples/README.md names each", [name for name in EXAMPLES if f"]({name})" not in index])


def main():
    check_sizes()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for part in NEEDED:
            shutil.copytree(part, root / part, ignore=shutil.ignore_patterns("build"))
        for name in sys.argv[1:] or EXAMPLES:
            check(root, name)
    tap.end()


if __name__ == "__main__":
    main()
