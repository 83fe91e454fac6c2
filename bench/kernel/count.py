#!/usr/bin/env python3
"""Counts guest instructions of the kernel with Quire and with other designs; `make bench-kernel` runs it.

    bench/kernel/count.py [CSV]     prints a table and the bars; writes the figures to CSV, else to bench/out/kernel.csv

The exit status says that it ran, not that the bars were met."""
import os
import sys

import machine

WHAT = {
    "single": "one list through the frames, one lock; fork copies (xv6, x86); +junk fills frames when freed",
    "percpu": "a list and a lock for each CPU; fork copies (xv6, riscv); +junk fills when freed and when handed out",
    "counted": "one list, a count for each frame, two locks; fork shares (xv6, riscv, copy-on-write); +junk as percpu",
    "quire": "Quire; +junk fills when freed and when handed out",
    "quire-local": "Quire in a kernel with LOCAL=1, whose CPUs enter their own caches by plain loads and stores",
}
SMALL, LARGE = "128M", "8G"
# Design, memory, words for the kernel: one row each. The list designs fill as they were, and as they could be.
FILLED = [design for design in machine.DESIGNS if design != "quire-local"]  # which fills as quire does
BOOTS = [(design, SMALL, words) for design in FILLED for words in (("junk",), ())] + [("quire-local", SMALL, ())]
BOOTS += [("single", LARGE, ()), ("quire", "1G", ()), ("quire", LARGE, ())]


def heading(design, memory, words):
    return " ".join([design + "".join(f"+{word}" for word in words), memory])


def shown(figure):
    return f"{figure:.0f}" if figure == int(figure) or figure >= 1000 else f"{figure:.1f}"


def row(boot, figures):
    return f"{heading(*boot):18}" + "".join(f"{shown(figures[name]):>10}" for name in machine.FIGURES)


def print_table(counted):
    print(f"{'guest instructions':18}" + "".join(f"{name:>10}" for name in machine.FIGURES))
    for boot, figures in counted.items():
        print(row(boot, figures))
    print()
    for name, what in [*machine.FIGURES.items(), *WHAT.items()]:
        print(f"{name:11} {what}")


# Of quire and quire-local. On x86-64, and on aarch64 since Armv8.1, one atomic instruction does what takes several without
# atomics: fewer, and slower.
HOT_BARS = {"aarch64": (60, 70), "riscv64": (60, 55), "x86_64": (60, 70)}


def bars(counted):
    """What it is, the value, and what it must not be above."""
    quire = counted["quire", SMALL, ()]
    single, large = counted["single", SMALL, ()], counted["quire", LARGE, ()]
    bar, local_bar = HOT_BARS[machine.ARCH]
    return [
        (f"alloc and free, the same frame: quire, {SMALL}", quire["hot"], bar),
        (f"alloc and free, the same frame: quire-local, {SMALL}", counted["quire-local", SMALL, ()]["hot"], local_bar),
        (f"start: quire / single, the fastest of the others, {SMALL}", quire["ready"] / single["ready"], 0.02),
        (f"start: quire, {LARGE} / {SMALL}", large["ready"] / quire["ready"], 2),
    ]


def print_bars(judged):
    print(f"\n{'bars':60}{'':>9}   bar")
    for what, value, bar in judged:
        print(f"{what:60}{value:9.4g}   <= {bar:<6}{'ok' if value <= bar else 'MISSED'}")
    print(f"\n{sum(value <= bar for _, value, bar in judged)} of {len(judged)} bars met")


def write_csv(path, counted):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        print("design,contents,memory,figure,instructions", file=file)
        for (design, memory, words), figures in counted.items():
            for name in machine.FIGURES:
                print(design, *words or ["none"], memory, name, f"{figures[name]:.2f}", sep=",", file=file)


def main(arguments):
    if len(arguments) > 1:
        print("usage: bench/kernel/count.py [CSV]", file=sys.stderr)
        sys.exit(2)
    counted = {}
    try:
        for i, boot in enumerate(BOOTS, 1):
            print(f"bench-kernel: {i} of {len(BOOTS)}, {heading(*boot)}", file=sys.stderr)
            counted[boot] = machine.check(machine.figures(*boot))
        write_csv(arguments[0] if arguments else "bench/out/kernel.csv", counted)
    except (machine.Failure, OSError) as error:
        print(f"count.py: {error}", file=sys.stderr)
        sys.exit(2)
    print_table(counted)
    print_bars(bars(counted))


if __name__ == "__main__":
    main(sys.argv[1:])
