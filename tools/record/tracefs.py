"""The recorder: an ftrace instance of our own, so that nobody else's tracing is touched; it is gone on any exit.

The buffers are made before and read after: a read while recording would be in the recording. Nothing is overwritten
when a buffer is full; the kernel counts what it leaves out, and a recording with a gap is worth nothing.
"""
import heapq
import os
import pathlib
import re
import time

import ring
from convert import Event

ALLOC, FREE, BATCHED, FORK = ("kmem/mm_page_alloc", "kmem/mm_page_free", "kmem/mm_page_free_batched",
                              "sched/sched_process_fork")
PLACES = "/sys/kernel/tracing", "/sys/kernel/debug/tracing"
HARDIRQ, SOFTIRQ, NMI = 0x08, 0x10, 0x40  # in common_flags; Linux: include/linux/trace_events.h
NO_PAGE = -1  # the frame number of an allocation that failed


class Refused(Exception):
    """One line that says why there is no recording."""


def find_root():
    """The folder of tracefs. QUIRE_TRACEFS names another one."""
    places = [os.environ["QUIRE_TRACEFS"]] if "QUIRE_TRACEFS" in os.environ else PLACES
    for place in places:
        root = pathlib.Path(place)
        try:
            if (root / "instances").is_dir():
                return root
        except PermissionError:
            raise Refused(f"{root} may not be looked at: this needs root")
    raise Refused(f"there is no tracefs in {places[0]}: as root, 'mount -t tracefs nodev /sys/kernel/tracing'")


class Recorder:
    """follow: forks are recorded, too."""

    def __init__(self, root, n_buffer_mib, follow):
        self.root = root
        self.formats = {}
        self.header = ring.read_format(self.text("events/header_page"))
        for name in (ALLOC, FREE, BATCHED) + ((FORK,) if follow else ()):
            self.formats[name] = ring.read_format(self.text(f"events/{name}/format"))
        self.instance = root / "instances" / f"quire-record-{os.getpid()}"
        self.n_buffer_kib = n_buffer_mib * 1024

    def text(self, path):
        try:
            return (self.root / path).read_text()
        except FileNotFoundError:
            raise Refused(f"{self.root / path} is absent: this kernel has no such event")
        except PermissionError:
            raise Refused(f"{self.root / path} may not be read: this needs root")

    def gfp_bits(self):
        """name -> bit, for the flags that are one bit. The kernel says so in the event's print format."""
        bits = {}
        for value, name in re.findall(r"\{([^{}]*),\s*\"__GFP_(\w+)\"\}", self.text(f"events/{ALLOC}/format")):
            shifts, numbers = re.findall(r"<<\s*\(?(\d+)", value), re.findall(r"0x([0-9a-f]+)u?", value)
            if len(shifts) + len(numbers) == 1:
                bits[name] = 1 << int(shifts[0]) if shifts else int(numbers[0], 16)
        return bits

    # ---- the instance

    def __enter__(self):
        try:
            os.mkdir(self.instance)
            self.set("tracing_on", 0)
            self.set("trace_clock", "mono")
            self.set("options/overwrite", 0)
            self.set("buffer_size_kb", self.n_buffer_kib)
            for name in self.formats:
                self.set(f"events/{name}/enable", 1)
        except PermissionError:
            raise Refused(f"no instance can be made in {self.instance.parent}: this needs root")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if not self.instance.exists():
            return
        for name in ("tracing_on", "events/enable"):
            try:
                self.set(name, 0)
            except Refused:
                pass  # the instance goes, anyway
        os.rmdir(self.instance)

    def set(self, name, value):
        try:
            with open(self.instance / name, "w") as file:
                file.write(str(value))
        except OSError as error:
            raise Refused(f"{self.instance / name}: '{value}' is refused: {error.strerror}")

    def cpus(self):
        """Numbers of the CPUs that have a buffer."""
        return sorted(int(path.name[3:]) for path in (self.instance / "per_cpu").glob("cpu[0-9]*"))

    # ---- recording

    def stats(self, cpu):
        text = (self.instance / "per_cpu" / f"cpu{cpu}" / "stats").read_text()
        return {name: int(value) for name, value in re.findall(r"^([a-z ]+): (\d+)$", text, re.MULTILINE)}

    def check_lost(self):
        """Returns how full the fullest buffer is, of 1."""
        fullest = 0
        for cpu in self.cpus():
            stats = self.stats(cpu)
            lost = sum(stats.get(name, 0) for name in ("overrun", "commit overrun", "dropped events"))
            if lost:
                raise Refused(f"{lost} events were lost on CPU {cpu}: the buffer is too small; "
                              f"--buffer {self.n_buffer_kib // 512} is twice as large")
            fullest = max(fullest, stats.get("bytes", 0) / (self.n_buffer_kib * 1024))
        return fullest

    def record(self, is_over, show):
        """Until is_over(seconds), or Ctrl-C. show(seconds, share of the buffer in use) tells how it goes."""
        began = time.monotonic()
        self.set("tracing_on", 1)
        try:
            while not is_over(time.monotonic() - began):
                show(time.monotonic() - began, self.check_lost())
                time.sleep(0.05)
        except KeyboardInterrupt:
            pass  # what was recorded so far is wanted
        self.set("tracing_on", 0)
        self.check_lost()

    # ---- reading

    def events(self):
        """All that was recorded, on all CPUs, by time."""
        return heapq.merge(*(self.cpu_events(cpu) for cpu in self.cpus()), key=lambda event: event.ns)

    def cpu_events(self, cpu):
        names = {form.number: name for name, form in self.formats.items()}
        for raw in self.raw_events(cpu):
            event = self.decode(cpu, raw, names.get(ring.field(raw.data, self.formats[ALLOC], "common_type")))
            if event is not None:
                yield event

    def raw_events(self, cpu):
        offset, size, _ = self.header.fields["data"]
        path = self.instance / "per_cpu" / f"cpu{cpu}" / "trace_pipe_raw"
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as file:
            while page := file.read(offset + size):  # None: there is nothing more
                try:
                    yield from ring.page_events(page, self.header)
                except ring.Lost as error:
                    raise Refused(f"{error} on CPU {cpu}: --buffer makes the buffers larger")

    def decode(self, cpu, raw, name):
        if name is None:
            return None
        form = self.formats[name]

        def get(what):
            return ring.field(raw.data, form, what)

        flags = get("common_flags")
        context = "h" if flags & (HARDIRQ | NMI) else "s" if flags & SOFTIRQ else "t"
        event = Event(raw.ns, cpu, context, get("common_pid"), "fork")
        if name == FORK:
            return event._replace(pid=get("parent_pid"), other=get("child_pid"))
        pfn = get("pfn")
        if name == BATCHED:
            return event._replace(what="batched", pfn=pfn)
        if name == FREE:
            return event._replace(what="free", pfn=pfn, order=get("order"))
        if pfn == (1 << 8 * form.fields["pfn"][1]) + NO_PAGE:
            return event._replace(what="failed")
        return event._replace(what="alloc", pfn=pfn, order=get("order"), migratetype=get("migratetype"),
                              gfp=get("gfp_flags"))
