#!/usr/bin/env python3
"""Quire as two files to copy, and boot/ as two more.

    tools/amalgamate.py FOLDER      writes quire.h, quire.c, quire_boot.h and quire_boot.c there

    quire.h       all of include/quire            quire_boot.h   the public headers of boot/, and what they include of quire.h
    quire.c       all of src                      quire_boot.c   the rest of boot/

Each file of the tree is there once, behind those that it includes, under a line with its name. Its include guard and its
`extern "C"` stay, so that the two headers can be included together. Headers of the compiler are included once, on top.
Nothing else is changed, and the same tree gives the same bytes."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^#include ([<"])([^>"]+)[>"].*\n', re.MULTILINE)
WIDTH = 120


class Amalgamation:
    """Files of the tree, in the order in which a compiler comes to need them."""

    def __init__(self, given=()):
        self.parts = {}  # path: its text without includes
        self.foreign = set()  # headers of the compiler
        self.given = given  # what an amalgamation before this one has

    def add(self, path):
        if path in self.parts or any(path in before.parts for before in self.given):
            return
        text = path.read_text()
        for bracket, name in INCLUDE.findall(text):
            header = ROOT / "include" / name if bracket == "<" else path.parent / name
            if header.exists():
                self.add(header)
            elif not any(name in before.foreign for before in self.given):
                self.foreign.add(name)
        self.parts[path] = re.sub(r"\n{3,}", "\n\n", INCLUDE.sub("", text))

    def text(self, purpose, first=""):
        includes = "".join(f"#include <{name}>\n" for name in sorted(self.foreign))
        return banner(purpose) + "\n" + first + includes + \
            "".join(f"\n{rule(path.relative_to(ROOT))}\n{text}" for path, text in self.parts.items())


def rule(path):
    return f"/* ==== {path} ".ljust(WIDTH - 3, "=") + " */\n"


def banner(purpose):
    """What this is, and its license: the file may travel alone."""
    numbers = re.findall(r"#define QUIRE_VERSION_\w+ (\d+)", (ROOT / "include/quire/quire.h").read_text())
    lines = [f"Quire {'.'.join(numbers)}: {purpose}", "Made by `make amalgamation`: changes belong into the files that it names.",
             "", *(ROOT / "LICENSE").read_text().splitlines()]
    return "/* " + "".join(f"{' * ' if i else ''}{line}".rstrip() + "\n" for i, line in enumerate(lines)) + " */\n"


def of(files, given=()):
    made = Amalgamation(given)
    for path in sorted(files):
        made.add(path)
    return made


def write(folder):
    """Writes the four files."""
    headers = list((ROOT / "boot").glob("*.h"))
    public = of((ROOT / "include/quire").glob("*.h"))
    core = of((ROOT / "src").glob("*.c"), [public])
    boot_public = of(path for path in headers if 'extern "C"' in path.read_text())  # what C++ can use is public
    boot = of((ROOT / "boot").glob("*.c"), [boot_public])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "quire.h": public.text("a page-frame allocator for kernels. quire.c beside this is all of it."),
        "quire.c": core.text("a page-frame allocator for kernels. quire.h beside this says how it is used.", '#include "quire.h"\n'),
        "quire_boot.h": boot_public.text("firmware's memory maps to lists of regions. quire_boot.c beside this is all of it."),
        "quire_boot.c": boot.text("firmware's memory maps to lists of regions. quire_boot.h beside this says how it is used.",
                                  '#include "quire_boot.h"\n'),
    }.items():
        (folder / name).write_text(text)


def stop(why):
    sys.stderr.write(f"amalgamate: {why}\n")
    sys.exit(2)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        stop("say where to put the files: tools/amalgamate.py FOLDER")
    try:
        write(pathlib.Path(sys.argv[1]))
    except OSError as error:
        stop(f"{error.filename}: {error.strerror}: name a folder that can be written")
