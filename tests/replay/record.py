#!/usr/bin/env python3
"""quire-record: the pages of a ring buffer against the kernel's own words for them; the converter on events written
down by hand; the whole of it on a tracefs that is made up (fake_tracefs.py)."""
import lzma
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path[:0] = ["tools", "tools/record"]
import convert
import kqt
import ring
import tap
import tracefs
import traces

HERE = pathlib.Path("tests/replay")
REPLAY = os.environ.get("BUILD", "build") + "/tests/replay/quire-replay"

# ---- a kernel that is made up: the formats as Linux 6.18 on x86-64 has them

COMMON = """name: {name}
ID: {number}
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

"""
PFN = "\tfield:unsigned long pfn;\toffset:8;\tsize:8;\tsigned:0;\n"
ORDER = "\tfield:unsigned int order;\toffset:16;\tsize:4;\tsigned:0;\n"
GFP = ("\tfield:unsigned long gfp_flags;\toffset:24;\tsize:8;\tsigned:0;\n"
       "\tfield:int migratetype;\toffset:32;\tsize:4;\tsigned:1;\n\n"
       'print fmt: "...", __print_flags(REC->gfp_flags, "|", '
       '{( unsigned long)((((( gfp_t)(((((1UL))) << (10))|((((1UL))) << (11)))) | (( gfp_t)((((1UL))) << (6)))))), '
       '"GFP_NOFS"}, '
       '{( unsigned long)(( gfp_t)(((((1UL))) << (10))|((((1UL))) << (11)))), "__GFP_RECLAIM"}, '
       '{( unsigned long)(( gfp_t)((((1UL))) << (3))), "__GFP_MOVABLE"}, '
       '{( unsigned long)(( gfp_t)0x40u), "__GFP_IO"}, '
       '{( unsigned long)(( gfp_t)((((1UL))) << (10))), "__GFP_DIRECT_RECLAIM"}, { 0, ((void *)0) } ) : "none"\n')
FORK = ("\tfield:__data_loc char[] parent_comm;\toffset:8;\tsize:4;\tsigned:0;\n"
        "\tfield:pid_t parent_pid;\toffset:12;\tsize:4;\tsigned:1;\n"
        "\tfield:__data_loc char[] child_comm;\toffset:16;\tsize:4;\tsigned:0;\n"
        "\tfield:pid_t child_pid;\toffset:20;\tsize:4;\tsigned:1;\n")
HEADER_PAGE = """\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;
\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;
\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;
"""
EVENTS = {"kmem/mm_page_alloc": (653, PFN + ORDER + GFP), "kmem/mm_page_free": (655, PFN + ORDER),
          "kmem/mm_page_free_batched": (654, PFN), "sched/sched_process_fork": (366, FORK)}
STATS = "entries: 0\noverrun: {0}\ncommit overrun: {1}\nbytes: 0\noldest event ts: 1.5\ndropped events: {2}\n"
ALLOC_ID, FREE_ID, BATCHED_ID = 653, 655, 654


def word(kind, delta):
    return struct.pack("=I", kind | delta << 5 if sys.byteorder == "little" else kind << 27 | delta)


