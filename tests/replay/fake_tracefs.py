#!/usr/bin/env python3
"""quire-record on a kernel that is made up: fake_tracefs.py FOLDER WORDS... runs it with FOLDER as its tracefs.

There, files are only files. FOLDER/template becomes the new instance, and where that is taken away it becomes
FOLDER/gone, so that what was written to it can be looked at. Where NOT_ROOT is set, no instance can be made.
"""
import errno
import importlib.machinery
import importlib.util
import os
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])


def make_instance(path):
    if "NOT_ROOT" in os.environ:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    os.rename(folder / "template", path)


sys.path.insert(0, "tools/record")
sys.argv[:2] = ["quire-record"]
os.environ["QUIRE_TRACEFS"] = str(folder)
os.mkdir = make_instance
os.rmdir = lambda path: os.rename(path, folder / "gone")

loader = importlib.machinery.SourceFileLoader("quire_record", "tools/record/quire-record")
module = importlib.util.module_from_spec(importlib.util.spec_from_loader("quire_record", loader))
sys.dont_write_bytecode = True
loader.exec_module(module)
module.main()
