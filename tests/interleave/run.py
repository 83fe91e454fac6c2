#!/usr/bin/env python3
"""Runs the explorer over its scenarios and their twins.

    run.py [--full] FOLDER TWINS

FOLDER has `explore` and twins/<name>/explore. Without --full: the quick bounds, TAP. With it: the full bounds, a table. A scenario
must hold, a twin must be found. Exit status 0 if all is so.
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys

AT_A_TIME = 2
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
    WIDTHS = [32, 8, 12, 6, 10, 8, 0]

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

    def line(self, good, text, output):
        print(text)

    def end(self):
        pass


def jobs_of(folder, twins):
    """(program, scenario, name of the twin or None), each twin behind its scenario"""
    names = subprocess.run([f"{folder}/explore", "--list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    for scenario in [line.split()[0] for line in names.splitlines()]:
        yield f"{folder}/explore", scenario, None
        for name in [twin for twin, finds in twins if scenario in finds.split()]:
            yield f"{folder}/twins/{name}/explore", scenario, name


# Small ones, which can be explored without leaving equivalent schedules out.
COMPARED = ["refill-give-back", "nested-refill", "hint-leaf", "put-put", "double-free-home", "fresh-claim", "moving-frame"]


def compare(folder, out):
    result = subprocess.run([f"{folder}/explore", "--compare", *COMPARED], stdout=subprocess.PIPE, text=True)
    lines = result.stdout.splitlines()
    for line in lines:
        out.line(line.endswith("same"), "no schedule that matters is left out: " + line.replace("\t", ", "), "")
    return len(lines) == len(COMPARED) and result.returncode == 0


def main():
    arguments = sys.argv[1:]
    full = arguments[0] == "--full"
    folder, table = arguments[-2:]
    jobs = list(jobs_of(folder, TWIN.findall(pathlib.Path(table).read_text())))
    out = Table() if full else Tap()
    all_good = True
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        results = pool.map(lambda job: explore(job[0], job[1], full), jobs)
        for (_, _, twin), (fields, output) in zip(jobs, results):
            good = fields[6].startswith("FAILED" if twin else "holds")
            if twin:
                out.twin(twin, fields, good, output)
            else:
                out.scenario(fields, good, output)
            all_good &= good
    all_good &= compare(folder, out)
    out.end()
    sys.exit(0 if all_good else 1)


main()