def event(delta, number, pid, pfn, order=0, gfp=0, migratetype=0, flags=0, long=False):
    """As a ring buffer has it; `long`: with its length in a word of its own."""
    body = struct.pack("=HBBiQ", number, flags, 0, pid, pfn & (1 << 64) - 1)
    if number != BATCHED_ID:
        body += struct.pack("=II", order, 0)
    if number == ALLOC_ID:
        body += struct.pack("=Qi", gfp, migratetype)
    return word(0, delta) + struct.pack("=I", len(body) + 4) + body if long else word(len(body) // 4, delta) + body


def page(ns, *events, missed=0):
    data = b"".join(events)
    return struct.pack("=QQ", ns, len(data) | missed) + data.ljust(4080, b"\0")


class Kernel:
    """A tracefs with one template for instances; pages[cpu] is what its buffers will have."""

    def __init__(self, folder, pages, lost=(0, 0, 0), lacks=None):
        self.root = pathlib.Path(folder)
        self.write("events/header_page", HEADER_PAGE)
        for name, (number, fields) in EVENTS.items():
            if name != lacks:
                self.write(f"events/{name}/format", COMMON.format(name=name, number=number) + fields)
                self.write(f"template/events/{name}/enable", "0")
        for name in ("tracing_on", "trace_clock", "options/overwrite", "buffer_size_kb", "events/enable"):
            self.write("template/" + name, "as it was")
        for cpu, data in enumerate(pages):
            self.write(f"template/per_cpu/cpu{cpu}/stats", STATS.format(*lost))
            self.write(f"template/per_cpu/cpu{cpu}/trace_pipe_raw", data)
        (self.root / "instances").mkdir()

    def write(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def start(self, *words, **environment):
        # Who is started in the background by a script ignores Ctrl-C, and so would all that it starts.
        return subprocess.Popen([sys.executable, HERE / "fake_tracefs.py", self.root, *map(str, words)], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **environment},
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def record(self, *words, **environment):
        """Status, stderr, and whether the instance is gone, switched off."""
        process = self.start(*words, **environment)
        complaint = process.communicate(timeout=60)[1]
        return process.returncode, complaint, self.is_restored()

    def is_restored(self):
        gone = self.root / "gone"
        made = gone.exists() and [(gone / name).read_text() for name in ("tracing_on", "events/enable")] == ["0", "0"]
        return made and not list((self.root / "instances").iterdir())


def plain_recorder():
    with tempfile.TemporaryDirectory() as folder:
        Kernel(folder, [])
        recorder = tracefs.Recorder(pathlib.Path(folder), 1, follow=True)
        return recorder, recorder.gfp_bits()


# ---- the ring buffer

RECORDER, GFP_BITS = plain_recorder()
NAMES = {form.number: name for name, form in RECORDER.formats.items()}


def decode(data, cpu=0):
    number = RECORDER.formats[tracefs.ALLOC]
    return [RECORDER.decode(cpu, raw, NAMES.get(ring.field(raw.data, number, "common_type")))
            for raw in ring.page_events(data, RECORDER.header)]


def words_for(event):
    """The event as tests/replay/page.txt has it, which was made of the kernel's text for the same page."""
    context = {"t": ".", "s": "s", "h": "h"}[event.context]
    us = (event.ns + 500) // 1000  # as the kernel rounds
    values = {"alloc": f"{event.pfn:#x} {event.order} {event.migratetype}", "free": f"{event.pfn:#x} {event.order}",
              "batched": f"{event.pfn:#x} 0", "fork": f"{event.pid} {event.other}"}
    return f"{us // 10**6}.{us % 10**6:06} {event.pid} {context} {event.what} {values[event.what]}"


def words_of_kernel(line):
    seconds, pid, flags, *rest = line.split()
    context = "h" if flags[2] in "hHzZ" else "s" if flags[2] == "s" else "."
    return " ".join([seconds, pid, context, *rest])


ours = [words_for(event) for event in decode((HERE / "page.bin").read_bytes(), 1)]
theirs = [words_of_kernel(line) for line in (HERE / "page.txt").read_text().splitlines()]
tap.expect("a page of a real kernel's buffer, as the kernel itself reads it", ours == theirs and len(ours) == 131,
           [pair for pair in zip(ours, theirs) if pair[0] != pair[1]][:3] or (len(ours), len(theirs)))

made = decode(page(1000, event(5, ALLOC_ID, 7, 0x100, 3, 0x48, 1), word(30, 2) + struct.pack("=I", 1),
                   event(1, FREE_ID, 8, 0x100, 3, flags=0x10, long=True), word(29, 9) + struct.pack("=I", 8) + bytes(4),
                   word(31, 77) + struct.pack("=I", 3), event(4, ALLOC_ID, 9, -1, flags=0x18), word(29, 0)))
tap.expect("times, lengths, padding and contexts of a buffer written by hand",
           [(e.ns, e.context, e.pid, e.what) for e in made] ==
           [(1005, "t", 7, "alloc"), (1005 + (1 << 27) + 3, "s", 8, "free"), ((3 << 27) + 81, "h", 9, "failed")] and
           made[0][5:9] == (0x100, 3, 1, 0x48), made)
tap.expect("gfp flags of one bit, as the kernel names them",
           GFP_BITS == {"MOVABLE": 8, "IO": 0x40, "DIRECT_RECLAIM": 0x400}, GFP_BITS)


# ---- the converter

def converted(table, tree=None):
    """Lines of events; the records as words: op, cpu, order, then object names by the order of their birth."""
    converter = convert.Converter(tree)
    for line in table.split("\n"):
        if line.strip():
            ns, cpu, context, pid, what, *numbers = line.split()
            numbers = [int(number, 0) for number in numbers]
            names = ("other",) if what == "fork" else ("pfn", "order", "migratetype", "gfp")
            values = dict(zip(names, numbers))
            converter.add(convert.Event(int(ns), int(cpu), context, int(pid), what, **values))
    records = converter.finish()
    kqt.body(records, {record.kind: 0 for record in records})
    told = [f"{record.kind.op}{record.kind.order} {record.thing.number}" +
            "".join(f" {piece.number}" for piece in record.pieces) for record in records]
    return told, dict((name, count) for name, count in converter.counts.items() if count), records


def expect_records(name, table, wanted, counts=None, tree=None):
    told, counted, _ = converted(table, tree)
    tap.expect(name, told == wanted and counted == (counts or {}), (told, counted))


expect_records("allocations and their frees", """
    10 0 t 1 alloc 0x200 0 1 0x48
    20 1 t 1 alloc 0x208 3 0 0x40
    30 0 s 2 free 0x208 3
    40 0 t 1 free 0x200 0""", ["A0 0", "A3 1", "F3 1", "F0 0"])
expect_records("one freed in a batch", """
    10 0 t 1 alloc 0x200 0 1 0
    20 0 t 1 free 0x200 0
    20 0 t 1 batched 0x200
    30 0 t 1 batched 0x777""", ["A0 0", "B0 0"])
expect_records("a part is freed: the rest lives on, in pieces", """
    10 0 t 1 alloc 0x200 2 1 0
    20 0 t 1 free 0x202 0
    30 0 t 1 free 0x200 0""", ["A2 0", "S2 0 1 2 3 4", "F0 3", "F0 1"])
expect_records("a free of several objects is one of each", """
    10 0 t 1 alloc 0x200 0 1 0
    20 0 t 1 alloc 0x201 0 1 0
    30 0 t 1 free 0x200 1""", ["A0 0", "A0 1", "F0 0", "F0 1"], {"free_spanning_objects": 2})
expect_records("what is older than the recording comes first", """
    10 0 t 1 alloc 0x300 0 1 0
    20 1 t 1 free 0x200 2
    30 0 t 1 free 0x300 0""", ["P2 0", "A0 1", "F2 0", "F0 1"])
expect_records("a second free is of an allocation that is not told of", """
    10 0 t 1 alloc 0x200 0 1 0
    20 0 t 1 free 0x200 0
    30 0 t 1 free 0x200 0""", ["A0 0", "F0 0"], {"free_of_untraced_alloc": 1})
expect_records("a frame allocated twice was freed in between", """
    10 0 t 1 alloc 0x200 1 1 0
    20 0 t 1 alloc 0x201 0 1 0""", ["A1 0", "F1 0", "A0 1"], {"implicit_free": 1})
expect_records("an allocation that failed is none", "10 0 t 1 failed", [], {"failed_alloc": 1})
expect_records("a process tree and interrupts are followed, others are not", """
    10 0 t 5 alloc 0x200 0 1 0
    20 0 t 5 fork 6
    30 0 t 6 alloc 0x201 0 1 0
    40 0 t 9 alloc 0x202 0 1 0
    50 0 s 9 alloc 0x203 0 1 0
    60 0 t 9 fork 10
    70 0 t 10 alloc 0x204 0 1 0
    80 1 t 9 free 0x201 0
    90 1 t 6 free 0x202 0
    95 1 t 9 free 0x999 0""", ["A0 0", "A0 1", "A0 2", "F0 1"],
               {"alloc_of_other_tasks_dropped": 2, "free_of_dropped_object": 1, "free_of_older_dropped": 1}, tree=5)

BITS = {"MOVABLE": 8, "IO": 0x40, "FS": 0x80, "ZERO": 0x100, "DIRECT_RECLAIM": 0x400, "HARDWALL": 0x100000,
        "COMP": 0x40000, "ACCOUNT": 0x400000, "HIGH": 0x20, "DMA32": 4, "NORETRY": 0x10000}
classes = {0x404C8: "pcache+c", 0x1405C8: "user+zc", 0x4004C0: "kernel+a", 0x20: "atomic", 0x10000: "nowait+n",
           0x400: "noio", 0x440: "nofs", 0x404: "dma", 0x405C0: "kernel+zc"}
tap.result("short names for gfp flags", [f"{gfp:#x}: {kqt.gfp_class(gfp, BITS)}, not {name}"
                                         for gfp, name in classes.items() if kqt.gfp_class(gfp, BITS) != name])

# ---- all of it

CPU0 = page(1000, event(0, ALLOC_ID, 7, 0x200, 0, 0x48, 1), event(200, FREE_ID, 7, 0x200, 0),
            event(0, BATCHED_ID, 7, 0x200), event(1, FREE_ID, 7, 0x300, 2))
CPU1 = page(1100, event(0, ALLOC_ID, 7, 0x208, 3, 0x40, 0, flags=0x10)) + page(1500, event(10, FREE_ID, 8, 0x208, 3))
WANTED = traces.Trace(["P 0 t 2 0 - 0x0 -", "A 0 t 0 0 M 0x48 nowait", "A 1 s 3 0 U 0x40 nowait", "B 0 t 0 0 - 0x0 -",
                       "F 0 t 2 0 - 0x0 -", "F 1 t 3 0 - 0x0 -"],
                      [(0, 0), (1, 0), (2, 100), (3, 100, 1), (4, 1, 0), (5, 309, 2)])

with tempfile.TemporaryDirectory() as folder:
    kernel, trace = Kernel(folder, [CPU0, CPU1]), pathlib.Path(folder) / "made.kqt.xz"
    status, complaint, restored = kernel.record("-o", trace, "--seconds", 1, "--buffer", 3)
    tap.expect("a recording", (status, complaint, restored) == (0, "", True), (status, complaint, restored))
    text, _, body = lzma.open(trace).read().partition(b"END\n") if trace.exists() else (b"", b"", b"")
    tap.expect("its records, byte by byte", body == WANTED.body(), (body, WANTED.body()))
    lines = text.decode().splitlines()
    tap.expect("its header", {"KQT 1", "cpus 2", "events 6", "objects 3", "duration_ns 510", "name made",
                              "G MOVABLE 0x8", "K 1 A 0 t 0 0 M 0x48 nowait 1",
                              "K 3 B 0 t 0 0 - 0x0 - 1"} <= set(lines), lines)
    checked = subprocess.run([REPLAY, "--check", trace], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    tap.expect("quire-replay reads it", checked.returncode == 0 and "2 allocations" in checked.stdout, checked.stdout)
    settings = {name: (kernel.root / "gone" / name).read_text()
                for name in ("trace_clock", "options/overwrite", "buffer_size_kb")}
    tap.expect("clock, size, and nothing overwritten", settings == {"trace_clock": "mono", "options/overwrite": "0",
                                                                    "buffer_size_kb": "3072"}, settings)


def expect_refusal(name, what, *words, pages=(CPU0, CPU1), restored=True, **kernel):
    """Status 2, one line with `what`, no trace, and no instance left."""
    with tempfile.TemporaryDirectory() as folder:
        made, trace = Kernel(folder, pages, **kernel), pathlib.Path(folder) / "made.kqt.xz"
        got = made.record("-o", trace, *(words or ("--seconds", 1)))
        tap.expect(name, got[0] == 2 and what in got[1] and got[1].count("\n") == 1 and got[2] == restored and
                   not trace.exists(), (*got, trace.exists()))


for index, name in enumerate(("overrun", "commit overrun", "dropped events")):
    lost = [0, 0, 0]
    lost[index] = 5
    expect_refusal(f"events lost: {name}", "5 events were lost on CPU 0", lost=lost)
expect_refusal("events lost, as a page says", "lost events on CPU 1", pages=(CPU0, page(1, missed=1 << 31)))
expect_refusal("nothing happened", "nothing was allocated or freed", pages=(page(1), page(1)))
expect_refusal("an event is absent", "mm_page_free/format is absent", lacks="kmem/mm_page_free", restored=False)
expect_refusal("an event is absent that a command needs", "sched_process_fork/format is absent", "--", "true",
               lacks="sched/sched_process_fork", restored=False)
expect_refusal("seconds and a command", "exclude each other", "--seconds", 1, "--", "true", restored=False)
expect_refusal("no time", "0 is no number", "--seconds", 0, restored=False)
expect_refusal("an option that is none", "unrecognized arguments: --fast", "--fast", restored=False)

with tempfile.TemporaryDirectory() as folder:
    status, complaint, restored = Kernel(folder, [CPU0]).record("-o", f"{folder}/x", "--", "/nowhere/x")
    tap.expect("a command that does not exist", status == 2 and restored and "could not be run" in complaint,
               (status, complaint, restored))
    second = Kernel(pathlib.Path(folder) / "second", [CPU0])
    status, complaint, _ = second.record("-o", "/nowhere/x.kqt.xz", "--seconds", 9)
    tap.expect("a place that can not be written to", status == 2 and "/nowhere" in complaint and
               complaint.count("\n") == 1, (status, complaint))

for name, number, wanted in (("Ctrl-C: what was recorded is written", signal.SIGINT, 0),
                             ("ended: nothing is left", signal.SIGTERM, 2)):
    with tempfile.TemporaryDirectory() as folder:
        kernel, trace = Kernel(folder, [CPU0, CPU1]), pathlib.Path(folder) / "made.kqt.xz"
        process = kernel.start("-o", trace)
        deadline = time.monotonic() + 30
        while not any(path.read_text() == "1" for path in kernel.root.glob("instances/*/tracing_on")):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
        process.send_signal(number)
        complaint = process.communicate(timeout=30)[1]
        tap.expect(name, process.returncode == wanted and kernel.is_restored() and trace.exists() == (wanted == 0),
                   (process.returncode, complaint))


def plainly(*words, **environment):
    done = subprocess.run(["tools/record/quire-record", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment})
    return done.returncode, done.stderr


status, complaint = plainly("-o", "/tmp/x.kqt.xz", QUIRE_TRACEFS="/nowhere")
tap.expect("no tracefs: how to mount it is said", status == 2 and "mount -t tracefs" in complaint, complaint)
status, complaint = plainly()
tap.expect("no file is named", status == 2 and "-o" in complaint and complaint.count("\n") == 1, complaint)
with tempfile.TemporaryDirectory() as folder:
    status, complaint, _ = Kernel(folder, [CPU0]).record("-o", f"{folder}/x", "--seconds", 1, NOT_ROOT="1")
    tap.expect("without root", status == 2 and complaint.count("\n") == 1 and "needs root" in complaint, complaint)
tap.end()
