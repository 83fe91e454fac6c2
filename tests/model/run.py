#!/usr/bin/env python3
"""Runs the model and the edge programs in the ways that they are built; 5 * 10^7 operations of the model in all.

    run.py FOLDER      where model-* and edge-* are; prints TAP

They are programs of their own because some are built for other word and page sizes; what is wrong they say on stderr,
their exit status decides."""
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, "tools")
import foreign
import tap

SIMULATED = 5  # times fewer steps

# name: (the variant, whether it has an edge program, operations of the model with each of its 40 seeds)
VARIANTS = {
    "on 64 bits": ("plain", True, 600000),
    "with local visits": ("local", False, 300000),
    "with sanitizers": ("asan", False, 30000),
    "without checks": ("check0", False, 200000),
    "with all checks": ("check2", False, 100000),
    "with 16 KiB pages": ("page16k", False, 60000),
    "with 64 KiB pages": ("page64k", True, 15000),
    "on 32 bits": ("m32", True, 300000),
}


WITH_NODES = "41-80"  # seeds of which the worlds have several nodes (world.h), and how many times fewer steps
FEWER = 4


def run(program, n_steps=1, **variables):
    """What is wrong with it: nothing, or its output."""
    done = subprocess.run(foreign.command(program), env=dict(os.environ, MODEL_STEPS=str(n_steps), **variables),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return [f"{program.name}: exit status {done.returncode}\n{done.stdout}"] if done.returncode else []


def run_both(folder, variant, has_edge, n_steps):
    model = folder / f"model-{variant}"
    if foreign.simulator(model):
        n_steps //= SIMULATED
        print(f"# note: {model.name}: {n_steps} operations for each seed, because {foreign.simulator(model)} simulates it")
    with_nodes = run(model, n_steps // FEWER, MODEL_SEED=WITH_NODES)
    return (run(folder / f"edge-{variant}") if has_edge else []) + run(model, n_steps) + with_nodes


def test(folder, name, variant, *what):
    if variant == "m32" and not (folder / "model-m32").exists():
        tap.skip(name, foreign.NOT_BUILT)
        return
    try:
        tap.result(name, run_both(folder, variant, *what))
    except foreign.Refused as why:
        tap.skip(name, why)


for name, what in VARIANTS.items():
    test(pathlib.Path(sys.argv[1]), name, *what)
tap.end()
