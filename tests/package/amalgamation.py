#!/usr/bin/env python3
"""What `make amalgamation` makes: all of the sources once, the same each time; it compiles without a warning as kernels would, and
programs work with it. tools/check-symbols compiles it for each machine."""
import itertools
import pathlib
import re
import shutil
import tempfile

import shared
import tap
import tree
from shared import CC, CLANG, HERE, ROOT, check, run

# What kernels add to -Wall -Wextra.
TYPICAL = """-Wall -Wextra -Wpedantic -Wcast-align -Wcast-qual -Wdouble-promotion -Wfloat-equal -Wformat=2 -Wimplicit-fallthrough
             -Wmissing-declarations -Wmissing-prototypes -Wnested-externs -Wold-style-definition -Wpointer-arith -Wredundant-decls
             -Wshadow -Wstrict-prototypes -Wswitch-default -Wswitch-enum -Wundef -Wuninitialized -Wunused -Wvla -Wwrite-strings
             -Wconversion -Wsign-conversion -Werror""".split()
PARTS = {"quire.h": "include/quire/*.h", "quire.c": "src/*.[ch]", "quire_boot.h": "", "quire_boot.c": "boot/*.[ch]"}
LOCAL = ROOT / "port/template/local.h"


def make(root, folder):
    run([root / "tools/amalgamate.py", folder], folder.parent)
    return {name: (folder / name).read_text() for name in PARTS}


def same_bytes(folder):
    """Once more, from a tree that lies elsewhere, and whose files were made the other way round."""
    here = make(ROOT, folder / "first")
    for path in reversed(tree.files()):
        if str(path).startswith(("include", "src", "boot", "tools", "LICENSE")):
            (folder / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / "tree" / path)
    return [name for name, text in make(folder / "tree", folder / "second").items() if text != here[name]]


def all_once(texts):
    """Each file of the tree has its line, in the right file and once, sources by name; and its code is behind that."""
    problems = []
    for name, text in texts.items():
        parts = re.findall(r"^/\* ==== (\S+) =+ \*/$", text, re.MULTILINE)
        others = re.findall(r"^/\* ==== (\S+) =+ \*/$", texts["quire_boot.h"], re.MULTILINE) if name == "quire_boot.c" else []
        wanted = [str(path.relative_to(ROOT)) for path in ROOT.glob(PARTS[name])] if PARTS[name] else parts
        if sorted(parts) != sorted(set(wanted) - set(others)):
            problems.append(f"{name} has {sorted(parts)}")
        sources = [part for part in parts if part.endswith(".c")]
        if sources != sorted(sources):
            problems.append(f"{name} has them in the order of a folder: {sources}")
        for part in parts:
            code = pathlib.Path(part).read_text().rstrip().rsplit("\n\n", 1)[-1]
            if text.count(code) != 1 and not code.startswith("#"):
                problems.append(f"{name}: the end of {part} is there {text.count(code)} times")
    return problems


def includes_once(texts):
    """Headers of the compiler are included once in a pair of files, and nothing of the tree is."""
    problems = []
    for header in ("quire.h", "quire_boot.h"):
        both = texts[header] + texts[header.replace(".h", ".c")]
        found = re.findall(r'^#\s*include\s+(\S+)', both, re.MULTILINE)
        wanted = {f'"{header}"', "QUIRE_PORT_CPU_H"}
        problems += [f"{header}: {name}, {found.count(name)} times" for name in set(found)
                     if found.count(name) > 1 or not re.match("<std|<limits", name) and name not in wanted]
    return problems


def compiles(compiler, standard, options):
    with tempfile.TemporaryDirectory() as folder:
        for source in ("quire.c", "quire_boot.c"):
            run([compiler, standard, "-O1", "-ffreestanding", *TYPICAL, *options, "-c", MADE / source, "-o", f"{folder}/x.o"])


def program(folder, compiler, options, page):
    """A program with hooks of its own."""
    flags = [*options, "-I", MADE, "-I", HERE, "-Wall", "-Wextra", "-Werror"]
    objects = [folder / f"{name}.o" for name in ("quire", "quire_boot", "copied")]
    for name, made in zip(("quire", "quire_boot"), objects):
        run([CC, "-std=c11", *flags, "-c", MADE / f"{name}.c", "-o", made])
    run([*compiler, *flags, "-c", HERE / "copied.c", "-o", objects[-1]])
    run([CC, *objects, "-o", folder / "copied"])
    return shared.works(folder / "copied", page)


with tempfile.TemporaryDirectory() as name:
    OUT = pathlib.Path(name)
    MADE = OUT / "made"
    texts = make(ROOT, MADE)
    check("the same tree gives the same bytes", same_bytes, OUT)
    check("each file of the tree is there once, headed by its name", all_once, texts)
    check("each header of the compiler is included once, and no header of the tree", includes_once, texts)
    tap.expect("each says its version and its license", all(f"Quire {shared.VERSION}:" in text and "Permission is hereby granted" in text
                                                            for text in texts.values()))
    for compiler, standard in itertools.product((CC, CLANG), ("-std=c11", "-std=gnu17", "-std=c2x")):
        check(f"no warning: {compiler} {standard}", compiles, compiler, standard, [])
    for options in (["-DQUIRE_CHECK=0"], ["-DQUIRE_CHECK=2"], ["-DQUIRE_PAGE_SHIFT=16"], [f'-DQUIRE_PORT_CPU_H="{LOCAL}"']):
        for compiler in (CC, CLANG):
            check(f"no warning: {compiler} {options[0]}", compiles, compiler, "-std=c11", options)

    for number, (what, compiler, options, page) in enumerate((
            ("in C", [CC, "-std=c2x"], [], 4096),
            ("in C++", ["g++", "-xc++"], [], 4096),
            ("in C++ by clang", [CLANG + "++", "-std=c++17", "-xc++"], [], 4096),
            ("with pages of 64 KiB", [CC, "-std=c2x"], ["-DQUIRE_PAGE_SHIFT=16"], 65536),
            ("with all checks", [CC, "-std=c2x"], ["-DQUIRE_CHECK=2"], 4096),
            ("with an inline CPU number", [CC, "-std=c2x"], ['-DQUIRE_PORT_CPU_H="cpu_number.h"'], 4096),
            ("with local visits", [CC, "-std=c2x"], [f'-DQUIRE_PORT_CPU_H="{LOCAL}"'], 4096))):
        (OUT / str(number)).mkdir()
        check(f"a program {what} works with it", program, OUT / str(number), compiler, options, page)

    check("without a folder it says what to do", shared.refuses, ["tools/amalgamate.py"], "tools/amalgamate.py FOLDER")
    check("where it can not write it says so", shared.refuses, ["tools/amalgamate.py", "/dev/null/x"], "name a folder")
tap.end()
