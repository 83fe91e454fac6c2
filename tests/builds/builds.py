#!/usr/bin/env python3
"""The unit tests in every way in which the core can be built: machines, compilers, levels of optimisation, levels of
checks (QUIRE_CHECK), sizes of pages.

    builds.py few-1, few-2 on the processors of this machine: each value of each setting in at least one build
    builds.py elsewhere   a processor with the big end first; and mistakes that must be found
    builds.py aarch64     another processor, or riscv64: the usual build, with the model and the faults
    builds.py pairs       on the processors of this machine: each pair of two settings' values in at least one build
    builds.py all         on the processors of this machine every combination, on the others the usual build and each pair
    builds.py i386 gcc O2 1 14   one of them, by the name that it fails with

Two print a table, pairs and all: a line for each build, one for each machine at the end. The others print TAP.
Only the core is compiled anew for each build; the tests once for each machine and page size, with the cmocka.h and the
scaled.h beside this file. What can not pass somewhere is in the list `exceptions`, and must fail there.

From make come CC, CLANG, BUILD, STRICT, which are the warnings, and PROGRAMS: "name: source source..." for each of those
that are no unit tests."""
import concurrent.futures
import fnmatch
import functools
import itertools
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, "tools")
import foreign
import tap
from machines import HOST, MACHINES, NATIVE

HERE = pathlib.Path("tests/builds")
OUT = pathlib.Path(os.environ.get("BUILD", "build"), HERE, "in", *sys.argv[1:2]).absolute()  # others may run beside this
STRICT = os.environ.get("STRICT", "-std=c11 -Wall -Wextra -Werror").split()
INCLUDE = ["-I" + os.path.abspath(folder) for folder in (HERE, "include", "port/host", ".")]
LIMIT_SECONDS = 300  # for one program

PROGRAMS = {name: sources.split() for name, sources in
            re.findall(r"(\w+): ((?:\S+\.c ?)+)", os.environ.get("PROGRAMS", ""))}
DEFAULT = ("O2", "1", "12")  # of level, check and page size
STEPS = 1000  # of the programs that draw random numbers, with each of their 40 seeds
UNIT = {path.stem: path.absolute() for path in pathlib.Path("tests/unit").glob("*.c")}
SHARED = ("unit", "memory")
# About one processor and no build: interrupt, disturbed.
TOPICS = sorted(UNIT.keys() - {*SHARED, "interrupt", "disturbed", "nested"})

