#!/usr/bin/env python3
"""tests/fuzz/run.sh pack, with the target that is the fastest: what is packed reaches what was given, and is not more.

    pack.py FOLDER    where the fuzz programs and the unpacked corpora are
"""
import pathlib
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, "tools")
import tap

FUZZ = pathlib.Path(sys.argv[1]).resolve()
TARGET = "regions"
FORGETFUL = f"""#!/bin/sh
case " $* " in *" -set_cover_merge=1 "*) rm -f "$4"/*; cp "$5"/1 "$4" ;; *) exec {FUZZ}/{TARGET} "$@" ;; esac
"""


def pack(folder):
    """(exit status, what was said, bytes of the packed file or None)"""
    done = subprocess.run(["tests/fuzz/run.sh", "pack", folder, folder / "to", TARGET], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    made = folder / "to" / f"{TARGET}.tar.gz"
    return done.returncode, done.stdout, made.read_bytes() if made.exists() else None


def lay_out(folder, given):
    """The programs, a corpus of one input and all that are given, each twice, as finds."""
    (folder / "bulk").mkdir()
    for program in TARGET, f"bulk/{TARGET}":
        (folder / program).symlink_to(FUZZ / program)
    for place, inputs in ("corpus", given[:1]), ("found", given + given):
        (folder / place / TARGET).mkdir(parents=True)
        for n, data in enumerate(inputs, 1):
            (folder / place / TARGET / str(n)).write_bytes(data)


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    given = [path.read_bytes() for path in sorted((FUZZ / "corpus" / TARGET).iterdir())]
    lay_out(folder, given)
    status, said, packed = pack(folder)
    tap.expect("packs what reaches something, and says what", status == 0 and said.count(" features, ") == 2, said)
    again = pack(folder)[2]
    tap.expect("makes the same file from the same inputs", packed is not None and packed == again)
    with tarfile.open(folder / "to" / f"{TARGET}.tar.gz") as archive:
        kept = [archive.extractfile(member).read() for member in archive]
    tap.expect("keeps none twice, and makes none up", len(kept) == len(set(kept)) > 1 and set(kept) <= set(given),
               f"{len(given)} given, {len(kept)} kept")

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    lay_out(folder, given)
    for program in TARGET, f"bulk/{TARGET}":
        (folder / program).unlink()
        (folder / program).write_text(FORGETFUL)
        (folder / program).chmod(0o755)
    status, said, packed = pack(folder)
    tap.expect("does not pack what reaches less", status == 2 and packed is None and "nothing is packed" in said, said)

with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    lay_out(folder, given + [bytes(100)])
    status, said, packed = pack(folder)
    tap.expect("refuses an input that would be cut", status == 2 and packed is None and "would be cut" in said, said)
tap.end()
