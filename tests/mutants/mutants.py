#!/usr/bin/env python3
"""How many small mistakes would the tests find? Plants them in the sources one at a time and counts.

    mutants.py [--sample N] [--seed SEED] [--explained FILE] [--only TEXT] [--list]
               [--patience SECONDS] JUDGES FOLDER SOURCE...

JUDGES is described in judges.py; all that is made goes to FOLDER. A mutant that does not compile, or that compiles to the same
object code as the original or as another mutant, is not counted; nor is one that the file --explained has a line about:

    path: text -> text  # why nobody can tell the difference

where the texts are the changed lines before and after, without the spaces around them. --only TEXT takes the mutants whose
"path:line kind" has TEXT in it; --patience is how much longer than the original one may run before it counts as hanging.

Exit status: 0 all were killed or are explained, 1 some survived or it was interrupted, 2 something is wrong with the judges or the explanations.
"""
import argparse
import collections
import difflib
import pathlib
import random
import sys
import time

import judges
import operators

AT_A_TIME = 2
NOT_COUNTED = ("invalid", "same")


def read_explained(path):
    """{(path, before, after): line of the file}"""
    explained = {}
    lines = pathlib.Path(path).read_text().splitlines() if path else []
    for n, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        change, why = line.rpartition("  # ")[::2]
        source, _, texts = change.partition(": ")
        before, arrow, after = texts.partition(" -> ")
        if not (why and arrow):
            raise judges.Stop(f"{path}:{n}: not of the form 'path: text -> text  # why'")
        explained[source, before.strip(), after.strip()] = n
    return explained


def check_explained(path, explained, mutants):
    made = {(m.path, m.before, m.after) for m in mutants}
    stale = [n for key, n in explained.items() if key not in made]
    if stale:
        raise judges.Stop(f"{path}: no such mutant (any more) in line " + ", ".join(map(str, stale)))


def diff(mutant, before):
    after = before[:mutant.start] + mutant.new + before[mutant.end:]
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), mutant.path, mutant.path, "", "", 2, "")
    return "\n".join(lines)


def progress(n, total, n_alive, began):
    left = (time.monotonic() - began) / n * (total - n)
    print(f"  {n} of {total} mutants, {n_alive} alive, about {left / 60:.0f} min left", file=sys.stderr)


def judge_all(court, mutants, texts):
    """[(mutant, verdict, hung)]; whoever interrupts this gets what is known by then."""
    results, n_alive, began, told = [], 0, time.monotonic(), 0.0
    try:
        for result in court.verdicts(mutants, AT_A_TIME):
            mutant, verdict, _ = result
            results.append(result)
            if verdict == "survived":
                n_alive += 1
                print(f"survived: {mutant.path}:{mutant.line} {mutant.kind}\n    {mutant.path}: {mutant.before} -> "
                      f"{mutant.after}\n{diff(mutant, texts[mutant.path])}\n", flush=True)
            if time.monotonic() - told > 15 or len(results) == len(mutants):
                told = time.monotonic()
                progress(len(results), len(mutants), n_alive, began)
    except KeyboardInterrupt:
        print(f"interrupted after {len(results)} of {len(mutants)} mutants")
    return results


def table(title, of, rows, results):
    print(f"{title:<24}{'counted':>9}{'killed':>9}{'score':>9}")
    for row in rows:
        verdicts = [verdict for mutant, verdict, _ in results if of(mutant) == row and verdict not in NOT_COUNTED]
        if verdicts:
            killed = sum(verdict != "survived" for verdict in verdicts)
            print(f"{row:<24}{len(verdicts):>9}{killed:>9}{100 * killed / len(verdicts):>8.1f}%")
    print()


def report(results, n_explained):
    """Returns whether all were killed."""
    counts = collections.Counter(verdict for _, verdict, _ in results)
    table("file", lambda m: m.path, sorted({m.path for m, _, _ in results}), results)
    table("mistake", lambda m: m.kind, operators.KINDS, results)
    print(f"{'killed by':<24}{'mutants':>9}")
    for judge, n in counts.most_common():
        if judge not in NOT_COUNTED and judge != "survived":
            print(f"{judge:<24}{n:>9}")
    n = len(results) - counts["invalid"] - counts["same"]
    killed = n - counts["survived"]
    n_hung = sum(hung for _, _, hung in results)
    print(f"\nnot counted: {counts['invalid']} do not compile, {counts['same']} change no object code or as another does, "
          f"{n_explained} are explained")
    score = f", score {100 * killed / n:.1f} %" if n > 0 else ""
    print(f"{n} mutants, {killed} killed ({n_hung} by a time limit), {counts['survived']} survived{score}")
    return counts["survived"] == 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--explained")
    parser.add_argument("--only", default="")
    parser.add_argument("--patience", type=float, default=5)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("judges")
    parser.add_argument("folder")
    parser.add_argument("source", nargs="+", type=pathlib.Path)
    args = parser.parse_args()

    texts = {str(path): path.read_text() for path in args.source}
    everything = [m for path, text in texts.items() for m in operators.mutants(path, text)]
    explained = read_explained(args.explained)
    check_explained(args.explained, explained, everything)
    mutants = [m for m in everything if args.only in f"{m.path}:{m.line} {m.kind}"]
    if args.sample is not None:
        mutants = random.Random(args.seed).sample(mutants, min(args.sample, len(mutants)))
    chosen = [m for m in mutants if (m.path, m.before, m.after) not in explained]
    if args.list:
        print("\n".join(f"{m.path}:{m.line} {m.kind}: {m.before} -> {m.after}" for m in mutants))
        return 0
    if not chosen:
        raise judges.Stop("there is no mutant to judge")
    court = judges.Judges(args.judges, args.source, args.folder, args.patience)
    court.prepare(AT_A_TIME)
    results = judge_all(court, chosen, texts)
    good = report(results, len(mutants) - len(chosen))
    return 0 if good and len(results) == len(chosen) else 1


try:
    sys.exit(main())
except judges.Stop as stop:
    sys.exit(print(f"mutants: {stop}", file=sys.stderr) or 2)
