"""Prints the table that gcovr wrote: lines and branches of each file, of each folder, and of each group of folders that has a bar.

    coverage.py TABLE.csv

Exit status 1 when one of the groups is below its bar.
"""
import collections
import csv
import sys

WANTED = {"line": 99.5, "branch": 98.0}  # percent, of each group
GROUPS = {"boot and src": ["boot", "src"], "compat": ["compat"]}
PLURAL = {"line": "lines", "branch": "branches"}


class Count:
    def __init__(self):
        self.covered, self.total = collections.Counter(), collections.Counter()

    def add(self, file):
        for what in WANTED:
            self.covered[what] += int(file[f"{what}_covered"])
            self.total[what] += int(file[f"{what}_total"])

    def percent(self, what):
        return 100 * self.covered[what] / self.total[what] if self.total[what] else 100.0

    def print(self, name):
        cells = [f"{self.covered[what]:>7} of {self.total[what]:<5}{self.percent(what):>6.1f}%" for what in WANTED]
        print(f"{name:<32}" + "".join(cells))


def count(files):
    """Counts by file, folder and group."""
    counts = collections.defaultdict(Count)
    for file in files:
        name = file["filename"]
        folder = name.partition("/")[0]
        for row in {name, folder, *(group for group, folders in GROUPS.items() if folder in folders)}:
            counts[row].add(file)
    return counts


def below_bar(group, of):
    """One line for each bar that is missed."""
    if of.total["line"] == 0:
        return [f"coverage: nothing of {group} was measured"]
    return [f"coverage: {of.percent(what):.2f} % of the {PLURAL[what]} of {group}, less than {WANTED[what]} %"
            for what in WANTED if of.percent(what) < WANTED[what]]


def main():
    counts = count(csv.DictReader(open(sys.argv[1])))
    print(f"{'':<32}{'lines run':>16}{'branches taken':>22}")
    for row in sorted(counts, key=lambda name: ("." not in name, name)):
        counts[row].print(row)
    short = [verdict for group in GROUPS for verdict in below_bar(group, counts[group])]
    print("\n".join(short), end="\n" * bool(short))
    return 1 if short else 0


sys.exit(main())
