#!/usr/bin/env python3
"""The unit tests in every way in which the core can be built: machines, compilers, levels of optimisation, levels of
checks (QUIRE_CHECK), sizes of pages.

    builds.py few         on the processors of this machine: each value of each setting in at least one build
    builds.py elsewhere   a processor with the big end first; and mistakes that must be found
    builds.py pairs       on the processors of this machine: each pair of two settings' values in at least one build
    builds.py all         on the processors of this machine every combination, on the others each pair
    builds.py i386 gcc O2 1 14   one of them, by the name that it fails with

Only the core is compiled anew for each build; the tests once for each machine and page size, with the cmocka.h and the
scaled.h beside this file. What can not pass somewhere is in the list `exceptions`, and must fail there.

CC, CLANG, BUILD and STRICT, the warnings, come from make."""
import concurrent.futures
import fnmatch
import functools
import itertools
import os
import pathlib
import re
import signal
import subprocess
import sys

sys.path.insert(0, "tools")
import tap
from machines import MACHINES

HERE = pathlib.Path("tests/builds")
OUT = pathlib.Path(os.environ.get("BUILD", "build"), HERE, "in", *sys.argv[1:2]).absolute()  # others may run beside this
STRICT = os.environ.get("STRICT", "-std=c11 -Wall -Wextra -Werror").split()
INCLUDE = ["-I" + os.path.abspath(folder) for folder in (HERE, "include", "port/host", ".")]
LIMIT_SECONDS = 300  # for one program

UNIT = {path.stem: path.absolute() for path in pathlib.Path("tests/unit").glob("*.c")}
SHARED = ("unit", "memory")
TOPICS = sorted(UNIT.keys() - {*SHARED, "interrupt", "nested"})  # interrupt is about one processor and no build at all

NATIVE = ("x86-64", "i386")
LEVELS = {
    "O0": ["-O0"], "O2": ["-O2"], "Os": ["-Os"],
    "ubsan": ["-O1", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"],
}
CHECKS = ("0", "1", "2")
PAGES = ("12", "14", "16")
FEW = [
    ("x86-64", "clang", "ubsan", "2", "12"),
    ("x86-64", "gcc", "O0", "1", "16"),
    ("i386", "gcc", "O2", "0", "14"),
    ("i386", "clang", "Os", "2", "12"),
]
ELSEWHERE = [("s390x", "clang", "O2", "1", "12")]


# ---- which builds ----

def product(machine):
    pages = PAGES if machine in NATIVE else PAGES[:1]  # filling larger ones takes QEMU minutes
    return list(itertools.product([machine], MACHINES[machine].compilers, LEVELS, CHECKS, pages))


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


# ---- building ----

class Failure(Exception):
    """What a compiler or linker said."""


def run(command, folder):
    done = subprocess.run(list(map(str, command)), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
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
    return programs


# ---- running ----

def output_of(command):
    """(what it prints, its exit status or why it has none). What it leaves running is ended, too."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          start_new_session=True) as process:
        try:
            return process.communicate(timeout=LIMIT_SECONDS)[0], process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.communicate()[0], f"none after {LIMIT_SECONDS} s"


def results(machine, program):
    """[(topic, test, passed, what it said)], with a failure of the program itself as one of its tests."""
    output, status = output_of([*MACHINES[machine].run, program])
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
        for topic, test, passed, said in results(machine, program):
            n_passed += passed
            if passed == is_exception(machine, check, page, topic, test):
                wrong.append(f"{topic}: {test}: " + ("passes, though `exceptions` has it" if passed else said))
    return wrong, n_passed


# ---- the tests ----

def skipped(builds):
    """The builds without those for which something is missing here, each of which is said."""
    for machine, why in {build[0]: MACHINES[build[0]].missing() for build in builds}.items():
        if why:
            tap.skip(f"builds for {machine}", why)
            builds = [build for build in builds if build[0] != machine]
    return builds


def build_and_judge(build, planted=()):
    try:
        programs = build_programs(build, planted)
    except Failure as failure:
        return [str(failure)], 0
    return judge(build, programs)


def run_builds(builds, jobs=1):
    builds = skipped(builds)
    for machine, page in sorted({(build[0], build[-1]) for build in builds}):
        tests(machine, page)  # before there are several at a time who want them
    n_tests = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(build_and_judge, build): build for build in builds}
        for done in concurrent.futures.as_completed(waiting):
            wrong, n_passed = done.result()
            n_tests += n_passed
            tap.result(f"{title(waiting[done])}: {n_passed} tests", wrong)
    print(f"# {len(builds)} builds, {n_tests} tests passed in them")


def run_plants():
    for build, plant, expected in [
        (("i386", "gcc", "O0", "2", "16"), "-DPLANT_WRONG", True),
        (("x86-64", "clang", "O2", "0", "12"), "-DPLANT_WRONG", True),
        (("i386", "clang", "O0", "1", "12"), "-DPLANT_UNDEFINED", False),
        (("i386", "clang", "ubsan", "1", "12"), "-DPLANT_UNDEFINED", True),
        (("x86-64", "gcc", "ubsan", "1", "12"), "-DPLANT_UNDEFINED", True),
    ]:
        if skipped([build]):
            wrong, _ = build_and_judge(build, (plant,))
            is_found = any(line.startswith("refs: ") for line in wrong)
            tap.expect(f"{title(build)}, {plant}: {'found' if expected else 'nothing is wrong'}",
                       is_found if expected else not wrong, "\n".join(wrong))


def main(words):
    native = [build for machine in NATIVE for build in product(machine)]
    others = [machine for machine in MACHINES if machine not in NATIVE]
    if words == ["few"]:
        run_builds(FEW)
    elif words == ["elsewhere"]:
        run_builds(ELSEWHERE)
        run_plants()
    elif words == ["pairs"]:
        run_builds(covering(native))
    elif words == ["all"]:
        simulated = [build for machine in others for build in covering(product(machine))]
        run_builds(native + simulated, len(os.sched_getaffinity(0)))
    elif words and words[0] in MACHINES and tuple(words) in product(words[0]):
        run_builds([tuple(words)])
    else:
        print("builds: say few, elsewhere, pairs or all, or name a build: i386 gcc O2 1 14", file=sys.stderr)
        sys.exit(2)
    tap.end()


main(sys.argv[1:])
