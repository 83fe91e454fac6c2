"""Compiles a mutant and has it judged by test programs, which are described in a file like this:

    [build plain]                        how the sources are compiled
    compile = gcc -O2 -c {source} -o {object}
    decides = relation bits order        kinds of which a mutant with the same object code here is no mutant: by default all

    [judge unit/refs]                    a program that is linked with them
    build = plain
    link = gcc refs.o {core} -o {program}
    run = {program}                      one command in each line; exit status 0: the mutant was not noticed
        FAST=1 {program}

Builds are tried in the order of the file. Of the runs of one build those go first that take little time for what they kill:
of the same file so far. The first kill ends the matter.
"""
import collections
import concurrent.futures
import configparser
import hashlib
import os
import pathlib
import queue
import shutil
import signal
import subprocess
import time

# A mutant hangs that takes so many times the processor time that the unchanged sources take, and `patience` seconds; or so
# much longer by the clock, since one may hang without using any.
LIMIT, CLOCK = 5, 10
LINKING = 0.1  # seconds, about; added to a run's own

# killer: "invalid" (does not compile), "same" (the same object code as the original or another mutant), "survived", or the name
# of the judge. objects: digest of the object code that was judged, "" where it was not.
Verdict = collections.namedtuple("Verdict", "killer hung objects")


class Stop(Exception):
    """Something is wrong with the judges, not with a mutant."""


def shell(command, folder=None, cpu_seconds=None, clock_seconds=None):
    """(exit status, seconds of processor time, output); status None: it hung, and was ended."""
    if cpu_seconds is not None:
        command = f"ulimit -t {int(cpu_seconds) + 1}; {command}"
    output = open(folder / "output", "w+b") if folder else subprocess.DEVNULL
    process = subprocess.Popen(["sh", "-c", "ulimit -c 0; " + command], stdin=subprocess.DEVNULL, stdout=output,
                               stderr=output, start_new_session=True)
    began = time.monotonic()
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        hung = clock_seconds is not None and time.monotonic() - began > clock_seconds
        if pid != 0 or hung:
            break
        time.sleep(0.002 if time.monotonic() - began < 0.2 else 0.02)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    if pid == 0:
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = code = os.waitstatus_to_exitcode(status)
    seconds = usage.ru_utime + usage.ru_stime
    text = ""
    if folder:
        output.seek(0)
        text = output.read(4000).decode(errors="replace")
        output.close()
    killed_by_limit = code in (-signal.SIGXCPU, -signal.SIGKILL, 128 + signal.SIGXCPU, 128 + signal.SIGKILL)
    return None if hung or killed_by_limit else code, seconds, text