LEVELS = {
    "O0": ["-O0"], "O2": ["-O2"], "Os": ["-Os"],
    "ubsan": ["-O1", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"],
}
CHECKS = ("0", "1", "2")
PAGES = ("12", "14", "16")
FEW = [
    (HOST, "clang", "ubsan", "2", "12"),
    (HOST, "gcc", "O0", "1", "16"),
    ("i386", "gcc", "O2", "0", "14"),
    ("i386", "clang", "Os", "2", "12"),
]
BIG_ENDIAN = ("s390x", "clang", *DEFAULT)
ORDINARY = {"aarch64": "clang", "riscv64": "gcc"}  # simulated processors that can do all that this one can: who compiles


# ---- which builds ----

def product(machine):
    pages = PAGES if machine in NATIVE else PAGES[:1]  # filling larger ones takes QEMU minutes
    return list(itertools.product([machine], MACHINES[machine].compilers, LEVELS, CHECKS, pages))


def usual(machine):
    return (machine, ORDINARY[machine], *DEFAULT)


def pairs_of(build):
    return set(itertools.combinations(enumerate(build), 2))


def covering(builds):
    """Few of the builds, with each pair of values that is in any of them."""
    left = set().union(*map(pairs_of, builds))
    chosen = []
    while left:
        chosen.append(max(builds, key=lambda build: len(pairs_of(build) & left)))
        left -= pairs_of(chosen[-1])
    return chosen


def title(build):
    *_, check, page = build
    return f"{' '.join(build)} (QUIRE_CHECK {check}, pages of {1 << int(page) >> 10} KiB)"


def topics(machine, page):
    """With `nested` where it is affordable: it fills many frames, large ones for long, and simulated it takes minutes."""
    return [*TOPICS, "nested"] if machine in NATIVE and page == "12" else TOPICS


def programs_of(machine, *build):
    """Those beside the unit tests."""
    return PROGRAMS if machine in ORDINARY and tuple(build[1:]) == DEFAULT else {}


# ---- building ----

class Failure(Exception):
    """What a compiler or linker said."""


def run(command, folder):
    try:
        done = subprocess.run(list(map(str, command)), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError as error:
        raise Failure(f"{command[0]} can not be started: {error.strerror}") from error
    if done.returncode != 0:
        raise Failure(" ".join(map(str, command)) + "\n" + done.stdout)


def compile_all(command, sources, folder):
    """The objects, in `folder`. One process: starting a compiler takes as long as compiling a file."""
    folder.mkdir(parents=True, exist_ok=True)
    run([*command, *INCLUDE, "-c", *sources], folder)
    return [folder / (pathlib.Path(source).stem + ".o") for source in sources]


@functools.lru_cache(maxsize=None)
def tests(machine, page):
    """The folder with the objects of the tests and of what they share."""
    folder = OUT / f"tests-{machine}-{page}"
    command = [*MACHINES[machine].tests, "-std=c11", "-O1", "-g", f"-DQUIRE_PAGE_SHIFT={page}"]
    scaled = ["-include", HERE.absolute() / "scaled.h"]
    compile_all([*command, *scaled], [UNIT[name] for name in (*topics(machine, page), "unit")], folder)
    compile_all(command, [UNIT["memory"], os.path.abspath("port/host/host.c")], folder)
    if machine in ORDINARY and page == DEFAULT[-1]:
        sources = sorted({pathlib.Path(source).absolute() for source in sum(PROGRAMS.values(), [])})
        for parent, of_parent in itertools.groupby(sources, lambda source: source.parent):
            compile_all(command, list(of_parent), folder / parent.name)
    return folder


def build_programs(build, planted=()):
    """Paths of the programs, one for each topic. `planted`: how a mistake between tests and core is compiled; refs finds it."""
    machine, compiler, level, check, page = build
    objects = tests(machine, page)
    folder = OUT / "-".join((*build, *planted))
    command = [*MACHINES[machine].compilers[compiler], *STRICT, *LEVELS[level], "-g"]
    command += [f"-DQUIRE_CHECK={check}", f"-DQUIRE_PAGE_SHIFT={page}"]
    core = compile_all(command, sorted(pathlib.Path("src").absolute().glob("*.c")), folder)
    wrap = []
    if planted:
        core += compile_all([*command, *planted], [HERE.absolute() / "planted.c"], folder)
        wrap = MACHINES[machine].wrap("quire_refs")
    shared = folder / "shared.a"
    shared.unlink(missing_ok=True)
    run(["llvm-ar", "rcs", shared, *core, *(objects / f"{name}.o" for name in (*SHARED, "host"))], folder)
    programs = [folder / topic for topic in (["refs"] if planted else topics(machine, page))]
    for program in programs:
        run([*MACHINES[machine].link(objects / f"{program.name}.o", shared), *wrap, "-o", program], folder)
    others = {} if planted else programs_of(*build)
    for name, sources in others.items():
        parts = [(objects / pathlib.Path(source).parent.name / pathlib.Path(source).name).with_suffix(".o") for source in sources]
        run([*MACHINES[machine].link(*parts, shared), "-o", folder / name], folder)
    return [*programs, *(folder / name for name in others)]


# ---- running ----

def output_of(command):
    """(what it prints, its exit status or why it has none). What it leaves running is ended, too."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          start_new_session=True, env=dict(os.environ, MODEL_STEPS=str(STEPS))) as process:
        try:
            return process.communicate(timeout=LIMIT_SECONDS)[0], process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.communicate()[0], f"none after {LIMIT_SECONDS} s"


def results(program):
    """[(topic, test, passed, what it said)], with a failure of the program itself as one of its tests."""
    output, status = output_of(foreign.command(program))
    if program.name in PROGRAMS:
        return [(program.name, "the program", status == 0, output)]
    found, said = [], ""
    for line in output.splitlines():
        test = re.match(r"(not )?ok \d+ - (\w+): (\w+)", line)
        if test:
            found.append((test.group(2), test.group(3), not test.group(1), said))
        said = "" if test else f"{said}{line}\n"
    if status not in (0, 1) or not found:
        found.append((program.name, "the program", False, f"{said}exit status {status}"))
    return found


def read_exceptions():
    lines = [line for line in (HERE / "exceptions").read_text().splitlines() if not line.startswith("#")]
    return [tuple(line.split()[:5]) for line in lines]


EXCEPTIONS = read_exceptions()


def is_exception(*test):
    return any(all(map(fnmatch.fnmatchcase, test, exception)) for exception in EXCEPTIONS)


def judge(build, programs):
    """(lines about what is wrong with a build, how many tests passed)"""
    machine, *_, check, page = build
    wrong, n_passed = [], 0
    for program in programs:
        has_more = machine in NATIVE and foreign.simulator(program)  # room for a process than this machine would have
        for topic, test, passed, said in results(program):
            n_passed += passed
            if passed == is_exception(machine, check, page, topic, test) and not (passed and has_more):
                wrong.append(f"{topic}: {test}: " + ("passes, though `exceptions` has it" if passed else said))
    return wrong, n_passed


# ---- what is said about them ----

class Tap:
    def skip(self, machine, why):
        tap.skip(f"builds for {machine}", why)

    def result(self, build, wrong, n_passed, _):
        tap.result(f"{title(build)}: {n_passed} tests", wrong)

    def end(self):
        tap.end()


class Table:
    """Who waits for it sees how far it is; the end tells it all once more."""

    def __init__(self):
        self.began, self.rows, self.skips = time.monotonic(), [], []

    def skip(self, machine, why):
        self.skips.append(f"{machine:8} skipped: {why}")

    def result(self, build, wrong, n_passed, seconds):
        self.rows.append((build, wrong, n_passed))
        verdict = "FAIL" if wrong else "ok  "
        print(f"{len(self.rows):4} of {self.n_builds}  {verdict} {seconds:6.1f} s {n_passed:4} tests  {title(build)}")
        for line in "\n".join(wrong).splitlines():
            print("# " + line)
        sys.stdout.flush()

    def end(self):
        failed = [build for build, wrong, _ in self.rows if wrong]
        print(f"\n{'':8} builds  failed  tests passed")
        for machine in dict.fromkeys(build[0] for build, *_ in self.rows):
            passed = [n_passed for build, _, n_passed in self.rows if build[0] == machine]
            n_failed = sum(build[0] == machine for build in failed)
            print(f"{machine:8} {len(passed):6}  {n_failed:6}  {sum(passed):12}")
        for line in [*self.skips, *(f"failed:  {title(build)}" for build in failed)]:
            print(line)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(f"{len(self.rows) - len(failed)} of {len(self.rows)} builds ok, in {time.monotonic() - self.began:.0f} s, "
              f"{used.ru_utime + used.ru_stime:.0f} s of processor time")
        sys.exit(1 if failed else 0)


# ---- the tests ----

@functools.lru_cache(maxsize=None)
def why_not(machine):
    """Why nothing can be built for it or run, or nothing. What is tried is a program that does nothing."""
    if MACHINES[machine].missing():
        return MACHINES[machine].missing()
    folder = OUT / f"nothing-{machine}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nothing.c").write_text("int main(void) {\n    return 0;\n}\n")
    run([*MACHINES[machine].link(*compile_all(MACHINES[machine].tests, ["nothing.c"], folder)), "-o", "nothing"], folder)
    try:
        foreign.command(folder / "nothing")
    except foreign.Refused as why:
        return str(why)
    return ""


def skipped(builds, skip):
    """The builds without those for which something is missing here, each of which is said."""
    for machine, why in {build[0]: why_not(build[0]) for build in builds}.items():
        if why:
            skip(machine, why)
            builds = [build for build in builds if build[0] != machine]
    return builds


def build_and_judge(build, planted=()):
    """(lines about what is wrong with it, how many tests passed, seconds)"""
    began = time.monotonic()
    try:
        wrong, n_passed = judge(build, build_programs(build, planted))
    except Failure as failure:
        wrong, n_passed = [str(failure)], 0
    return wrong, n_passed, time.monotonic() - began


def run_builds(builds, report, jobs=1):
    builds = skipped(builds, report.skip)
    report.n_builds = len(builds)
    for machine, page in sorted({(build[0], build[-1]) for build in builds}):
        tests(machine, page)  # before there are several at a time who want them
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(build_and_judge, build): build for build in builds}
        for done in concurrent.futures.as_completed(waiting):
            report.result(waiting[done], *done.result())


def run_plants(report):
    for build, plant, expected in [
        (("i386", "gcc", "O0", "2", "16"), "-DPLANT_WRONG", True),
        ((HOST, "clang", "O2", "0", "12"), "-DPLANT_WRONG", True),
        (("i386", "clang", "O0", "1", "12"), "-DPLANT_UNDEFINED", False),
        (("i386", "clang", "ubsan", "1", "12"), "-DPLANT_UNDEFINED", True),
        ((HOST, "gcc", "ubsan", "1", "12"), "-DPLANT_UNDEFINED", True),
    ]:
        if skipped([build], report.skip):
            wrong, *_ = build_and_judge(build, (plant,))
            is_found = any(line.startswith("refs: ") for line in wrong)
            tap.expect(f"{title(build)}, {plant}: {'found' if expected else 'nothing is wrong'}",
                       is_found if expected else not wrong, "\n".join(wrong))


def main(words):
    native = [build for machine in NATIVE for build in product(machine)]
    others = [machine for machine in MACHINES if machine not in NATIVE]
    report = Table() if words in (["pairs"], ["all"]) else Tap()
    if words in (["few-1"], ["few-2"]):  # half of them each, so that none takes long
        run_builds(FEW[int(words[0][-1]) - 1::2], report)
    elif words == ["elsewhere"]:
        run_builds([BIG_ENDIAN], report)
        run_plants(report)
    elif len(words) == 1 and words[0] in ORDINARY:
        run_builds([usual(words[0])], report)
    elif words == ["pairs"]:
        run_builds(covering(native), report)
    elif words == ["all"]:
        simulated = [build for machine in others for build in covering(product(machine))]
        usually = [usual(machine) for machine in others if machine in ORDINARY]
        run_builds(native + sorted({*simulated, *usually}), report, len(os.sched_getaffinity(0)))
    elif words and words[0] in MACHINES and tuple(words) in product(words[0]):
        run_builds([tuple(words)], report)
    else:
        print("builds: say few-1, few-2, elsewhere, aarch64, riscv64, pairs or all, or name a build: i386 gcc O2 1 14", file=sys.stderr)
        sys.exit(2)
    report.end()


try:
    main(sys.argv[1:])
except Failure as failure:  # of the tests: without them there is nothing to build for
    sys.exit(f"builds: {failure}")
