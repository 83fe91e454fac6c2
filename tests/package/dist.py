#!/usr/bin/env python3
"""What `make dist` makes: the same commit gives the same tarball, and that builds and passes tests by itself, without git."""
import pathlib
import shutil
import tarfile
import tempfile

import shared
import tap
from shared import check, refuses, run

NAME = f"quire-{shared.VERSION}"
GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}
# Some that need what the tree has, and no git.
TESTS = ["build/tests/unit/frames", "build/tests/boot/regions"]
CHECKS = ["tools/check-layers", "tools/check-format"]


def commit(folder):
    """This tree as a clone of its own, with one commit: what is here may have changes."""
    shared.copy_tree(folder)
    run(["git", "init", "-q"], folder)
    run(["git", "add", "-A"], folder)
    run(["git", "commit", "-qm", "all"], folder, **GIT)


def dist(folder):
    run(["make", "-s", "dist", "SETUP="], folder)
    return (folder / f"build/{NAME}.tar.gz").read_bytes()


def same_bytes(clone):
    """Made twice, by users with other habits: what they may write for others, when the files were written."""
    first = dist(clone)
    for path in clone.glob("src/*"):
        path.touch()
        path.chmod(0o600)
    run(["git", "config", "tar.umask", "0077"], clone)
    return [] if dist(clone) == first else ["the second tarball differs"]


def unpack(clone, folder):
    with tarfile.open(clone / f"build/{NAME}.tar.gz") as tarball:
        strangers = [name for name in tarball.getnames() if name.split("/")[0] != NAME]
        tarball.extractall(folder)
    return [f"{name} would be unpacked beside it" for name in strangers]


with tempfile.TemporaryDirectory() as name:
    CLONE, OUT = pathlib.Path(name, "clone"), pathlib.Path(name, "out")
    check("the tree can be committed", commit, CLONE)
    check("make dist gives the same bytes for the same commit", same_bytes, CLONE)
    check("its files are in one folder", unpack, CLONE, OUT)
    ALONE = OUT / NAME
    check("it builds by itself: make lib", lambda: run(["make", "-s", "-j2", "lib", "SETUP="], ALONE) and [])
    check("its tests build and pass", lambda: run(["make", "-s", "-j2", "SETUP=", *TESTS], ALONE) +
          run(["tests/run", *TESTS, *CHECKS], ALONE) and [])
    check("it makes the amalgamation", lambda: run(["make", "-s", "amalgamation", "SETUP="], ALONE) and [])
    check("outside of a clone it is refused", refuses, ["make", "-s", "dist", "SETUP="], "git clone", ALONE)
    (CLONE / "src/new.c").write_text("int new;\n")
    check("with a file that was not committed it is refused", refuses, ["make", "-s", "dist", "SETUP="], "commit", CLONE)
    shutil.copytree(ALONE, CLONE / "inside")
    check("in a folder of another clone it is refused", refuses, ["make", "-s", "dist", "SETUP="], "git clone", CLONE / "inside")
    check("without a name it says what it wants", refuses, ["tools/package/dist.sh"], "NAME FOLDER")
tap.end()
