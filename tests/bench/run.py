#!/usr/bin/env python3
"""The benchmark as its users meet it: the contestant that docs/benchmarks.md shows takes part from outside the tree, the
files have a line for each contestant, and misuse gets one line and status 2."""
import csv
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap

BUILD = os.environ.get("BUILD", "build") + "/tests/bench/outside"
PROGRAM = BUILD + "/bench/quire-bench"
PAIRS = BUILD + "/bench/quire-pairs"

folder = tempfile.TemporaryDirectory()
out = pathlib.Path(folder.name)


def run(*words):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


def make_bench(*words):
    return run("make", "bench", "SETUP=", "QUICK=1", f"BUILD={BUILD}", f"OUT={out}", *words)


def example():
    """The contestant of the document, in a file named as it says there."""
    text = pathlib.Path("docs/benchmarks.md").read_text()
    code = re.search(r"```c\n(.*?const struct peer peer_(\w+) = .*?)```", text, re.DOTALL)
    path = out / (code.group(2) + ".c")
    path.write_text(code.group(1))
    return path


def rows(name):
    with open(out / name) as file:
        return list(csv.DictReader(file))


def refuses(what, *words):
    status, _, complaint = run(*words)
    tap.expect(what, status == 2 and complaint.count("\n") == 1, f"status {status}: {complaint}")


path = example()
status, printed, complaint = make_bench(f"PEERS={path}", "WORK=same frame")
tap.expect("a contestant from outside is built and takes part",
           status == 0 and re.search(rf"^{path.stem} .*\d", printed, re.MULTILINE), complaint)
if status:
    tap.end()

workloads = [re.split(" {2,}", line, maxsplit=1) for line in printed.split("\n\n")[2].splitlines()]
table = {line for line in pathlib.Path("docs/benchmarks.md").read_text().splitlines() if line.startswith("| ")}


def explained(name, what):
    """Whether a row of the document is about the workload, and has the numbers that the program prints of it."""
    return any(name in row.split(" | ")[0][2:].split(", ") and set(re.findall(r"\d+", what)) <= set(re.findall(r"\d+", row))
               for row in table)


unexplained = [name for name, what in workloads if not explained(name, what)]
tap.expect("the document explains each workload, with the same numbers", len(workloads) > 10 and not unexplained, unexplained)

contestants = run(PAIRS, "--list")[1].split()
medians = rows("medians.csv")
threads = sorted({int(row["threads"]) for row in medians})
tap.expect("it is on the list, and so is Quire", {path.stem, "quire", "quire-inline"} <= set(contestants), contestants)
tap.expect("threads are 1 to the number of CPUs",
           threads[0] == 1 and threads[-1] == min(64, len(os.sched_getaffinity(0))), threads)
tap.expect("a line for each contestant and number of threads",
           [(int(row["threads"]), row["contestant"]) for row in medians] ==
           [(n, name) for n in threads for name in contestants], medians)
tap.expect("each has a time", all(float(row["ns"]) > 0 for row in medians), medians)
tap.expect("net is without the harness",
           all(float(row["net_ns"]) == 0 for row in medians if row["contestant"] == "empty"), medians)
samples = rows("times.csv")
tap.expect("three samples of those that come each time",
           all(sum(row["contestant"] == name and row["threads"] == "1" for row in samples) == 3
               for name in ("empty", "quire", path.stem)), samples)

broken = out / "broken.c"
broken.write_text(path.read_text().replace("peer_" + path.stem, "peer_broken").replace("*--s->top", "*(s->top - 1)"))
status, printed, complaint = make_bench(f"PEERS={broken}", "WORK=same frame")
tap.expect("a broken contestant is named, and nothing is timed",
           status != 0 and "is broken: handed out" in complaint and "less the harness" not in printed, complaint)

refuses("no --out", PROGRAM)
refuses("an option that there is not", PROGRAM, "--out", out, "--slow", "1")
refuses("an option without its value", PROGRAM, "--out")
refuses("a folder that is not there", PROGRAM, "--out", out / "nowhere", "--quick")
refuses("a workload that there is not", PROGRAM, "--out", out, "--work", "nothing")
refuses("--boot with one number", PROGRAM, "--out", out, "--boot", "12")
refuses("instructions from no such file", PROGRAM, "--out", out, "--instructions", out / "nowhere")
refuses("instructions from a file that has none", PROGRAM, "--out", out, "--instructions", path)
refuses("a contestant to count that there is not", PAIRS, "nobody")
refuses("a picture of a run that was not", "bench/picture.sh", out / "nowhere")
refuses("run.sh without its arguments", "bench/run.sh")
tap.end()
