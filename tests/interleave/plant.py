#!/usr/bin/env python3
"""Makes the sources of a twin: a copy of src/ with one small defect planted.

    plant.py TWINS NAME FOLDER

reads the table TWINS, makes FOLDER/src and prints the .c files that have to be compiled: the one that was changed, or all
when a header was. Exit status 1, with a message, when the text to be replaced is not there exactly once.
"""
import pathlib
import re
import shutil
import sys

TWIN = re.compile(r"^twin (\S+)\nscenario ([^\n]+)\nfile (\S+)\nwhy ([^\n]+)\n<<<\n(.*?)\n===\n(.*?)\n>>>$", re.M | re.S)


def main():
    table, name, folder = sys.argv[1:]
    twins = {t[0]: t for t in TWIN.findall(pathlib.Path(table).read_text())}
    if name not in twins:
        sys.exit(f"plant.py: {table} has no twin \"{name}\", or it is not written as the top of the file says")
    _, _, path, _, old, new = twins[name]
    text = pathlib.Path(path).read_text()
    if text.count(old) != 1:
        sys.exit(f"plant.py: twin {name}: {path} has this text {text.count(old)} times, not once; "
                 f"bring {table} up to date:\n{old}")
    to = pathlib.Path(folder) / "src"
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree("src", to)
    changed = pathlib.Path(folder) / path
    changed.write_text(text.replace(old, new))
    print(*([changed] if changed.suffix == ".c" else sorted(to.glob("*.c"))))


main()
