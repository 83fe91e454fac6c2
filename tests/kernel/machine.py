"""Boots of the reference kernel for the tests of this folder, and their results as TAP."""
import concurrent.futures
import importlib
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

import watchdog

BUILD = os.environ.get("BUILD", "build")
ARCH = os.environ.get("ARCH", "riscv64")
SPECIAL = importlib.import_module(f"machines.{ARCH}")  # what is special about it
KERNEL_OUT = f"{BUILD}/kernel/{ARCH}"
KERNEL = f"{KERNEL_OUT}/kernel.elf"
KERNEL_LOCAL = f"{KERNEL_OUT}-local/kernel.elf"  # LOCAL=1
TESTED = f"{BUILD}/tests/kernel/{ARCH}"  # kernels with something planted
INITRAMFS = f"{BUILD}/user/{ARCH}/initramfs.cpio"
AT_A_TIME = 2
LIMIT_SECONDS = 300  # a boot takes a few, up to a hundred where memory is large; more is a hang
TAIL_LINES = 30


def command(harts, memory, *words, kernel=KERNEL, initramfs=INITRAMFS):
    return ["kernel/run.sh", ARCH, str(harts), memory, kernel, initramfs, *words]


class Setup:
    """What a boot is made of that depends on the machine: SPECIAL.set_up changes it."""

    def __init__(self):
        self.kernel, self.initramfs = KERNEL, INITRAMFS
        self.environment = SPECIAL.ENVIRONMENT  # for kernel/run.sh
        self.options = []  # for QEMU
        self.lost_mib = 0  # memory that is not there
        self.lines = ()  # that the kernel has to say


class Boot:
    """One boot: its exit status, None for a hang, and what the kernel said, without the firmware's part."""

    def __init__(self, *arguments, kernel=KERNEL, initramfs=INITRAMFS, environment=None, qemu_options="",
                 limit=LIMIT_SECONDS):
        self.hang = []  # what the harts were doing
        with tempfile.TemporaryDirectory() as folder:
            monitor = f"{folder}/monitor"
            options = f"{qemu_options} {watchdog.options(monitor)}"
            process = subprocess.Popen(command(*arguments, kernel=kernel, initramfs=initramfs),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       env={**os.environ, **(environment or {}), "QEMU_OPTIONS": options})
            try:
                output, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                self.hang = [f"no exit after {limit} seconds: it hangs"] + watchdog.report(monitor, kernel, SPECIAL)
                process.kill()
                output, _ = process.communicate()
        self.status = None if self.hang else SPECIAL.verdict(process.returncode)
        text = output.decode(errors="replace").replace("\r", "")
        self.output = text[max(text.find("Quire reference kernel"), 0):]

    def says(self, pattern):
        return re.search(pattern, self.output, re.MULTILINE) is not None

    def tail(self):
        """The end of what it said, and how it ended."""
        lines = self.output.splitlines()[-TAIL_LINES:] + (self.hang or [f"exit status {self.status}"])
        return "\n".join("# " + line for line in lines)


def tap(i, _, name, good, __):
    return f"{'ok' if good else 'not ok'} {i} - {name}"


def table(i, n, name, good, seconds):
    return f"{i:4} of {n}  {'ok  ' if good else 'FAIL'} {seconds:6.1f} s  {name}"


def timed(function):
    began = time.monotonic()
    return function(), time.monotonic() - began


def run_tests(tests, line=tap):
    """Runs (name, function) pairs, and tells of each when it ends. A function returns "" when all is well, else what is to
    be seen. Ends the program."""
    if line == tap:
        print(f"1..{len(tests)}")
    failed, began = [], time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        names = {pool.submit(timed, function): name for name, function in tests}
        for i, done in enumerate(concurrent.futures.as_completed(names), 1):
            problem, seconds = done.result()
            failed += [names[done]] if problem else []
            print(line(i, len(tests), names[done], not problem, seconds))
            if problem:
                print(problem)
            sys.stdout.flush()
    if line == table:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        for name in failed:
            print(f"failed: {name}")
        print(f"{len(tests) - len(failed)} of {len(tests)} ok, in {time.monotonic() - began:.0f} s, "
              f"{used.ru_utime + used.ru_stime:.0f} s of processor time")
    sys.exit(1 if failed else 0)
