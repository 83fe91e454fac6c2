"""Prints the table that gcovr wrote: lines and branches of each file, of each folder, and of all that must be covered.

    coverage.py TABLE.csv

Exit status 1 when that is less than it should be.
"""
import collections
import csv
import sys

WANTED = {"line": 99.0, "branch": 95.0}  # percent, of these folders together
FOLDERS = ["boot", "src"]


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


def main():
    counts = collections.defaultdict(Count)
    for file in csv.DictReader(open(sys.argv[1])):
        name = file["filename"]
        folder = name.partition("/")[0]
        for row in [name, folder] + [" and ".join(FOLDERS)] * (folder in FOLDERS):
            counts[row].add(file)
    print(f"{'':<32}{'lines run':>16}{'branches taken':>22}")
    for row in sorted(counts, key=lambda name: ("." not in name, name)):
        counts[row].print(row)
    short = [what for what in WANTED if counts[" and ".join(FOLDERS)].percent(what) < WANTED[what]]
    for what in short:
        print(f"coverage: less than {WANTED[what]} % of the {what}es of {' and '.join(FOLDERS)}".replace("linees", "lines"))
    return 1 if short else 0


sys.exit(main())
