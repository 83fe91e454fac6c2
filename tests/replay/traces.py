"""Small traces written down by hand, as bytes; with an encoder that shares no mistake with tools/record."""


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def zigzag(value):
    return 2 * value if value >= 0 else -2 * value - 1


class Trace:
    """A trace with the facts and kinds of a good one, each of which a test may spoil before it asks for bytes().

    Kinds are given as the lines say them, without number and count: "A 0 t 0 0 M 0x140dca user+zc". A record is
    (kind, dt) or (kind, dt, object); kinds are numbered as they are listed."""

    def __init__(self, kinds, records, cpus=2):
        self.kinds = list(kinds)
        self.records = list(records)
        ops = [self.kinds[record[0]][0] for record in records]
        pieces = sum(self.n_pieces(record[0]) for record in records)
        self.magic = "KQT 1"
        self.facts = {"cpus": cpus, "page_size": 4096, "tick_ns": 1, "events": len(records),
                      "objects": sum(op in "PA" for op in ops) + pieces, "preexisting": ops.count("P"),
                      "allocs": ops.count("A"), "frees": ops.count("F") + ops.count("B"), "splits": ops.count("S"),
                      "duration_ns": sum(record[1] for record in records), "truncated": 0, "name": "tiny",
                      "workload": "written down by hand"}
        self.counts = [sum(record[0] == number for record in records) for number in range(len(kinds))]
        self.numbers = list(range(len(kinds)))
        self.end = "END\n"
        self.more = b""

    def n_pieces(self, kind):
        op, _, _, order, arg = self.kinds[kind].split()[:5]
        return 1 << int(order) - int(arg) if op == "S" else 0

    def header(self):
        lines = [self.magic] + [f"{name} {value}" for name, value in self.facts.items()]
        lines += [f"K {number} {kind} {count}" for number, kind, count in zip(self.numbers, self.kinds, self.counts)]
        return ("\n".join(lines) + "\n" + self.end).encode()

    def body(self):
        out, last = b"", {}
        for kind, dt, *named in self.records:
            out += varint(kind) + varint(dt)
            if named:
                cpu = self.kinds[kind].split()[1]
                out += varint(zigzag(named[0] - last.get(cpu, 0)))
                last[cpu] = named[0]
        return out

    def bytes(self):
        return self.header() + self.body() + self.more
