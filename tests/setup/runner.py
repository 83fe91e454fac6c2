#!/usr/bin/env python3
"""tests/run, on programs that pass, fail, hang, crash and keep silent."""
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap

# name: (what it does, what its line says, what else is said of it)
ALONE_IN_ROOM = "mkdir ${0%/*}/room && sleep 0.5 && rmdir ${0%/*}/room && echo ok 1"  # two at a time: one of them fails
PROGRAMS = {
    "passing": ("echo ok 1 - a; echo ok 2 - b; echo 1..2", "2 passed, 0 failed", ""),
    "streams": ("echo 1..1; echo ok 1 - a; echo 1..1; echo ok 1 - b", "2 passed, 0 failed", ""),
    "skipping": ("echo ok 1 - a '# SKIP no'; echo not ok 2 '# skip b'; echo ok 3", "1 passed, 0 failed, 2 skipped", ": a: no"),
    "skipped": ("echo '1..0 # SKIP not here'", "0 passed, 0 failed, 1 skipped", ": not here"),
    "noting": ("echo '# note: a small sample'; echo '# silence'; echo ok 1", "1 passed, 0 failed", "note: a small sample"),
    "cmocka": ('echo "ok 1 - $CMOCKA_MESSAGE_OUTPUT" | grep TAP', "1 passed, 0 failed", ""),
    "reading": ('read line && echo ok 1 - got "$line" || echo ok 1 - no input', "1 passed, 0 failed", ""),
    "failing": ("echo ok 1 - a; echo 'not ok 2 - b'; echo why >&2; exit 1", "1 passed, 1 failed", "why"),
    "polite": ("echo 'not ok 1 - says so, exits with 0'", "0 passed, 1 failed", ""),
    "status": ("echo ok 1 - a; exit 3", "1 passed, 1 failed", "exit status 3"),
    "crashing": ("echo ok 1 - a; kill -SEGV $$", "1 passed, 1 failed", "SIGSEGV"),
    "silent": ("true", "0 passed, 1 failed", "printed no test"),
    "short": ("echo 1..3; echo ok 1 - a", "1 passed, 1 failed", "announced 3 tests, ran 1"),
    "hanging": ("echo ok 1 - a; echo last words; sleep 1000 & sleep 1000", "1 passed, 1 failed", "last words"),
    "hermit": (ALONE_IN_ROOM, "1 passed, 0 failed", ""),
    "lonely": (ALONE_IN_ROOM, "1 passed, 0 failed", ""),
    "missing": (None, "0 passed, 1 failed", "can not be started"),
}
GOOD = ["passing", "streams", "skipping", "skipped", "cmocka", "reading", "noting"]
ALONE = ["hermit", "lonely"]


def run(folder, names, alone=()):
    """Returns the runner's exit status and its lines."""
    for name in [*names, *alone]:
        path = pathlib.Path(folder, name)
        if PROGRAMS[name][0] is not None:
            path.write_text("#!/bin/bash\n" + PROGRAMS[name][0] + "\n")
            path.chmod(0o755)
    done = subprocess.run(["tests/run", *(f"{folder}/{name}" for name in names),
                           "--alone", *(f"{folder}/{name}" for name in alone)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                          env=dict(os.environ, TEST_SECONDS="2"))
    return done.returncode, done.stdout.splitlines()


with tempfile.TemporaryDirectory() as folder:
    status, lines = run(folder, [name for name in PROGRAMS if name not in ALONE], ALONE)
    for name, (_, counts, said) in PROGRAMS.items():
        own = [line for line in lines if f"/{name}: " in line and line.endswith(": " + counts)]
        word = "ok" if name in GOOD + ALONE else "FAIL"
        tap.expect(f"{name}: {counts}", len(own) == 1 and own[0].startswith(word), "\n".join(lines))
        if said:
            tap.expect(f"{name}: the report says '{said}'", any(said in line for line in lines), "\n".join(lines))
    totals = [line for line in lines if line[0].isdigit()]
    tap.expect("the last line adds up, and is the only one of its kind",
               totals == ["15 passed, 8 failed, 3 skipped"] and lines[-1] == totals[0], "\n".join(lines))
    tap.expect("something failed: status 1", status == 1, status)

    status, lines = run(folder, GOOD, ALONE)
    tap.expect("nothing failed: status 0",
               (status, lines[-1]) == (0, "10 passed, 0 failed, 3 skipped"), "\n".join(lines))
    tap.expect("the output of those that passed is not shown, but for notes",
               not any("|" in line or "silence" in line for line in lines), "\n".join(lines))
    tap.expect("before the totals: each that was skipped, and why",
               lines[-4:-1] == [f"skip {folder}/skipped: not here", f"skip {folder}/skipping: a: no", f"skip {folder}/skipping: b"],
               "\n".join(lines))
    slow = [line.split() for line in lines if line.startswith("slow ")]
    tap.expect("and the five that took longest, with the seconds",
               len(slow) == 5 and {slow[0][-1], slow[1][-1]} == {f"{folder}/{name}" for name in ALONE} and
               slow == sorted(slow, key=lambda words: -float(words[1])), slow)
    status, lines = run(folder, ["passing"])
    tap.expect("nothing skipped: not a word of it", lines[-1] == "2 passed, 0 failed", "\n".join(lines))
    status, lines = run(folder, [])
    tap.expect("no program at all is no success", status != 0, "\n".join(lines))

tap.end()
