"""The machine on which instructions are counted, and what the kernels of this folder count on it."""
import os
import re
import subprocess

ARCH = os.environ.get("ARCH", "riscv64")
BUILD = f"{os.environ.get('BUILD', 'build')}/bench/kernel/{ARCH}"
COUNTING = ("-icount", "shift=0,sleep=off")  # each instruction takes a nanosecond of the machine's time
DESIGNS = ("single", "percpu", "counted", "quire", "quire-local")  # one kernel for each: kernel_bench.mk
LIMIT_SECONDS = 120  # a boot takes one or two

# What a kernel says, and what it is. The first is written by kernel/memory.c, the others by count.c and pages.c.
FIGURES = {
    "ready": "the start of the allocator",
    "boot": "the start of the kernel, from its first instruction to its first process",
    "hot": "an alloc and a free, of the same frame again and again",
    "bulk": "an alloc and a free, of 1024 frames that are all allocated and then all freed",
    "fork": "fork of a program of 1 MiB",
    "end": "exit of the child, and the wait for it",
    "shared": "a program's store to a page that it shares, up to the instruction after the store",
    "alone": "the same, to a page that the others have left; 0: there is nothing to share",
}


class Failure(Exception):
    """A boot from which there are no figures."""


def kernel(design):
    return f"{BUILD}/{design}.elf"


def boot(design, memory, words=(), options=COUNTING):
    """The command that boots a kernel, and its environment. One CPU, and no tick of the clock within what is counted."""
    command = ["kernel/run.sh", ARCH, "1", memory, kernel(design), f"{BUILD}/initramfs.cpio",
               "run=pages", "tick=1000000", "count", *words]
    return command, {**os.environ, "QEMU_OPTIONS": " ".join(options)}


def figures(design, memory, words=(), options=COUNTING):
    """What one boot counts: instructions by the names of FIGURES. "ten" is for check()."""
    command, environment = boot(design, memory, words, options)
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{kernel(design)} does not end within {LIMIT_SECONDS} seconds") from error
    counted = {name: float(n) for name, n in re.findall(r"^count: (\w+) ([\d.]+)", done.stdout, re.MULTILINE)}
    if ready := re.search(r"^quire: ready after (\d+) instructions", done.stdout, re.MULTILINE):
        counted["ready"] = float(ready[1])
    last = (done.stdout + done.stderr).strip().splitlines()[-1:]
    if done.returncode != 0:
        raise Failure(f"{kernel(design)} ends with status {done.returncode}: {' '.join(last)}")
    if missing := [name for name in FIGURES if name not in counted]:
        raise Failure(f"{kernel(design)} does not say: {' '.join(missing)}")
    return counted


def check(counted):
    """Whether ten instructions were counted as ten; where QEMU does not count, they are not."""
    if counted["ten"] != 10:
        raise Failure(f"ten instructions are counted as {counted['ten']}: this machine counts something else")
    return counted
