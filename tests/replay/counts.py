#!/usr/bin/env python3
"""quire-replay on traces of a few records, with figures worked out by hand; and contestants that cheat."""
import csv
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap
import traces

BUILD = os.environ.get("BUILD", "build")
REPLAY = f"{BUILD}/tests/replay/quire-replay"
REAL = f"{BUILD}/quire-replay"
FIXTURE = "tests/replay/shell.kqt.xz"

folder = tempfile.TemporaryDirectory()


def run(*words, program=REPLAY):
    done = subprocess.run([program, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


def write(name, trace):
    path = pathlib.Path(folder.name) / name
    path.write_bytes(trace.bytes())
    return path


def figures(path, *words, program=REPLAY):
    """(contestant, operations) -> row of the CSV, and what was printed."""
    table = pathlib.Path(folder.name) / "figures.csv"
    status, printed, complaint = run("--repeat", 1, "--csv", table, *words, path, program=program)
    if status:
        return {}, complaint
    with open(table) as file:
        return {(row["peer"], row["operations"]): row for row in csv.DictReader(file)}, printed


def peers(*names):
    return [word for name in names for word in ("--peer", name)]


# Runs of 256 frames: half a block each. 64 MiB of memory are 32 blocks, and a moment is looked at every ns.
# Only b is freed by CPU 0.
#
#   from ns   held runs, at the lowest place   possible   whole
#         0   a 0-255, b 256-511, c 512-767          30      30
#       250   a, c                                   31      30
#       500   c                                      31      31
#       750   c, d 0-255                             31      30
#      1000   nothing                                32      32
A, F1, F0 = range(3)
HALVES = traces.Trace(
    ["A 0 t 8 0 M 0x140dca user+zc", "F 1 s 8 0 - 0x0 -", "F 0 t 8 0 - 0x0 -"],
    [(A, 0), (A, 0), (A, 0), (F0, 250, 1), (F1, 250, 0), (A, 250), (F1, 250, 2), (F1, 0, 3)])
halves = write("halves.kqt", HALVES)
MEAN = (500 * 30 / 31 + 500) / 1000


def expect_row(name, row, **values):
    """Equal, as far as the CSV's digits go."""
    wrong = [f"{field}: {row.get(field)}, not {value}" for field, value in values.items()
             if row.get(field) is None or abs(float(row[field]) - value) > 1e-6]
    tap.result(name, wrong)


rows, printed = figures(halves, *peers("lowest", "singles", "own", "scarce", "hoard"))
expect_row("whole blocks over time, by hand", rows.get(("lowest", "all"), {}), failed=0, stranded=0, whole_mean=MEAN,
           whole_least=30 / 31, frame_by_frame=0, memory_bytes=64 << 20, cpus=2)
expect_row("frame by frame, for who has no larger ones", rows.get(("singles", "all"), {}), failed=0, whole_mean=MEAN,
           frame_by_frame=1)
expect_row("a block with data of the allocator's is not counted", rows.get(("own", "all"), {}), failed=0,
           whole_mean=(750 + 250 * 30 / 31) / 1000, whole_least=30 / 31)
expect_row("allocations that fail are counted, and their frees left out", rows.get(("scarce", "all"), {}), failed=2)
expect_row("frames that CPU 0 can not have in the end", rows.get(("hoard", "all"), {}), failed=0, stranded=3 * 256)
tap.expect("the counts of the trace are told", "4 allocations (4 of more than one frame), 4 frees" in printed, printed)

rows, printed = figures(halves, "--frames", *peers("lowest"))
expect_row("frame by frame, for everybody", rows.get(("lowest", "all"), {}), failed=0, whole_mean=MEAN,
           frame_by_frame=1)
rows, printed = figures(halves, "--cpus", 1, *peers("hoard"))
expect_row("CPUs folded onto one", rows.get(("hoard", "all"), {}), stranded=0, cpus=1)
rows, printed = figures(halves, "--memory", "5M", *peers("lowest"))
expect_row("memory is rounded up to 4 MiB", rows.get(("lowest", "all"), {}), memory_bytes=8 << 20, failed=0)
rows, printed = figures(halves, "--spare", 200, *peers("lowest"))
expect_row("memory by how much is to spare: 9 MiB, rounded up", rows.get(("lowest", "all"), {}),
           memory_bytes=12 << 20, failed=0)
rows, printed = figures(halves, "--threads", *peers("lowest", "singles"), "--cpus", 1)
expect_row("a free running thread", rows.get(("lowest", "all"), {}), failed=0, whole_mean=MEAN)

# A run that existed before is split, and its frames are freed one by one, by another CPU.
F, P, S = range(3)
split = write("split.kqt", traces.Trace(
    ["F 1 t 0 0 - 0x0 -", "P 0 t 2 0 - 0x0 -", "S 0 t 2 0 - 0x0 -"],
    [(P, 0), (S, 5, 0), (F, 5, 4), (F, 0, 1), (F, 0, 3), (F, 0, 2)]))
rows, printed = figures(split, *peers("lowest"))
expect_row("what is split later is taken frame by frame", rows.get(("lowest", "all"), {}), failed=0, stranded=0,
           whole_mean=1)
tap.expect("which is told", "1 objects are taken frame by frame by everybody" in printed, printed)
huge = write("huge.kqt", traces.Trace(["A 0 t 11 0 U 0x0 kernel"], [(0, 0)]))
rows, printed = figures(huge, *peers("lowest"))
tap.expect("so is what is larger than the largest run",
           "1 objects are taken frame by frame by everybody" in printed, printed)

for path in split, FIXTURE:
    for threads in [], ["--threads", "--cpus", 1]:
        rows, printed = figures(path, *peers("heap"), *threads)
        expect_row(f"a heap gets back what {pathlib.Path(path).name} holds at its end {' '.join(map(str, threads))}",
                   rows.get(("heap", "all"), {}), failed=0)

vast = write("vast.kqt", traces.Trace(["A 0 t 28 0 U 0x0 kernel"], [(0, 0)]))
status, printed, complaint = run(*peers("lowest"), vast)
tap.expect("one that needs more memory than there is", status == 2 and "too much" in complaint and
           complaint.count("\n") == 1, complaint)

for threads in [], ["--threads"]:
    rows, printed = figures(FIXTURE, *threads, "--repeat", 2, *peers("floor", "quire", "single", "buddy"), program=REAL)
    quire = rows.get(("quire", "all"), {})
    expect_row(f"a recorded trace with Quire {' '.join(threads)}", quire, failed=0, stranded=0)
    tap.expect("the others are told of, too", ("floor", "alloc") in rows and ("single", "free") in rows, printed)

for peer, what in (("twice", "operation 1 of tiny: handed out a frame that is held"),
                   ("crooked", "operation 1 of tiny: handed out what is not aligned"),
                   ("beyond", "operation 1 of tiny: handed out what is not aligned, or no memory"),
                   ("overlap", "operation 2 of tiny: handed out a frame that is held")):
    status, printed, complaint = run(*peers(peer), halves)
    tap.expect(f"a contestant that is broken: {peer}",
               status == 1 and complaint.count("\n") == 1 and what in complaint and peer in complaint,
               (status, printed, complaint))

pictures = pathlib.Path(folder.name) / "pictures"
pictures.mkdir()
status, printed, complaint = run("--repeat", 1, *peers("lowest", "own"), "--plot", pictures, halves)
made = {path.name for path in pictures.iterdir() if path.stat().st_size > 1000}
if "gnuplot" in complaint:
    tap.skip("pictures", "gnuplot is not installed")
else:
    wanted = {f"tiny-{what}.{kind}" for what in ("blocks", "tail") for kind in ("svg", "png")}
    tap.expect("pictures", status == 0 and wanted <= made, (status, made, complaint))

for words, what in ((["--peer", "nobody", halves], "--help lists them"), (["--repeat", 0, halves], "from 1 to 99"),
                    (["--repeat", "many", halves], "from 1 to 99"), (["--cpus", 0, halves], "from 1 to 1024"),
                    (["--memory", "1K", halves], "--memory 1K"), (["--memory", "5X", halves], "--memory 5X"),
                    (["--spare", "-1", halves], "--spare -1"),
                    (["--memory", "99999999999G", halves], "--memory"), (["--quick", halves], "--quick"),
                    (["--csv"], "--csv"), ([], "no trace"), (["/nowhere/x.kqt"], "No such file"),
                    (["--csv", "/nowhere/x.csv", halves], "No such file"), (["."], "Is a directory")):
    status, printed, complaint = run(*words)
    tap.expect(f"bad words: {' '.join(map(str, words))}",
               status == 2 and complaint.count("\n") == 1 and what in complaint and printed == "",
               (status, printed, complaint))

status, printed, complaint = run("--help")
tap.expect("--help says how it is used, and lists the contestants",
           status == 0 and "usage: quire-replay" in printed and "the lowest run of frames" in printed, printed)
tap.end()
