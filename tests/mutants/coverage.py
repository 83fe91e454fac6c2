"""Prints the table that gcovr wrote: lines and branches of each file and of all.

    coverage.py TABLE.csv
"""
import csv
import sys


def row(name, lines, branches):
    cells = [f"{n:>7} of {of:<5}{100 * n / of if of else 100:>6.1f}%" for n, of in (lines, branches)]
    print(f"{name:<32}" + "".join(cells))


files = list(csv.DictReader(open(sys.argv[1])))
print(f"{'file':<32}{'lines run':>16}{'branches taken':>22}")
total = {"line": [0, 0], "branch": [0, 0]}
for file in files:
    numbers = {}
    for what, sums in total.items():
        numbers[what] = [int(file[f"{what}_covered"]), int(file[f"{what}_total"])]
        sums[:] = [a + b for a, b in zip(sums, numbers[what])]
    row(file["filename"], numbers["line"], numbers["branch"])
row("all", total["line"], total["branch"])
