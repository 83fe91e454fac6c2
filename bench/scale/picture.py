#!/usr/bin/env python3
"""Draws what quire-scale counted: a panel for each workload, cache lines moved for each operation against CPUs.

    bench/scale/picture.py CSV DIR     makes DIR/scale.svg and DIR/scale.png
"""

import csv
import os
import shutil
import subprocess
import sys

FLOOR = 0.001  # what is less, nothing included, is drawn here, where the axis says 0
TITLE = "Cache lines moved from CPU to CPU for each allocation or free, by the number of CPUs"

# Pixels: panels in rows, between the title and the legend.
COLUMNS = 3
PANEL_WIDTH, PANEL_HEIGHT, STRIP_HEIGHT = 340, 250, 46

# Quire in a strong colour and thick; the others in those of Okabe and Ito, which nearly everybody can tell apart.
QUIRE = "#d00000"
OTHERS = ["#0072b2", "#e69f00", "#009e73", "#888888", "#cc79a7", "#56b4e9", "#000000"]
MARKS = [4, 6, 8, 10, 12, 1, 2]

SETTINGS = f"""
set logscale xy
set xrange [0.9:1300]
set yrange [{FLOOR / 1.6}:8000]
set xtics (1, 2, 4, 8, 16, 64, 256, 1024) nomirror
set ytics ('0' {FLOOR}, '0.01' 0.01, '0.1' 0.1, '1' 1, '10' 10, '100' 100, '1000' 1000) nomirror
set border 3 linecolor '#888888'
set tics scale 0.5 textcolor '#333333'
set grid ytics linetype 1 linecolor '#e8e8e8'
set title offset 0,-0.6
set tmargin 2
set bmargin 2
set lmargin 7
set rmargin 2
"""


def style(peer, others):
    if peer == "quire":
        return f"linecolor '{QUIRE}' linewidth 3 pointtype 7 pointsize 0.8"
    i = others.index(peer)
    return f"linecolor '{OTHERS[i % len(OTHERS)]}' linewidth 1.5 pointtype {MARKS[i % len(MARKS)]} pointsize 0.8"


def panel(work, peers, rows):
    """gnuplot's commands for one workload."""
    others = [p for p in peers if p != "quire"]
    lines = [f"set title '{work}'"]
    bar = next(float(r["bar"]) for r in rows if r["workload"] == work)
    plots = [f"{bar} with lines linecolor '{QUIRE}' dashtype 3 notitle"] if bar != 0 else []
    for i, peer in enumerate(others + [p for p in peers if p == "quire"]):  # Quire on top
        points = [r for r in rows if r["workload"] == work and r["contestant"] == peer]
        if points:
            lines.append(f"$d{i} << end")
            lines += [f"{r['cpus']} {max(float(r['transfers']), FLOOR)}" for r in points]
            lines.append("end")
            plots.append(f"$d{i} with linespoints {style(peer, others)} notitle")
    return lines + ["plot " + ", ".join(plots)]


def legend(peers):
    """A panel of nothing but the names: its data lie outside of it."""
    others = [p for p in peers if p != "quire"]
    plots = [f"-1 with linespoints {style(p, others)} title '{p}'" for p in peers]
    plots.append(f"-1 with lines linecolor '{QUIRE}' dashtype 3 title 'bar for quire'")
    return ["unset title", "unset tics", "unset border", "unset grid", "unset logscale", "set xrange [0:1]",
            "set yrange [0:1]", "set tmargin 0", "set bmargin 0",
            "set key center center horizontal Left reverse samplen 2.5 width -3", "plot " + ", ".join(plots)]


def commands(rows, terminal, path):
    works = list(dict.fromkeys(r["workload"] for r in rows))
    peers = list(dict.fromkeys(r["contestant"] for r in rows))
    n_rows = -(-len(works) // COLUMNS)
    width, height = COLUMNS * PANEL_WIDTH, n_rows * PANEL_HEIGHT + 2 * STRIP_HEIGHT
    lines = [f"set terminal {terminal} size {width},{height} background '#ffffff'", f"set output '{path}'", SETTINGS,
             "set key off", f"set multiplot title \"{TITLE}\""]
    for i, work in enumerate(works):
        bottom = STRIP_HEIGHT + (n_rows - 1 - i // COLUMNS) * PANEL_HEIGHT
        lines += [f"set origin {i % COLUMNS / COLUMNS}, {bottom / height}",
                  f"set size {1 / COLUMNS}, {PANEL_HEIGHT / height}"]
        lines += panel(work, peers, rows)
    lines += ["set origin 0, 0", f"set size 1, {STRIP_HEIGHT / height}"]
    return "\n".join(lines + legend(peers) + ["unset multiplot", ""])


def main():
    if len(sys.argv) != 3 or not os.path.isdir(sys.argv[2]):
        print("picture: usage: picture.py CSV DIR, both there", file=sys.stderr)
        return 2
    try:
        with open(sys.argv[1], encoding="ascii") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        print(f"picture: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    if not rows:
        print(f"picture: {sys.argv[1]}: no figures in it", file=sys.stderr)
        return 2
    if shutil.which("gnuplot") is None:
        print("picture: no gnuplot, so no picture", file=sys.stderr)
        return 0
    for kind, terminal in (("svg", "svg font 'sans-serif,12'"), ("png", "pngcairo font 'sans-serif,10'")):
        path = f"{sys.argv[2]}/scale.{kind}"
        subprocess.run(["gnuplot"], input=commands(rows, terminal, path), text=True, check=True)
        print(f"picture: {path}", file=sys.stderr)
    return 0


sys.exit(main())
