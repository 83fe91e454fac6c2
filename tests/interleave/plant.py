#!/usr/bin/env python3
"""Makes the sources of a twin: a copy of src/ with one small defect planted.

    plant.py NAME FOLDER TABLE...

finds NAME in a TABLE, makes FOLDER/src and prints the .c files that have to be compiled: the one that was changed, or all
when a header was. Exit status 1, with a message, when the text to be replaced is not there exactly once.
"""
import pathlib
import re
import shutil
import sys

TWIN = re.compile(r"^twin (\S+)\nscenario [^\n]+\n(?:built [^\n]+\n)?file (\S+)\nwhy ([^\n]+)\n<<<\n(.*?)\n===\n(.*?)\n>>>$", re.M | re.S)


def main():
    name, folder, *tables = sys.argv[1:]
    twins = {t[0]: t for table in tables for t in TWIN.findall(pathlib.Path(table).read_text())}
    if name not in twins:
        sys.exit(f"plant.py: no twin \"{name}\" in {' '.join(tables)}, or it is not written as the top of `twins` says")
    _, path, _, old, new = twins[name]
    text = pathlib.Path(path).read_text()
    if text.count(old) != 1:
        sys.exit(f"plant.py: twin {name}: {path} has this text {text.count(old)} times, not once; "
                 f"bring it up to date:\n{old}")
    to = pathlib.Path(folder) / "src"
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree("src", to)
    changed = pathlib.Path(folder) / path
    changed.write_text(text.replace(old, new))
    print(*([changed] if changed.suffix == ".c" else sorted(to.glob("*.c"))))


main()
