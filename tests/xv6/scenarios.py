#!/usr/bin/env python3
"""Runs the scenarios of test programs, each in a process of its own.

    scenarios.py PROGRAM...

A PROGRAM without arguments lists its scenarios, one in a line: its name, a tab, and how it fails on the seed. Each is
run twice: with Quire's file for the kernel, where it must pass, and in PROGRAM-seedlike, an allocator in the manner of
the seed, where it must fail in just that way, or pass where nothing is said. Without the second run nobody would know
whether a scenario can fail.
"""
import os
import subprocess
import sys

sys.path.insert(0, "tools")
import foreign
import tap

BY_CHANCE = "?"


def run(program, *arguments):
    """Returns whether it passed, and what it printed."""
    done = subprocess.run([*foreign.command(program), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace")
    return done.returncode == 0, done.stdout


def test_quire(program, scenario):
    passed, output = run(program, scenario)
    tap.result(f"{os.path.basename(program)}: {scenario}", [] if passed else [output or "ended without a word"])
    print("".join(line for line in output.splitlines(True) if line.startswith("# note: ")), end="")


def test_seed(program, scenario, failure):
    passed, output = run(program, scenario)
    name = f"{os.path.basename(program)}: {scenario}"
    if failure:
        as_said = not passed and failure in output
        tap.expect(f"{name} fails", as_said, f'not with "{failure}" but: {output or "without a word"}')
    else:
        tap.result(name, [] if passed else [output])


def test(program):
    for line in run(program)[1].splitlines():
        scenario, failure = line.split("\t")
        test_quire(program, scenario)
        if failure != BY_CHANCE:
            test_seed(program + "-seedlike", scenario, failure)


for program in sys.argv[1:]:
    if not os.path.exists(program):
        tap.skip(program, "not built: that takes an x86-64 host, and for x86 its 32-bit C library")
        continue
    try:
        test(program)
    except foreign.Refused as why:
        tap.skip(program, why)
tap.end()
