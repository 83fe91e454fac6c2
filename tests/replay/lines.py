#!/usr/bin/env python3
"""quire-replay-lines: the contestant `single` takes one lock for each call and touches two cache lines, its own and
the frame's; its own moves whenever the CPU is another one."""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap
import traces

LINES = os.environ.get("BUILD", "build") + "/quire-replay-lines"


def run(*words):
    done = subprocess.run([LINES, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


def row(printed, contestant, call):
    """What is told of one call."""
    for line in printed.splitlines():
        words = line.split()
        if words[:-5] == [contestant, call]:
            return dict(zip(("calls", "accesses", "locked", "lines", "transfers"), map(float, words[-5:])))
    return {}


with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "turns.kqt"
    kinds = ["A 0 t 0 0 M 0x0 nowait", "A 1 t 0 0 M 0x0 nowait"]
    path.write_bytes(traces.Trace(kinds, [(0, 0), (1, 1), (0, 1), (1, 1)]).bytes())
    status, printed, complaint = run(path)
    got = row(printed, "single", "alloc")
    got.pop("accesses", None)
    tap.expect("two CPUs in turn: all but the first call get the list from the other one",
               status == 0 and got == {"calls": 4, "locked": 1, "lines": 2, "transfers": 0.75},
               (printed, complaint))

first, second = run("tests/replay/shell.kqt.xz"), run("tests/replay/shell.kqt.xz")
tap.expect("the same figures in each run", first == second and first[0] == 0 and "quire     free" in first[1], first)
for words in (), ("--fast",), ("/nowhere/x.kqt",):
    status, printed, complaint = run(*words)
    tap.expect(f"bad words: {' '.join(words)}", (status, printed, complaint.count("\n")) == (2, "", 1),
               (printed, complaint))
tap.end()
