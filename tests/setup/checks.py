#!/usr/bin/env python3
"""Each check fails when what it looks for is there: a copy of the tree, one thing spoiled in it, one check."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap
import tree

# check: [(file that is spoiled, what is added to it or (what is there, what replaces it), what the check must say)]
SPOILED = {
    "check-layers": [
        ("include/quire/fault.h", "#include <stdio.h>", "include/quire/fault.h"),
        ("src/spoiled.c", "#include <string.h>", "src/spoiled.c:1: includes string.h"),
        ("src/spoiled.c", "#include <fdt.h>", "src/spoiled.c:1: includes boot/fdt.h"),
        ("boot/spoiled.c", "#include <quire/quire.h>", "boot/spoiled.c:1: includes include/quire/quire.h"),
        ("kernel/spoiled.c", '#include "../src/record.h"', "kernel/spoiled.c:1: includes"),
        ("compat/xv6/spoiled.c", '#include "record.h"', "compat/xv6/spoiled.c:1: includes src/record.h"),
        ("user/spoiled.c", "#include <quire/quire.h>", "user/spoiled.c:1: includes include/quire/quire.h"),
        ("src/count.h", '#include "loan.h"', "these need each other: count -> loan -> zone -> count"),
        ("src/borrow.c", "void q_g(void);\nvoid q_g(void) { q_drain_all(0); }", "need each other: borrow -> take -> cache -> find -> borrow"),
        ("src/spoiled.c", "/* spoiled.c: new. */", "the list of layers is not that of the code"),
    ],
    "check-symbols i486": [
        ("src/spoiled.c", "unsigned long long q_d(unsigned long long n, unsigned long long d);\n"
                          "unsigned long long q_d(unsigned long long n, unsigned long long d) { return n / d; }",
         "needs __udivdi3, in q_d"),
        ("boot/regions.c", "unsigned quire_port_cpu(void);\nunsigned q_c(void);\n"
                           "unsigned q_c(void) { return quire_port_cpu(); }", "needs quire_port_cpu"),
        ("src/spoiled.c", "extern int spoiled;\nint spoiled;", "defines spoiled"),
        ("src/spoiled.c", "int twice(void) { return 2; }", "no previous prototype"),
    ],
    "check-headers": [
        ("include/quire/spoiled.h", "uint64_t q_f(void);", "include/quire/spoiled.h"),
        ("include/quire/spoiled.h", "struct spoiled { int i; };", "redefinition"),
        ("include/quire/spoiled.h", "#ifndef S\n#define S\nstruct spoiled { int class; };\n#endif", "C++"),
        ("boot/regions.h", ('extern "C"', 'extern "C++"'), "quire_regions_add: C++ does not ask for it by this name"),
    ],
    "check-numbers quick": [
        ("docs/spoiled.md", "It has 7 bytes for each CPU.", "and it says 7"),
        ("include/quire/quire.h", ("handed out first: at most ", "handed out first: at most 9"), "and it says 9"),
        ("docs/design.md", ("is a stack of", "is a heap of"), "no document says this any more"),
    ],
    "check-orders": [
        ("src/guard.h", ("word, memory_order_release", "word, memory_order_relaxed"),
         "-(headers)   q_guard_leave         fence"),
        ("src/guard.h", ("word, memory_order_release", "word, memory_order_relaxed"),
         "-(headers)   q_guard_leave         stlr                  1    1"),
        ("src/spoiled.c", "#include <stdatomic.h>\nint q_f(atomic_int *i);\nint q_f(atomic_int *i) { return (*i)++; }",
         "+spoiled.c   q_f                   amoadd.w.aqrl         1    0"),
    ],
    "check-analysis": [
        ("boot/spoiled.c", "int f(int i);\nint f(int i) {\n    int a[4] = {0};\n    return i == 4 ? a[i] : 0;\n}",
         "boot/spoiled.c:4: arrayIndexOutOfBoundsCond"),
        ("src/spoiled.c", "int f(int i);\nstatic int *none(int i) { return i < 9 ? 0 : &i + i; }\n"
                          "int f(int i) { return *none(i); }", "src/spoiled.c:3: null-dereference"),
        ("kernel/spoiled.c", "int f(void) { return 1 }", "kernel/spoiled.c:1: error"),
        ("tools/explained-reports", "gcc boot/regions.c leak because", "boot/regions.c leak is not reported any more"),
    ],
    "check-format": [("src/spoiled.c", "int  f( void );", "src/spoiled.c:1")],
    "check-docs": [
        ("docs/spoiled.md", "| a | b |\n|---|---|\n| `x|y` |", "docs/spoiled.md:3: 1 cells, and the table's head has 2"),
        ("docs/spoiled.md", "See [this](no-such-file.md).", "no-such-file.md does not exist"),
        ("docs/spoiled.md", "See [this](../README.md#no-such-heading).", "no such heading"),
        ("docs/spoiled.md", "It is in `src/no-such-file.c`.", "src/no-such-file.c does not exist"),
        ("docs/spoiled.md", "```sh\nmake no-such-target\n```", "make knows no no-such-target"),
        ("docs/spoiled.md", "Say `make run NO_SUCH_VARIABLE=4`.", "make knows no NO_SUCH_VARIABLE=4"),
        ("docs/spoiled.md", "```c\nint f(void) { return x; }\n```", "does not compile"),
        ("docs/spoiled.md", "<!-- compiled by tests/none.py -->\n```c\n...\n```", "docs/spoiled.md:1: tests/none.py does not"),
        ("tests/spoiled.sh", "cd /ho" "me/somebody", "tests/spoiled.sh:1"),
        ("include/quire/quire.h", ("size_t quire_alloc_bulk(", "size_t quire_alloc_many("), "says nothing of quire_alloc_many"),
        ("include/quire/quire.h", ("VERSION_PATCH 0", "VERSION_PATCH 7"), "CHANGELOG.md: does not speak of 0.1.7"),
    ],
    "check-tidy": [("boot/spoiled.c", "int f(int i);\nint f(int i) {\n    if (i = 1) {\n        return 1;\n    }\n"
                                      "    int *p = 0;\n    return *p;\n}", "boot/spoiled.c")],
}
# And what it must have nothing against.
SOUND = {
    "check-docs": ("docs/sound.md", "A [link](../README.md), `src/src.mk`, `make help`.\n\n| a | b |\n|---|---|\n| `x|y` | z\\|z |\n\n"
                                    "```c\nint f(void);\n```\n"
                                    "```c\nint g(void) { return f(); }\n```\n<!-- not compiled -->\n```c\n...\n```\n"
                                    "<!-- compiled by tests/xv6/guide.py -->\n```c\n...\n```"),
    "check-layers": ("boot/sound.c", '#include <quire/region.h>\n#include <stdatomic.h>'),
}


# Sources that a check is slow with and that have no part in what is planted.
WITHOUT = {"check-tidy": ("src", "boot"), "check-symbols i486": ("src",), "check-analysis": ("src", "boot")}


def copy_tree(folder, without=()):
    for path in tree.files():
        if path.suffix == ".c" and path.parts[0] in without:
            continue
        copy = pathlib.Path(folder, path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)


def run(folder, check):
    done = subprocess.run(["tools/" + check.split()[0], *check.split()[1:]], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, env=dict(os.environ, BUILD="build"), timeout=300)
    return done.returncode, done.stdout


def expect_found(folder, check, name, change, said):
    path = pathlib.Path(folder, name)
    path.parent.mkdir(exist_ok=True)
    before = path.read_text() if path.exists() else None
    path.write_text((before or "") + change + "\n" if isinstance(change, str) else before.replace(*change))
    status, output = run(folder, check)
    if "# SKIP" in output and said not in output:
        tap.skip(f"{check} finds {said!r}", "the check itself was skipped")
    else:
        tap.expect(f"{check} finds {said!r}", status == 1 and said in output, f"status {status}\n{output}")
    if before is None:
        path.unlink()
    else:
        path.write_text(before)


def failures(folder, check):
    return {line for line in run(folder, check)[1].splitlines() if line.startswith("#")}


for check, cases in SPOILED.items():
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(folder, WITHOUT.get(check, ()))
        for case in cases:
            expect_found(folder, check, *case)
for check, (name, text) in SOUND.items():
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(folder)
        before = failures(folder, check)
        pathlib.Path(folder, name).write_text(text + "\n")
        tap.result(f"{check} has nothing against {name}", sorted(failures(folder, check) - before))
tap.end()
