"""Boots of the reference kernel for the tests of this folder, and their results as TAP."""
import concurrent.futures
import os
import re
import subprocess
import sys

BUILD = os.environ.get("BUILD", "build")
KERNEL = f"{BUILD}/kernel/riscv64/kernel.elf"
INITRAMFS = f"{BUILD}/user/initramfs.cpio"
AT_A_TIME = 2
LIMIT_SECONDS = 180  # a boot takes a few, up to a hundred where memory is large and the host busy; more is a hang
TAIL_LINES = 30


def command(harts, memory, *words, kernel=KERNEL):
    return ["kernel/run.sh", "riscv64", str(harts), memory, kernel, INITRAMFS, *words]


class Boot:
    """One boot: its exit status, None for a hang, and what the kernel said, without the firmware's part."""

    def __init__(self, *arguments, **options):
        process = subprocess.Popen(command(*arguments, **options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        try:
            output, _ = process.communicate(timeout=LIMIT_SECONDS)
            self.status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            self.status = None
        text = output.decode(errors="replace").replace("\r", "")
        self.output = text[max(text.find("Quire reference kernel"), 0):]

    def says(self, pattern):
        return re.search(pattern, self.output, re.MULTILINE) is not None

    def tail(self):
        status = "no exit: it hangs" if self.status is None else f"exit status {self.status}"
        return "\n".join(["# " + line for line in self.output.splitlines()[-TAIL_LINES:]] + ["# " + status])


def run_tests(tests):
    """Runs (name, function) pairs. A function returns "" when all is well, else what is to be seen. Ends the program."""
    print(f"1..{len(tests)}")
    n_failed = 0
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        results = [pool.submit(function) for _, function in tests]
        for i, ((name, _), result) in enumerate(zip(tests, results), 1):
            problem = result.result()
            n_failed += problem != ""
            print(f"{'not ok' if problem else 'ok'} {i} - {name}")
            if problem:
                print(problem)
            sys.stdout.flush()
    sys.exit(1 if n_failed else 0)
