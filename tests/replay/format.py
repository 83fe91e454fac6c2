#!/usr/bin/env python3
"""Each rule of the format, broken by one file each; and files that obey them all, plain and compressed."""
import copy
import lzma
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap
import traces

REPLAY = os.environ.get("BUILD", "build") + "/tests/replay/quire-replay"
FIXTURE = "tests/replay/shell.kqt.xz"

F, A, P, S, F2 = range(5)
# Ids: P 0, A 1, A 2 (order 2), S 2 -> 3..6; all but 5 and 6 freed.
GOOD = traces.Trace(
    ["B 0 t 0 0 - 0x0 -", "A 1 h 0 0 - 0xcc0 kernel", "P 1 t 0 0 - 0x0 -", "S 0 s 2 0 - 0x0 -",
     "A 0 t 2 0 R 0x52dc0 user+zca"],
    [(P, 0), (A, 7), (F2, 1000), (S, 0, 2), (F, 3, 4), (F, 0, 1), (F, 1, 0), (A, 300), (F, 1, 3)])
folder = tempfile.TemporaryDirectory()


def check(data, name="x.kqt"):
    path = pathlib.Path(folder.name) / name
    path.write_bytes(data)
    done = subprocess.run([REPLAY, "--check", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


def expect_good(name, data, what):
    status, printed, complaint = check(data)
    tap.expect(name, (status, complaint) == (0, "") and what in printed, (status, printed, complaint))


def expect_bad(name, data, *what):
    status, printed, complaint = check(data)
    good = status == 2 and printed == "" and complaint.count("\n") == 1 and complaint.startswith("quire-replay: ")
    tap.expect(name, good and all(word in complaint for word in what), (status, printed, complaint))


def spoiled(**changes):
    """The good one with attributes of it changed; `facts` are put over its own."""
    trace = copy.deepcopy(GOOD)
    for name, value in changes.items():
        if name == "facts":
            trace.facts.update(value)
        else:
            setattr(trace, name, value)
    return trace.bytes()


def kind(number, line):
    return spoiled(kinds=GOOD.kinds[:number] + [line] + GOOD.kinds[number + 1:])


def record(number, *values, **changes):
    return spoiled(records=GOOD.records[:number] + [values] + GOOD.records[number + 1:], **changes)


SAYS = "1 objects from before, 3 allocations (1 of more than one frame), 4 frees, 6 frames live at most, 3 at the end"
expect_good("a good one", GOOD.bytes(), SAYS)
expect_good("compressed by xz", lzma.compress(GOOD.bytes()), SAYS)
expect_good("in two xz streams", lzma.compress(GOOD.bytes()[:99]) + lzma.compress(GOOD.bytes()[99:]), SAYS)
bare = copy.deepcopy(GOOD)
for fact in ("preexisting", "allocs", "frees", "splits", "duration_ns", "truncated", "name", "workload"):
    del bare.facts[fact]
expect_good("without what is only for checking, or for people", bare.bytes(), SAYS)
expect_good("with no record", traces.Trace([], []).bytes(), "0 allocations")
with open(FIXTURE, "rb") as file:
    recorded = file.read()
expect_good("one that quire-record made", recorded, "shell")

if shutil.which("zstd"):
    zstd = subprocess.run(["zstd", "-q", "-c"], input=GOOD.bytes(), stdout=subprocess.PIPE, check=True).stdout
    expect_good("compressed by zstd", zstd, SAYS)
    expect_bad("zstd, cut off", zstd[:-6], "cut off")
    expect_bad("zstd, damaged", zstd[:20] + bytes(8) + zstd[28:], "zstd file is damaged")
else:
    tap.skip("compressed by zstd", "the program zstd is not installed")

expect_bad("xz, cut off", recorded[:len(recorded) // 2], "cut off")
expect_bad("xz, cut off in its last bytes", recorded[:-4], "cut off")
expect_bad("xz, damaged", recorded[:200] + bytes(8) + recorded[208:], "damaged")
expect_bad("nothing", b"", "line 1")
expect_bad("something else", b"#!/bin/sh\necho\n", "line 1", "no trace in the format KQT 1")
expect_bad("another version", spoiled(magic="KQT 2"), "line 1", "KQT 1")
expect_bad("no END", spoiled(end="", records=[]), "before END")
expect_bad("a line without end", b"KQT 1\n" + b"x" * 10000, "line 2", "no text")
expect_bad("what is not ASCII", spoiled(facts={"name": "caf\u00e9"}), "no text")
expect_bad("a zero in the header", b"KQT 1\ncpus \0 2\n", "line 2", "no text")

for fact in ("cpus", "page_size", "tick_ns", "events", "objects"):
    lacking = copy.deepcopy(GOOD)
    del lacking.facts[fact]
    expect_bad(f"no {fact}", lacking.bytes(), "is missing")
for fact, value, what in (("page_size", 16384, "page_size is not 4096"), ("cpus", 0, "within 1..1024"),
                          ("cpus", 5000, "within 1..1024"), ("tick_ns", 0, "tick_ns is 0"),
                          ("truncated", 2, "neither 0 nor 1"), ("events", "many", "a number is expected"),
                          ("events", -1, "a number is expected"), ("events", 1 << 64, "number"),
                          ("cpus", 1, "has CPU 1 of 1"), ("cpus", "2\ncpus 2", "said before"),
                          ("preexisting", 2, "preexisting: the header says 2, there are 1"),
                          ("allocs", 2, "allocs: the header says 2, there are 3"), ("frees", 3, "frees: "),
                          ("splits", 0, "splits: "), ("duration_ns", 1, "duration_ns: "),
                          ("objects", 9, "objects: the header says 9, there are 8"),
                          ("objects", 7, "record 8: there are more objects than 7"),
                          ("objects", 5, "record 4: there are more objects than 5"),
                          ("events", 8, "something follows the last record"),
                          ("events", 10, "record 10: the file ends")):
    expect_bad(f"{fact} {value}".replace("\n", " and "), spoiled(facts={fact: value}), what)
expect_bad("bytes behind the last record", spoiled(more=b"\0"), "something follows the last record, 9")

for name, line, what in (("an op that is none", "X 0 t 0 0 - 0x0 -", "a kind is"),
                         ("a context that is none", "F 0 x 0 0 - 0x0 -", "a kind is"),
                         ("a migratetype of a free", "F 0 t 0 0 M 0x0 -", "a kind is"),
                         ("gfp flags that are no number", "F 0 t 0 0 - zz -", "hexadecimal"),
                         ("gfp flags without 0x", "F 0 t 0 0 - 100 -", "hexadecimal"),
                         ("no class", "F 0 t 0 0 - 0x0 ", "class is missing"),
                         ("a field too many", "F 0 t 0 0 - 0x0 - 1", "behind the count"),
                         ("a CPU that is no number", "F c t 0 0 - 0x0 -", "a number is expected"),
                         ("an order too large to be one", "F 0 t 99 0 - 0x0 -", "too large"),
                         ("arg where nothing is split", "F 0 t 1 1 - 0x0 -", "order of the pieces")):
    expect_bad(f"a kind with {name}", kind(0, line), "header", what)
expect_bad("pieces as large as what is split", kind(3, "S 0 s 2 2 - 0x0 -"), "order of the pieces")
expect_bad("kinds out of order", spoiled(numbers=[0, 2, 1, 3, 4]), "numbered")
expect_bad("a rare kind first", spoiled(kinds=[GOOD.kinds[1], GOOD.kinds[0], *GOOD.kinds[2:]],
                                        counts=[2, 4, 1, 1, 1]), "most frequent")
expect_bad("more of a kind than said", spoiled(counts=[3, 2, 1, 1, 1]), "record 9: there are more records of kind 0")
expect_bad("fewer of a kind than said", spoiled(counts=[5, 2, 1, 1, 1]), "1 of kind 0 are missing")

expect_bad("a kind that does not exist", record(4, 77, 0), "record 5: there is no kind 77")
expect_bad("an object that existed before, late",
           spoiled(records=[GOOD.records[1], GOOD.records[0], *GOOD.records[2:]]),
           "record 2: an object that existed before comes late")
expect_bad("an object that existed before, with a time", record(0, P, 1), "record 1: an object that existed before")
expect_bad("a free of what does not exist yet", record(4, F, 3, 7), "record 5: object 7 does not exist yet")
expect_bad("a free of what never existed", record(4, F, 3, -1), "record 5: object -1 does not exist yet")
expect_bad("a second free", record(5, F, 0, 4), "record 6: object 4 is gone already")
expect_bad("a free of what was split", record(4, F, 3, 2), "record 5: object 2 is gone already")
expect_bad("a second split", record(4, S, 0, 2), "record 5: ")
expect_bad("another order than it has", record(3, F, 0, 2), "record 4: object 2 has order 2, not 0")
expect_bad("cut off in the middle of a record", GOOD.bytes()[:-1], "record 9: the file ends in the middle of 9 records")
expect_bad("a number of more than 64 bits", GOOD.header() + bytes([P]) + b"\xff" * 10 + b"\1",
           "record 1: a number has more than 64 bits")
expect_bad("a time of more than 64 bits", record(2, F2, (1 << 64) - 1, facts={"tick_ns": 1000}),
           "record 3: the time has more than 64 bits")

# Damage anywhere is refused in one line, or makes another trace that obeys the rules; nothing worse.
worse = []
for at in range(len(GOOD.bytes())):
    for bit in 0x01, 0x80:
        data = bytearray(GOOD.bytes())
        data[at] ^= bit
        status, printed, complaint = check(bytes(data))
        if (status, complaint.count("\n")) not in ((0, 0), (2, 1)):
            worse.append(f"byte {at} ^ {bit:#x}: status {status}: {complaint}")
tap.result("each byte, damaged", worse)
tap.end()
