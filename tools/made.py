"""Parts of documents that a check makes, between the lines

    <!-- made by tools/check-symbols: machines -->
    <!-- end -->

The check compares what is there with what it would write, and writes it when it is called with --write."""
import difflib
import pathlib
import re
import sys

import tap


def part(path, check, name):
    """(text before, what is between the marks, text behind) of a document."""
    marks = re.compile(rf"(.*<!-- made by tools/{check}: {name} -->\n)(.*?)(<!-- end -->.*)", re.DOTALL)
    found = marks.fullmatch(pathlib.Path(path).read_text())
    return found.groups() if found else None


def compare(path, check, name, text, alike=lambda shown, found: shown == found):
    """One test: that part of a document is `text`, line by line; with --write, it is from now on."""
    what = f"{path} says what {check} found: {name}"
    there = part(path, check, name)
    if there is None:
        tap.result(what, [f"there is no line '<!-- made by tools/{check}: {name} -->' in it"])
        return
    before, old, behind = there
    if "--write" in sys.argv:
        pathlib.Path(path).write_text(before + text + behind)
        old = text
    old, new = old.splitlines(), text.splitlines()
    good = len(old) == len(new) and all(map(alike, old, new))
    problems = [] if good else list(difflib.unified_diff(old, new, path, "found", n=0, lineterm=""))
    tap.result(what, problems + [f"tools/{check} --write mends the document, if this is meant"] * bool(problems))


def table(head, rows):
    """A table in Markdown; columns of numbers are flush right."""
    rule = "".join("--:|" if isinstance(cell, (int, float)) else "---|" for cell in rows[0])
    first, *others = ["| " + " | ".join(map(str, line)) + " |\n" for line in (head, *rows)]
    return f"{first}|{rule}\n{''.join(others)}"
