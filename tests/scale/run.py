#!/usr/bin/env python3
"""What quire-scale counts of allocators of which it is known, and how it takes bad arguments.

    run.py QUIRE_SCALE THE_SAME_WITH_OTHER_CONTESTANTS
"""

import csv
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path[:0] = ["tools"]
import tap

TOOL, OTHERS = sys.argv[1:]
PICTURE = "bench/scale/picture.py"


def run(*words):
    return subprocess.run(words, capture_output=True, text=True)


def figures(tool, folder, *options):
    """The rows of the CSV by (workload, contestant, CPUs), and what was printed."""
    ended = run(tool, "--out", folder, *options)
    if ended.returncode != 0:
        raise AssertionError(f"{options}: exit status {ended.returncode}: {ended.stderr}")
    with open(f"{folder}/scale.csv", encoding="ascii") as file:
        rows = {(r["workload"], r["contestant"], int(r["cpus"])): r for r in csv.DictReader(file)}
    return rows, ended.stdout


def false_sharing(folder):
    options = ("--work", "same frame", "--cpus", "1,8")
    beside = figures(OTHERS, folder, "--peer", "beside", *options)[0]
    apart = figures(OTHERS, folder, "--peer", "apart", *options)[0]
    moved = {(r["contestant"], r["cpus"]): float(r["transfers"]) for r in list(beside.values()) + list(apart.values())}
    tap.expect("CPUs that write to one line are seen", moved["beside", "8"] > 0.3, str(moved))
    tap.expect("CPUs that leave each other's lines alone move none", moved["apart", "8"] == 0, str(moved))
    tap.expect("one CPU alone moves none", moved["beside", "1"] == moved["apart", "1"] == 0, str(moved))
    lines = [float(r["lines"]) for r in apart.values()]
    tap.expect("an allocation touches two lines, a free one", lines == [1.5, 1.5], str(lines))


def nodes(folder):
    options = ("--peer", "beside", "--work", "same frame", "--cpus", "8", "--nodes")
    one = figures(OTHERS, folder, *options, "1")[0]["same frame", "beside", 8]
    each = figures(OTHERS, folder, *options, "8")[0]["same frame", "beside", 8]
    tap.expect("on one node nothing crosses, on a node for each CPU all does",
               float(one["crossings"]) == 0 and 0 < float(each["crossings"]) == float(each["transfers"]), f"{one}, {each}")


def waiting(folder):
    row = figures(OTHERS, folder, "--peer", "locked", "--work", "bursts", "--cpus", "64")[0]["bursts", "locked", 64]
    tap.expect("a lock is waited for, and the waiting ends", float(row["locked"]) > 2 and float(row["transfers"]) > 4,
               str(row))


def blame():
    ended = run(OTHERS, "--peer", "beside", "--work", "same frame", "--cpus", "8", "--blame")
    tap.expect("--blame names the function, the file and the line", "beside_free at contestants.c:" in ended.stdout,
               ended.stdout + ended.stderr)


def broken_contestant():
    ended = run(OTHERS, "--peer", "lossy", "--work", "bulk", "--cpus", "2")
    tap.expect("a contestant that loses frames is found out",
               ended.returncode == 1 and "contestant lossy has no frame left" in ended.stderr, ended.stderr)


def determinism(folder):
    options = ("--cpus", "4", "--work", "passed on")
    first, again = figures(TOOL, folder, *options), figures(TOOL, folder, *options)
    other = figures(TOOL, folder, *options, "--seed", "2")
    tap.expect("two runs are the same", first == again)
    tap.expect("another seed is another run", first[0] != other[0])


def real_contestants(folder):
    rows, printed = figures(TOOL, folder, "--cpus", "2", "--work", "same frame")
    moved = {key[1]: float(row["transfers"]) for key, row in rows.items()}
    tap.expect("lists side by side share lines, padded ones do not", moved["packed"] > 0.3 and moved["padded"] == 0, str(moved))
    tap.expect("Quire's bar is judged", "<= 0.02  ok, 2 CPUs" in printed, printed)


def picture(folder):
    figures(TOOL, folder, "--cpus", "1,2", "--peer", "quire")
    ended = run(PICTURE, f"{folder}/scale.csv", folder)
    if "no gnuplot" in ended.stderr:
        tap.skip("a picture is drawn", "no gnuplot")
        return
    with open(f"{folder}/scale.svg", encoding="utf-8") as file:
        drawn = file.read()
    wanted = ["same frame", "bulk", "passed far", "quire"]
    tap.result("a picture is drawn", [f"no '{w}' in it" for w in wanted if w not in drawn]
               + ([] if os.path.getsize(f"{folder}/scale.png") > 1000 else ["no PNG"]))


REFUSED = [(TOOL, *words) for words in (
    ["--cpus", "0"], ["--cpus", "1025"], ["--cpus", "2,"], ["--cpus", "2;4"], ["--cpus", ",".join(["1"] * 17)], ["--cpus"],
    ["--nodes", "9"], ["--nodes", "x"], ["--frames", "1023"], ["--frames", "1500"], ["--seed", "0"], ["--seed", "-1"], ["--seed", "1x"],
    ["--work", "nothing"], ["--peer", "nobody"], ["--what"], ["x"], ["--out", "/nowhere"],
    ["--work", "orders", "--peer", "single"], ["--work", "passed on", "--cpus", "1"])]
REFUSED += [(PICTURE,), (PICTURE, "/nowhere.csv", "/tmp"), (PICTURE, "/dev/null", "/tmp"), (PICTURE, "/dev/null", "/nowhere")]


def refused_arguments():
    problems = []
    for words in REFUSED:
        ended = run(*words)
        if ended.returncode != 2 or ended.stderr.count("\n") != 1 or ended.stdout != "":
            problems.append(f"{words}: exit status {ended.returncode}, said: {ended.stderr}")
    tap.result("bad arguments get one line and status 2", problems)


with tempfile.TemporaryDirectory() as temporary:
    false_sharing(temporary)
    nodes(temporary)
    waiting(temporary)
    blame()
    broken_contestant()
    determinism(temporary)
    real_contestants(temporary)
    picture(temporary)
    refused_arguments()
tap.end()
