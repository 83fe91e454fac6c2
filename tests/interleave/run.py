#!/usr/bin/env python3
"""Runs the explorer over its scenarios and their twins.

    run.py FOLDER             quick bounds, schedules and crashes, as TAP
    run.py --full FOLDER      full bounds, schedules, as a table; twins within the quick bounds
    run.py --crashes FOLDER   full bounds, crashes, as a table

FOLDER has `explore` and twins/<name>/explore, and folders with the same for an allocator built otherwise: local, check-2,
and blocks-of-<n> where programs of 32 bits are built. A scenario must hold, a twin must be found. Exit status 0 if all is so.
"""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import time

sys.path.insert(0, "tools")
import foreign

AT_A_TIME = 2
HERE = pathlib.Path(__file__).parent
TWIN = re.compile(r"^twin (\S+)\nscenario (.+)\n(?:built (.+)\n)?", re.M)

SCHEDULES = ["scenario", "threads", "preemptions", "stale", "schedules", "seconds", "verdict"]
CRASHES = ["scenario", "threads", "preemptions", "crashes", "states", "in recovery", "states", "seconds", "verdict"]

BUILDS = ["local", "blocks-of-32", "blocks-of-64", "check-2"]

# Small ones, which can be explored without leaving equivalent schedules out.
COMPARED = ["refill-give-back", "nested-refill", "hint-leaf", "put-put", "double-free-home", "fresh-claim", "moving-frame"]


class Kind:
    """What is asked of the explorer: its schedules, or crashes in them."""

    def __init__(self, option, head, counted, twins, twins_in_full, builds):
        self.option, self.head, self.counted = option, head, counted  # `counted`: the fields that are added up
        self.twins = TWIN.findall((HERE / twins).read_text())
        self.twins_in_full = twins_in_full  # else within the quick bounds: within larger ones some mistakes come late
        self.builds = builds

    def scenarios(self, build, full):
        command = [*foreign.command(build / "explore"), "--list", *self.option, *(["--full"] if full else [])]
        names = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        return [line.split()[0] for line in names.splitlines()]

    def name(self, build):
        return "." if build == self.builds[0] else build.name

    def jobs(self, full):
        """(build, scenario, name of the twin or None), each twin behind its scenario"""
        for build in self.builds:
            for scenario in self.scenarios(build, full):
                yield build, scenario, None
                for twin, finds, built in self.twins:
                    if scenario in finds.split() and self.name(build) in (built or ".").split():
                        yield build, scenario, twin

    def explore(self, build, scenario, twin, full):
        """(fields of the result line, all of the output)"""
        program = build / "twins" / twin / "explore" if twin else build / "explore"
        command = [*foreign.command(program), *self.option, *(["--full"] if full else []), scenario]
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
        fields = output.splitlines()[0].split("\t") if output else []
        if len(fields) != len(self.head):
            fields = [scenario, *["0"] * (len(self.head) - 2), "the explorer crashed"]
        if build != self.builds[0]:
            fields[0] += f" ({self.name(build).replace('-', ' ')})"
        return fields, output


class Tap:
    def __init__(self):
        self.n = 0

    def begin(self, kind):
        pass

    def scenario(self, kind, fields, good, output):
        self.line(good, f"{fields[0]}: {self.count(kind, fields)}, {fields[-1]}".replace("#", ""), output)

    def twin(self, kind, name, fields, good, output):
        self.line(good, f"twin {name} of {fields[0]}: {self.count(kind, fields)}, {fields[-1]}".replace("#", ""), output)

    def count(self, kind, fields):
        return f"{fields[kind.counted[0]]} {kind.head[kind.counted[0]]}"

    def line(self, good, text, output):
        self.n += 1
        print("ok" if good else "not ok", self.n, "-", text, flush=True)
        for line in [] if good else output.splitlines():
            print("#", line)

    def skip(self, name, why):
        self.line(True, f"{name} # SKIP {why}", "")

    def total(self, kind, seconds):
        pass

    def end(self):
        print(f"1..{self.n}")


