#!/usr/bin/env python3
""".ci/run around a project that is made up: whatever happens in it, the last line is the one with the totals."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap

# name: (the set-up, what `make test-all` does, the last line, the exit status is 0)
CASES = {
    "all pass": ("true", "@echo 5 passed, 0 failed", "5 passed, 0 failed", True),
    "some are skipped": ("true", "@echo 5 passed, 0 failed, 2 skipped", "5 passed, 0 failed, 2 skipped", True),
    "one fails": ("true", "@echo 4 passed, 1 failed; false", "4 passed, 1 failed", False),
    "it does not compile": ("true", "@echo error: no such thing; false", "0 passed, 1 failed", False),
    "the set-up fails": ("exit 2", "@echo 5 passed, 0 failed", "0 passed, 1 failed", False),
    "a test shows another's totals": ("true", "@echo '     | 1 passed, 9 failed'; echo 5 passed, 0 failed",
                                      "5 passed, 0 failed", True),
}

for name, (setup, test, last, is_good) in CASES.items():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for part in (".ci", "tools"):
            (root / part).mkdir()
        shutil.copy2(".ci/run", root / ".ci/run")
        (root / "tools/setup.sh").write_text(f"#!/bin/bash\n{setup}\n")
        (root / "tools/setup.sh").chmod(0o755)
        (root / "Makefile").write_text(f"test-all:\n\t{test}\n")
        done = subprocess.run([root / ".ci/run"], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60)
        lines = done.stdout.splitlines()
        tap.expect(f"{name}: ends with '{last}', once", lines[-1:] == [last] and lines.count(last) == 1, done.stdout)
        tap.expect(f"{name}: the exit status says so", (done.returncode == 0) == is_good, done.returncode)
tap.end()
