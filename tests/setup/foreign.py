#!/usr/bin/env python3
"""tools/foreign.py and, through it, tests/run: programs of 32 bits on machines that are made up, one that runs them and some
that do not. A command stands for the machine: it runs a program, or refuses to."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import foreign
import tap

PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
int main(int n, char **words) {
    const char *simulator = getenv("TEST_SIMULATOR");
    printf("1..1\\nok 1 - one\\n# note: by %s\\n", simulator != NULL ? simulator : "this machine");
    return n > 1 ? atoi(words[1]) : 0;
}
"""
COMMANDS = {
    "runs": 'exec "$@"',
    "refuses": 'echo asked >>"${0%/*}/asked"; echo "$1: cannot execute binary file: Exec format error" >&2; exit 126',
    "broken/qemu-i386": "echo 'qemu-i386: Invalid ELF image' >&2; exit 255",
}
DOES_NOT = "this machine does not run i386 programs"


def make(folder):
    """The programs, and the commands; false where there are no programs of 32 bits."""
    source = folder / "program.c"
    source.write_text(PROGRAM)
    for name, text in COMMANDS.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/bash\n{text}\n")
        path.chmod(0o755)
    bare = folder / "bare"
    bare.mkdir()
    (bare / "python3").symlink_to(os.path.realpath(sys.executable))
    (bare / "env").symlink_to(shutil.which("env"))
    compiler = os.environ.get("CC", "gcc")
    subprocess.run([compiler, source, "-o", folder / "own"], check=True)
    return all(subprocess.run([compiler, "-m32", source, "-o", folder / name], stderr=subprocess.DEVNULL).returncode == 0
               for name in ("first", "second"))


def run(command, machine="", path=None):
    """(exit status, lines)"""
    environment = dict(os.environ, FOREIGN_RUNNER=machine and str(folder / machine), PATH=path or os.environ["PATH"])
    environment.pop("TEST_SIMULATOR", None)
    done = subprocess.run([sys.executable, *map(str, command)], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, done.stdout.splitlines()


def shows(name, got, status, last, *lines):
    said = "\n".join(got[1])
    tap.expect(name, got[0] == status and got[1][-1:] == [last] and all(line in said for line in lines), got)


def runs_here(program):
    """Whether this machine executes it; one that can not refuses already to load it."""
    try:
        return subprocess.run([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def test_runner():
    first, second = folder / "first", folder / "second"
    if runs_here(first):
        shows("a machine that runs them", run(["tests/run", first], "runs"), 0, "1 passed, 0 failed", "note: by this machine")
    else:
        tap.skip("a machine that runs them", "this one does not")
    if shutil.which("qemu-i386"):
        shows("one that refuses: QEMU simulates them", run(["tests/run", first, second], "refuses"), 0, "2 passed, 0 failed",
              "note: by qemu-i386")
        tap.expect("it was asked once", (folder / "asked").read_text() == "asked\n", (folder / "asked").read_text())
        shows("arguments and exit status are passed on", run(["tools/foreign.py", first, "42"], "refuses"), 42,
              "# note: by qemu-i386")
    else:
        tap.skip("one that refuses: QEMU simulates them", "qemu-i386 is not here")
    without = f"{DOES_NOT}, and qemu-i386 (Debian: qemu-user) is not here"
    shows("neither: they are skipped, and this is said", run(["tests/run", first, second], "refuses", str(folder / "bare")), 0,
          "0 passed, 0 failed, 2 skipped", f"skip {first}: {without}", f"skip {second}: {without}")
    shows("by itself that is status 77", run(["tools/foreign.py", first], "refuses", str(folder / "bare")), foreign.SKIPPED,
          f"1..0 # SKIP {without}")
    shows("QEMU does not run them, either", run(["tests/run", first], "refuses", f"{folder}/broken:{folder}/bare"), 0,
          "0 passed, 0 failed, 1 skipped", f"skip {first}: {DOES_NOT}, nor does qemu-i386")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    if make(folder):
        test_runner()
    else:
        tap.skip("programs of 32 bits", foreign.NOT_BUILT)
    for words in [], ["no/such/program"]:
        got = run(["tools/foreign.py", *words])
        tap.expect(f"tools/foreign.py {' '.join(words)}: refused with one line", got[0] == 2 and len(got[1]) == 1, got)
    shows("programs for this machine are none of its business", run(["tests/run", folder / "own"], "refuses"), 0,
          "1 passed, 0 failed", "note: by this machine")
tap.end()
