#!/usr/bin/env python3
"""tests/mutants/coverage.py, with tables that are made up: each group of folders has its bar, and the others do not make up for it."""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, "tools")
import tap

COVERAGE_PY = pathlib.Path("tests/mutants/coverage.py").resolve()
HEAD = "filename,line_total,line_covered,line_percent,branch_total,branch_covered,branch_percent,function_total"
FULL = {"src/a.c": (1000, 1000, 1000, 1000), "boot/b.c": (1000, 1000, 1000, 1000), "compat/c.c": (1000, 1000, 1000, 1000)}


def judge(**changed):
    """(exit status, what was said) where some of the files have other numbers"""
    files = {**FULL, **{name.replace("_", "/") + ".c": numbers for name, numbers in changed.items()}}
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "table.csv"
        rows = [f"{name},{n[0]},{n[1]},,{n[2]},{n[3]},," for name, n in files.items() if n]
        table.write_text("\n".join([HEAD, *rows]) + "\n")
        done = subprocess.run([sys.executable, COVERAGE_PY, table], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def expect(name, result, status, *said):
    missing = [text for text in said if text not in result[1]]
    tap.expect(name, result[0] == status and not missing, f"status {result[0]}; not said: {missing}; said:\n{result[1]}")


expect("all is covered", judge(), 0)
expect("just enough", judge(src_a=(1000, 995, 1000, 980), boot_b=(1000, 995, 1000, 980), compat_c=(1000, 995, 1000, 980)), 0)
expect("src and boot count together", judge(src_a=(1000, 991, 1000, 961)), 0)
expect("too few lines", judge(src_a=(1000, 989, 1000, 1000)), 1, "coverage: 99.45 % of the lines of boot and src, less than 99.5 %")
expect("too few branches", judge(boot_b=(1000, 1000, 1000, 950)), 1, "coverage: 97.50 % of the branches of boot and src, less than 98.0 %")
expect("compat has a bar of its own", judge(compat_c=(10, 9, 10, 9)), 1, "90.00 % of the lines of compat", "90.00 % of the branches of compat")
expect("a group that was not measured", judge(compat_c=None), 1, "coverage: nothing of compat was measured")
tap.end()
