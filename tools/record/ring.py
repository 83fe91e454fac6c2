"""Events out of the pages of an ftrace ring buffer, as per_cpu/cpuN/trace_pipe_raw gives them.

The kernel describes the layout itself: events/header_page (where the data of a page begin), events/header_event (an
event begins with a 32-bit word: 5 bits of type or length, 27 bits of time since the event before) and each event's
`format` (where its fields lie). Linux: include/linux/ring_buffer.h, Documentation/trace/ring-buffer-design.rst.
"""
import collections
import re
import struct
import sys

PADDING, TIME_EXTEND, TIME_STAMP = 29, 30, 31
MISSED = 3 << 30  # flags in a page's length: events were lost in front of it

Format = collections.namedtuple("Format", "number fields")  # fields: name -> (offset, bytes, is signed)
Raw = collections.namedtuple("Raw", "ns data")


class Lost(Exception):
    """The buffer was full and the kernel left events out."""


def read_format(text):
    fields = {}
    for line in re.finditer(r"field:(.*);\s*offset:(\d+);\s*size:(\d+);\s*signed:(\d);", text):
        name = re.sub(r"\[.*\]", "", line[1].split()[-1])
        fields[name] = int(line[2]), int(line[3]), line[4] == "1"
    number = re.search(r"^ID: (\d+)$", text, re.MULTILINE)
    return Format(int(number[1]) if number else 0, fields)


def field(data, form, name):
    offset, size, signed = form.fields[name]
    return int.from_bytes(data[offset:offset + size], sys.byteorder, signed=signed)


def first_word(word):
    """Type or length, and the time since the event before: C bit fields, so their order is the machine's."""
    return (word & 31, word >> 5) if sys.byteorder == "little" else (word >> 27, word & (1 << 27) - 1)


def page_events(page, header):
    """The events of one page; `header` is the Format of events/header_page."""
    ns = field(page, header, "timestamp")
    length = field(page, header, "commit")
    if length & MISSED:
        raise Lost("the kernel lost events")
    at = header.fields["data"][0]
    end = at + length
    while at + 4 <= end:
        kind, delta = first_word(struct.unpack_from("=I", page, at)[0])
        extra = struct.unpack_from("=I", page, at + 4)[0] if at + 8 <= end else 0
        at += 4
        if kind == TIME_STAMP:  # it keeps the low 59 bits of the time
            ns = (ns >> 59 << 59) | extra << 27 | delta
            at += 4
        elif kind == TIME_EXTEND:
            ns += extra << 27 | delta
            at += 4
        elif kind == PADDING:
            if delta == 0:  # up to the end of the page
                return
            ns += delta
            at += extra
        else:
            ns += delta
            size = kind * 4 if kind else extra
            begin = at if kind else at + 4  # where the length did not fit into the word it is the next one
            at += size
            yield Raw(ns, page[begin:at])
