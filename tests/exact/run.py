#!/usr/bin/env python3
"""quire-exact as its users meet it: all runs are found, the figures are the same in every run, what lies in caches shows, and
misuse gets one line and status 2."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, "tools")
import tap

PROGRAM = os.environ.get("BUILD", "build") + "/quire-exact"


def run(*words):
    done = subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


def cells(table):
    return [(int(found), int(possible)) for found, possible in re.findall(r"(\d+) of (\d+)", table)]


def refuses(what, *words):
    status, _, complaint = run(*words)
    tap.expect(what, status == 2 and complaint.count("\n") == 1, f"status {status}: {complaint}")


status, table, complaint = run("--quick")
tap.expect("all runs are found", status == 0 and len(cells(table)) == 15 and all(f == p for f, p in cells(table)),
           table + complaint)
tap.expect("there are some to be found", sum(possible for _, possible in cells(table)) > 5000, table)
tap.expect("the same in every run", run("--quick", "--seed", "1")[1] == table)
tap.expect("other frames are free with another seed", run("--quick", "--seed", "2")[1] != table)

status, table, complaint = run("--quick", "--cached")
tap.expect("it says when some are not found", status == 1 and complaint.count("\n") == 1 and
           any(found < possible for found, possible in cells(table)), f"status {status}\n{table}{complaint}")
tap.expect("with frames in caches most are found", all(found >= possible * 0.97 for found, possible in cells(table)), table)

kept = [line[4:] for line in pathlib.Path("docs/benchmarks.md").read_text().splitlines() if line.startswith("    ")]
table = run()[1]
tap.expect("docs/benchmarks.md has this table", table.splitlines() != [] and set(table.splitlines()) <= set(kept), table)

refuses("an argument that there is not", "--all")
refuses("a seed that is no number", "--seed", "2x")
refuses("a seed that is missing", "--seed")
tap.end()