class Table:
    def begin(self, kind):
        self.sums = [0] * len(kind.head)
        self.row(kind.head)

    def row(self, fields):
        print(fields[0].ljust(36), *(f.ljust(11) for f in fields[1:]), flush=True)

    def scenario(self, kind, fields, good, output):
        self.row(fields)
        for i in kind.counted:
            self.sums[i] += int(fields[i])
        if not good:
            print(output)

    def twin(self, kind, name, fields, good, output):
        verdict = f"found: {fields[-1].removeprefix('FAILED: ')}" if good else "NOT FOUND"
        self.row(["  twin " + name, "", *fields[2:-1], verdict])

    def line(self, good, text, output):
        print(text)

    def skip(self, name, why):
        print(f"{name} skipped: {why}")

    def total(self, kind, seconds):
        a_minute = int(self.sums[kind.counted[0]] * 60 / seconds)
        self.row(["all scenarios", *(str(self.sums[i]) if i in kind.counted else "" for i in range(1, len(kind.head) - 2)),
                  f"{seconds:.0f}", f"{a_minute} {kind.head[kind.counted[0]]} a minute"])

    def end(self):
        pass


def run(kind, full, out):
    jobs = list(kind.jobs(full))
    all_good, began = True, time.monotonic()
    out.begin(kind)
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        results = pool.map(lambda job: kind.explore(*job, full and (kind.twins_in_full or not job[2])), jobs)
        for (_, _, twin), (fields, output) in zip(jobs, results):
            good = fields[-1].startswith("FAILED" if twin else "holds")
            if twin:
                out.twin(kind, twin, fields, good, output)
            else:
                out.scenario(kind, fields, good, output)
            all_good &= good
    out.total(kind, time.monotonic() - began)
    return all_good


def compare(folder, out):
    result = subprocess.run([f"{folder}/explore", "--compare", *COMPARED], stdout=subprocess.PIPE, text=True)
    lines = result.stdout.splitlines()
    for line in lines:
        out.line(line.endswith("same"), "no schedule that matters is left out: " + line.replace("\t", ", "), "")
    return len(lines) == len(COMPARED) and result.returncode == 0


def each_has_a_twin(kinds, out):
    """The litmus programs are of the explorer itself, and say what must be found and what not."""
    found = {scenario for kind in kinds for _, finds, _ in kind.twins for scenario in finds.split()}
    names = [name for name in kinds[0].scenarios(kinds[0].builds[0], True) if not name.startswith("litmus-")]
    alone = [name for name in names if name not in found]
    out.line(not alone, "each scenario has a twin" + "".join(f", but {name} has none" for name in alone), "")
    return not alone


def usable(builds, out):
    """Those whose programs are here and can be run here."""
    for build in builds:
        try:
            foreign.command(build / "explore")
            yield build
        except FileNotFoundError:
            out.skip(build.name, foreign.NOT_BUILT)
        except foreign.Refused as why:
            out.skip(build.name, why)


def main():
    *options, folder = sys.argv[1:]
    folder = pathlib.Path(folder)
    full = options != []
    out = Table() if full else Tap()
    builds = list(usable([folder, *(folder / name for name in BUILDS)], out))
    schedules = Kind([], SCHEDULES, [4], "twins", False, builds)
    crashes = Kind(["--crash"], CRASHES, [3, 4, 5, 6], "crash-twins", True, [b for b in builds if b in (folder, folder / "local")])
    all_good = True
    if options != ["--crashes"]:
        all_good &= run(schedules, full, out) & compare(folder, out) & each_has_a_twin([schedules, crashes], out)
    if options != ["--full"]:
        all_good &= run(crashes, full, out)
    out.end()
    sys.exit(0 if all_good else 1)


main()
