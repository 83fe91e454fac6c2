"""Writes traces in the format KQT 1, which docs/benchmarks.md describes."""
import collections
import lzma

# What a record is, but for its time and object. context: t task, s softirq, h hardirq or nested.
Kind = collections.namedtuple("Kind", "op cpu context order arg migratetype gfp", defaults=(0, 0, "-", 0))


class Thing:
    """An object: 2^order pages from one allocation to their free."""

    def __init__(self, pfn, order, kept=True):
        self.pfn = pfn
        self.order = order
        self.kept = kept  # it is in the trace
        self.number = None  # given when it is written


class Record:
    def __init__(self, ns, kind, thing, pieces=()):
        self.ns = ns
        self.kind = kind
        self.thing = thing
        self.pieces = pieces


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def zigzag(value):
    return value << 1 if value >= 0 else (-value << 1) - 1


def gfp_class(gfp, bits):
    """A short name for what an allocation may do. `bits`: name -> bit, as this kernel has them."""
    def has(*names):
        return any(gfp & bits.get(name, 0) for name in names)

    if has("DMA", "DMA32"):
        base = "dma"
    elif not has("DIRECT_RECLAIM"):
        base = "atomic" if has("HIGH") else "nowait"
    elif has("HARDWALL"):
        base = "user"
    elif not has("IO"):
        base = "noio"
    elif not has("FS"):
        base = "nofs"
    else:
        base = "pcache" if has("MOVABLE") else "kernel"
    letters = "".join(letter for letter, name in (("z", "ZERO"), ("c", "COMP"), ("a", "ACCOUNT"), ("n", "NORETRY"))
                      if has(name))
    return base + ("+" + letters if letters else "")


def body(records, numbers):
    """The records as bytes; gives each object its number."""
    out = bytearray()
    last = collections.defaultdict(int)
    next_number, ns = 0, records[0].ns if records else 0
    for record in records:
        out += varint(numbers[record.kind]) + varint(record.ns - ns)
        ns = record.ns
        if record.kind.op in "FBS":
            cpu = record.kind.cpu
            out += varint(zigzag(record.thing.number - last[cpu]))
            last[cpu] = record.thing.number
        for thing in (record.thing,) if record.kind.op in "PA" else record.pieces:
            thing.number = next_number
            next_number += 1
    return bytes(out), next_number


def write(path, records, n_cpus, facts, gfp_bits):
    """facts: pairs of a name and what to say about it."""
    counts = collections.Counter(record.kind for record in records)
    kinds = [kind for kind, _ in counts.most_common()]
    data, n_objects = body(records, {kind: number for number, kind in enumerate(kinds)})
    ops = collections.Counter(record.kind.op for record in records)
    used = 0
    for kind in kinds:
        used |= kind.gfp
    lines = ["KQT 1", f"cpus {n_cpus}", "page_size 4096", "tick_ns 1", f"events {len(records)}", f"objects {n_objects}",
             f"preexisting {ops['P']}", f"allocs {ops['A']}", f"frees {ops['F'] + ops['B']}", f"splits {ops['S']}",
             f"duration_ns {records[-1].ns - records[0].ns if records else 0}", "truncated 0"]
    lines += [f"{name} {' '.join(str(value).split())}" for name, value in facts]
    lines += [f"G {name} {bit:#x}" for name, bit in sorted(gfp_bits.items(), key=lambda pair: pair[1]) if used & bit]
    lines += [f"K {number} {kind.op} {kind.cpu} {kind.context} {kind.order} {kind.arg} {kind.migratetype} "
              f"{kind.gfp:#x} {gfp_class(kind.gfp, gfp_bits) if kind.op == 'A' else '-'} {counts[kind]}"
              for number, kind in enumerate(kinds)]
    with lzma.open(path, "wb") as file:
        file.write("\n".join(lines + ["END", ""]).encode("ascii", "replace") + data)
