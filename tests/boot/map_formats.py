"""Memory maps as files of facts (tests/boot/maps), and as the bytes in which each format carries them.

A map is a list of entries. Of *.e820 an entry is (base, n_bytes, type), of *.uefi (base, n_bytes, type, attributes). In the files
a line is "first last type [attributes]"; "empty" instead of the last byte stands for an entry without bytes."""
import pathlib
import struct

MAPS = pathlib.Path("tests/boot/maps")
LIMINE_TYPES = {1: 0, 2: 1, 3: 2, 4: 3, 5: 4}  # of E820's


def read(path):
    entries = []
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            continue
        first, last, *rest = line.split()
        base = int(first, 0)
        n_bytes = 0 if last == "empty" else int(last, 0) - base + 1
        entries.append((base, n_bytes, *(int(word, 0) for word in rest)))
    return entries


# ---- lists ----

def e820(entries, stride=20, attributes=1):
    tail = struct.pack("<I", attributes)
    return b"".join((struct.pack("<QQI", *entry[:3]) + tail).ljust(stride, b"\xEE")[:stride] for entry in entries)


def uefi(entries, stride=48):
    return b"".join(struct.pack("<IIQQQQ", kind, 0, base, 0, n_bytes // 4096, attributes).ljust(stride, b"\xEE")
                    for base, n_bytes, kind, attributes in entries)


def limine(entries):
    return b"".join(struct.pack("<QQQ", base, n_bytes, LIMINE_TYPES.get(kind, 1)) for base, n_bytes, kind in entries)


# ---- structures in memory ----

class Memory:
    """Bytes from `base` on. What is put there is a range that must stay reserved."""

    def __init__(self, base):
        self.base, self.bytes, self.kept = base, bytearray(), []

    def put(self, data, keep=None):
        """Its address. `keep`: how many bytes are reserved, if not all that are put."""
        self.bytes += bytes(-len(self.bytes) % 8)
        at = self.base + len(self.bytes)
        self.bytes += data
        self.kept.append((at, len(data) if keep is None else keep))
        return at


def put_modules(memory, modules, form):
    """`modules` are (base, end, text); form makes an entry of (base, end, address of the text)."""
    listed = [form(base, end, memory.put(text.encode() + b"\0") if text else 0) for base, end, text in modules]
    return memory.put(b"".join(listed)) if listed else 0


def pvh(entries, base=0x20000, command_line="quiet", modules=(), rsdp=0xE0000):
    memory = Memory(base)
    text = memory.put(command_line.encode() + b"\0") if command_line else 0
    listed = put_modules(memory, modules, lambda first, end, at: struct.pack("<QQQQ", first, end - first, at, 0))
    at = memory.put(e820(entries, 24, 0))
    info = memory.put(struct.pack("<IIIIQQQQII", 0x336EC578, 1, 0, len(modules), listed, text, rsdp, at, len(entries), 0))
    return memory, info


def linux(entries, base=0x20000, command_line="quiet", modules=(), rsdp=0xE0000):
    memory = Memory(base)
    page = bytearray(4096)
    in_page, more = entries[:128], entries[128:]
    page[0x2D0:0x2D0 + 20 * len(in_page)] = e820(in_page)
    page[0x1E8] = len(in_page)
    page[0x202:0x206] = b"HdrS"
    info = memory.put(page)
    text = memory.put(command_line.encode() + b"\0") if command_line else 0
    data = memory.put(struct.pack("<QII", 0, 1, 20 * len(more)) + e820(more)) if more else 0
    first, end = (modules[0][0], modules[0][1]) if modules else (0, 0)
    fields = {0x70: rsdp, 0x250: data}
    halves = {(0x218, 0xC0): first, (0x21C, 0xC4): end - first, (0x228, 0xC8): text}
    for where, number in fields.items():
        struct.pack_into("<Q", memory.bytes, where, number)
    for (low, high), number in halves.items():
        struct.pack_into("<I", memory.bytes, low, number & 0xFFFFFFFF)
        struct.pack_into("<I", memory.bytes, high, number >> 32)
    return memory, info


def multiboot(entries, base=0x20000, command_line="quiet", modules=(), sizes=(20,)):
    """`sizes`: of the entries, in turn."""
    memory = Memory(base)
    text = memory.put(command_line.encode() + b"\0") if command_line else 0
    listed = put_modules(memory, modules, lambda first, end, at: struct.pack("<IIII", first, end, at, 0))
    listing = b"".join(struct.pack("<I", sizes[i % len(sizes)]) + e820([entry], sizes[i % len(sizes)])
                       for i, entry in enumerate(entries))
    at = memory.put(listing)
    flags = 1 | 1 << 2 | (1 << 3 if modules else 0) | 1 << 6
    info = struct.pack("<13I", flags, 640, 64 << 10, 0, text, len(modules), listed, 0, 0, 0, 0, len(listing), at)
    return memory, memory.put(info, 116)


def tag(kind, data):
    return struct.pack("<II", kind, 8 + len(data)) + data + bytes(-len(data) % 8)


def multiboot2(entries, base=0x20000, command_line="quiet", modules=(), uefi_entries=None, more=b"", stride=24):
    tags = b""
    if command_line:
        tags += tag(1, command_line.encode() + b"\0")
    for first, end, text in modules:
        tags += tag(3, struct.pack("<II", first, end) + text.encode() + b"\0")
    tags += tag(4, struct.pack("<II", 640, 64 << 10))
    if entries is not None:
        tags += tag(6, struct.pack("<II", stride, 0) + e820(entries, stride, 0))
    if uefi_entries is not None:
        tags += tag(17, struct.pack("<II", 48, 1) + uefi(uefi_entries))
    tags += more + tag(0, b"")
    memory = Memory(base)
    return memory, memory.put(struct.pack("<II", 8 + len(tags), 0) + tags)
