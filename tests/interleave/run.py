#!/usr/bin/env python3
"""Runs the explorer over its scenarios and their twins.

    run.py [--full] FOLDER TWINS

FOLDER has `explore` and twins/<name>/explore. Without --full: the quick bounds, TAP. With it: the full bounds, a table. A scenario
must hold, a twin must be found. Exit status 0 if all is so.
"""
import pathlib
import re
import subprocess
import sys

TWIN = re.compile(r"^twin (\S+)\nscenario (.+)\n", re.M)


def explore(program, scenario, full):
    """(fields of the result line, all of the output)"""
    command = [program, *(["--full"] if full else []), scenario]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
    fields = output.splitlines()[0].split("\t") if output else []
    return (fields if len(fields) == 7 else [scenario, "?", "?", "?", "?", "?", "the explorer crashed"]), output


class Tap:
    def __init__(self):
        self.n = 0

    def scenario(self, fields, good, output):
        self.line(good, f"{fields[0]}: {fields[4]} schedules, {fields[6]}", output)

    def twin(self, name, fields, good, output):
        self.line(good, f"twin {name} of {fields[0]}: {fields[4]} schedules, {fields[6]}", output)

    def line(self, good, text, output):
        self.n += 1
        print("ok" if good else "not ok", self.n, "-", text.replace("#", ""), flush=True)
        for line in [] if good else output.splitlines():
            print("#", line)

    def end(self):
        print(f"1..{self.n}")


class Table:
    HEAD = ["scenario", "threads", "preemptions", "stale", "schedules", "seconds", "verdict"]
    WIDTHS = [24, 8, 12, 6, 10, 8, 0]

    def __init__(self):
        self.row(self.HEAD)

    def row(self, fields):
        print(*(f.ljust(w) for f, w in zip(fields, self.WIDTHS)), flush=True)

    def scenario(self, fields, good, output):
        self.row(fields)
        if not good:
            print(output)

    def twin(self, name, fields, good, output):
        verdict = f"found: {fields[6].removeprefix('FAILED: ')}" if good else "NOT FOUND"
        self.row(["  twin " + name, "", *fields[2:6], verdict])

    def end(self):
        pass


def main():
    arguments = sys.argv[1:]
    full = arguments[0] == "--full"
    folder, table = arguments[-2:]
    twins = TWIN.findall(pathlib.Path(table).read_text())
    names = subprocess.run([f"{folder}/explore", "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    out = Table() if full else Tap()
    all_good = True
    for scenario in [line.split()[0] for line in names.splitlines()]:
        fields, output = explore(f"{folder}/explore", scenario, full)
        good = fields[6].startswith("holds")
        out.scenario(fields, good, output)
        all_good &= good
        for name in [twin for twin, finds in twins if scenario in finds.split()]:
            fields, output = explore(f"{folder}/twins/{name}/explore", scenario, full)
            good = fields[6].startswith("FAILED")
            out.twin(name, fields, good, output)
            all_good &= good
    out.end()
    sys.exit(0 if all_good else 1)


main()