class Judges:
    def __init__(self, description, sources, folder, patience):
        table = configparser.ConfigParser(interpolation=None)
        if not table.read(description):
            raise Stop(f"there is no {description}")
        named = {tuple(name.split(None, 1)): section for name, section in table.items() if " " in name}
        self.builds = {name: section for (kind, name), section in named.items() if kind == "build"}
        self.judges = {name: section for (kind, name), section in named.items() if kind == "judge"}
        self.folder = pathlib.Path(folder)
        self.patience = patience
        self.units = sorted(source.name for source in sources if source.suffix == ".c")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.base = self.make_folder("base", sources)
        self.runs = {name: [] for name in self.builds}  # (seconds, judge, command)
        self.kills = collections.Counter()  # by path and run
        self.seen = set()  # digests of object code that was judged already

    def make_folder(self, name, sources):
        folder = self.folder / name
        for build in self.builds:
            (folder / build).mkdir(parents=True)
        (folder / "src").mkdir()
        for source in sources:
            shutil.copy(source, folder / "src")
        return folder

    def compile(self, folder, build, unit):
        """The digest of the object code; None: it does not compile."""
        made = folder / build / (unit + ".o")
        command = self.builds[build]["compile"].format(source=folder / "src" / unit, object=made)
        status, _, _ = shell(command)
        return hashlib.sha256(made.read_bytes()).hexdigest() if status == 0 else None

    def link(self, folder, judge, changed):
        """The program; None: it does not link. Units not in `changed` are taken as they were."""
        section = self.judges[judge]
        build = section["build"]
        core = [(folder if unit in changed else self.base) / build / (unit + ".o") for unit in self.units]
        program = folder / build / judge.replace("/", "-")
        status, _, _ = shell(section["link"].format(core=" ".join(map(str, core)), program=program))
        return program if status == 0 else None

    def prepare(self, n_workers):
        """Everything is built once from the unchanged sources, and each run must be content with them. Returns a digest of all
        programs."""
        with concurrent.futures.ThreadPoolExecutor(n_workers) as pool:
            made = [(build, unit) for build in self.builds for unit in self.units]
            self.digests = dict(zip(made, pool.map(lambda pair: self.compile(self.base, *pair), made)))
            for (build, unit), digest in self.digests.items():
                if digest is None:
                    raise Stop(f"build {build}: {unit} does not compile as it is")
            for judge, runs in zip(self.judges, pool.map(self.try_judge, self.judges)):
                self.runs[self.judges[judge]["build"]] += runs
        programs = sorted(path for path in self.base.rglob("*") if path.is_file() and path.stat().st_mode & 0o100)
        return hashlib.sha256(b"".join(path.read_bytes() for path in programs)).hexdigest()

    def try_judge(self, judge):
        program = self.link(self.base, judge, [])
        if program is None:
            raise Stop(f"judge {judge} can not be linked")
        runs = []
        for command in self.judges[judge]["run"].strip().splitlines():
            folder = self.base / judge.replace("/", "-")  # for what it prints
            folder.mkdir(exist_ok=True)
            status, seconds, text = shell(command.replace("{program}", str(program)), folder)
            if status != 0:
                raise Stop(f"judge {judge} is not content with the sources as they are:\n{command}\n{text}")
            runs.append((seconds, judge, command))
        return runs

    def verdict(self, folder, mutant):
        source = folder / "src" / pathlib.Path(mutant.path).name
        text = source.read_text()
        source.write_text(text[:mutant.start] + mutant.new + text[mutant.end:])
        try:
            return self.judge(folder, mutant, self.units if source.suffix == ".h" else [source.name])
        finally:
            source.write_text(text)

    def judge(self, folder, mutant, changed):
        objects = ""
        for build, section in self.builds.items():
            digests = []
            for unit in changed:
                digests.append(self.compile(folder, build, unit))
                if digests[-1] is None:
                    return Verdict("invalid", False, "")
            if all(digest == self.digests[build, unit] for digest, unit in zip(digests, changed)):
                continue
            if mutant.kind in section.get("decides", mutant.kind).split():
                this = hashlib.sha256("".join(digests).encode()).hexdigest()
                if objects == "" and this in self.seen:
                    return Verdict("same", False, "")
                self.seen.add(this)
                objects = objects or this
            killer, hung = self.run_all(folder, build, changed, mutant.path)
            if killer is not None:
                return Verdict(killer, hung, objects)
        return Verdict("survived" if objects else "same", False, objects)

    def run_all(self, folder, build, changed, path):
        programs = {}

        def cost(run):
            return (run[0] + LINKING) / (1 + self.kills[path, run])

        for run in sorted(self.runs[build], key=cost):
            seconds, judge, command = run
            if judge not in programs:
                programs[judge] = self.link(folder, judge, changed)
            if programs[judge] is None:  # something is left undefined
                return judge, False
            limit = LIMIT * seconds + self.patience
            status, _, _ = shell(command.replace("{program}", str(programs[judge])), folder, limit, CLOCK * limit)
            if status != 0:
                self.kills[path, run] += 1
                return judge, status is None
        return None, False

    def verdicts(self, mutants, n_workers):
        """Yields (mutant, verdict) as they come."""
        folders = queue.SimpleQueue()
        for i in range(n_workers):
            folders.put(self.make_folder(f"worker{i}", self.base.glob("src/*")))

        def one(mutant):
            folder = folders.get()
            try:
                return mutant, self.verdict(folder, mutant)
            finally:
                folders.put(folder)

        pool = concurrent.futures.ThreadPoolExecutor(n_workers)
        try:
            for future in concurrent.futures.as_completed([pool.submit(one, mutant) for mutant in mutants]):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)
