"""What the tests of this folder share: running commands in a scratch folder, and what their programs print."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, "tools")
import tap
import tree

ROOT = pathlib.Path(".").absolute()
HERE = ROOT / "tests/package"
CC = os.environ.get("CC", "gcc")
CLANG = os.environ.get("CLANG", "clang")
VERSION = ".".join(re.findall(r"#define QUIRE_VERSION_\w+ (\d+)", pathlib.Path("include/quire/quire.h").read_text()))
# Make variables of the make that runs this are none of those that run here.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "BUILD"))}


class Failure(Exception):
    """What a command said that failed."""


def done(command, folder=ROOT, **more):
    """(status, what it printed) of a command."""
    ran = subprocess.run(list(map(str, command)), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, env=dict(CLEAN, **more))
    return ran.returncode, ran.stdout


def run(command, folder=ROOT, **more):
    """What a command printed that has to succeed."""
    status, said = done(command, folder, **more)
    if status != 0:
        raise Failure(f"{' '.join(map(str, command))}: status {status}\n{said}")
    return said


def check(name, function, *arguments):
    """One test: what `function` returns, a list of problems or nothing; and no command in it fails."""
    try:
        problems = function(*arguments)
    except (Failure, OSError) as failure:
        problems = [failure]
    tap.result(name, problems or [])


def works(program, page=4096):
    """The problems of a program that prints what works.h does."""
    status, said = done([program])
    wanted = f"quire {VERSION}: works, pages of {page} bytes\n"
    return [] if (status, said) == (0, wanted) else [f"{program}: status {status}, {said!r} where {wanted!r} was wanted"]


def refuses(command, word, folder=ROOT):
    """Problems unless the command ends with status 2, and says what is wrong and has `word` in it, in one line beside make's."""
    status, said = done(command, folder)
    lines = [line for line in said.splitlines() if not re.match(r"make(\[\d\])?: (\*\*\* \[|Entering|Leaving)", line)]
    return [] if status == 2 and len(lines) == 1 and word in lines[0] else [f"status {status}: {said}"]


def copy_tree(folder):
    for path in tree.files():
        copy = pathlib.Path(folder, path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
