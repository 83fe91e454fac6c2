"""From a kernel's events to the records of a trace: which object each is about.

A frame number (pfn) says which object a free means, and is forgotten then: where a kernel put something is not part of
its workload. Frees and allocations do not always match one to one:

- A free of a part of an object splits it (S) into pieces of that size, and frees one. A free of several is one of each.
- A free of a frame that no event named before is of something older; it becomes an object that existed (P).
- A free of a frame that was free already is of an allocation that the kernel does not tell about: it is left out.
- An allocation of a frame that is held: its free was not told; it is put in just before.
"""
import collections

from kqt import Kind, Record, Thing

# what: alloc, failed (no page), free, batched (the free of this page, told before, was in a batch), fork (of `other`).
Event = collections.namedtuple("Event", "ns cpu context pid what pfn order migratetype gfp other",
                               defaults=(0, 0, 0, 0, 0))

MIGRATETYPES = {0: "U", 1: "M", 2: "R"}


class Converter:
    """tree: the thread to follow with all that it starts; None: everybody. What runs in interrupts is always kept."""

    def __init__(self, tree=None):
        self.tree = None if tree is None else {tree}
        self.older = []  # P records: found late, but they come first
        self.records = []
        self.counts = collections.Counter()
        self.held = {}  # first frame -> Thing
        self.orders = {0}  # of all that was ever held
        self.seen = set()  # frames that an event named
        self.last_free = {}  # frame -> record

    def add(self, event):
        if event.what == "alloc":
            self.alloc(event)
        elif event.what == "free":
            self.free(event)
        elif event.what == "batched":
            self.batched(event)
        elif event.what == "failed":
            self.counts["failed_alloc"] += 1
        elif self.tree is not None and event.pid in self.tree:
            self.tree.add(event.other)

    def is_kept(self, event):
        return self.tree is None or event.context != "t" or event.pid in self.tree

    def find(self, pfn):
        """The object that has this frame: objects are aligned to their size."""
        for order in self.orders:
            thing = self.held.get(pfn >> order << order)
            if thing is not None and pfn < thing.pfn + (1 << thing.order):
                return thing
        return None

    def hold(self, thing):
        self.held[thing.pfn] = thing
        self.orders.add(thing.order)

    def record(self, event, op, thing, arg=0, pieces=(), migratetype="-", gfp=0):
        kind = Kind(op, event.cpu, event.context, thing.order, arg, migratetype, gfp)
        self.records.append(Record(event.ns, kind, thing, pieces))

    # ---- allocations

    def alloc(self, event):
        for pfn in range(event.pfn, event.pfn + (1 << event.order)):
            thing = self.find(pfn)
            if thing is not None:
                self.counts["implicit_free"] += thing.kept
                self.end(event, thing)
        thing = Thing(event.pfn, event.order, self.is_kept(event))
        self.hold(thing)
        self.seen.update(range(event.pfn, event.pfn + (1 << event.order)))
        if thing.kept:
            self.record(event, "A", thing, migratetype=MIGRATETYPES.get(event.migratetype, "-"), gfp=event.gfp)
        else:
            self.counts["alloc_of_other_tasks_dropped"] += 1

    # ---- frees

    def free(self, event):
        pfn, end = event.pfn, event.pfn + (1 << event.order)
        while pfn < end:
            thing = self.find(pfn)
            if thing is None:
                pfn = self.free_unknown(event, pfn, end)
                continue
            if thing.order > event.order:
                thing = self.split(event, thing)
            self.counts["free_spanning_objects"] += thing.order < event.order
            self.end(event, thing)
            pfn = thing.pfn + (1 << thing.order)

    def end(self, event, thing):
        del self.held[thing.pfn]
        if thing.kept:
            self.record(event, "F", thing)
            self.last_free[thing.pfn] = self.records[-1]
        else:
            self.counts["free_of_dropped_object"] += 1

    def split(self, event, thing):
        """Returns the piece that the event names."""
        size = 1 << event.order
        pieces = [Thing(pfn, event.order, thing.kept) for pfn in range(thing.pfn, thing.pfn + (1 << thing.order), size)]
        del self.held[thing.pfn]
        for piece in pieces:
            self.hold(piece)
        if thing.kept:
            self.record(event, "S", thing, arg=event.order, pieces=pieces)
        return pieces[(event.pfn - thing.pfn) >> event.order]

    def free_unknown(self, event, pfn, end):
        """Frames from `pfn` on that nobody is known to hold; returns the first that it did not look at."""
        whole = pfn == event.pfn and not any(frame in self.seen for frame in range(pfn, end))
        if not whole or not self.is_kept(event):
            self.counts["free_of_untraced_alloc" if pfn in self.seen else "free_of_older_dropped"] += 1
            self.seen.add(pfn)
            return pfn + 1
        thing = Thing(pfn, event.order)
        self.older.append(Record(None, Kind("P", event.cpu, "t", event.order), thing))
        self.seen.update(range(pfn, end))
        self.hold(thing)
        self.end(event, thing)
        return end

    def batched(self, event):
        record = self.last_free.pop(event.pfn, None)
        if record is not None and event.pfn not in self.held:
            record.kind = record.kind._replace(op="B")

    def finish(self):
        """All records in order. Those of what existed have the time of the first event."""
        begin = self.records[0].ns if self.records else 0
        for record in self.older:
            record.ns = begin
        return self.older + self.records
