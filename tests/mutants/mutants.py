#!/usr/bin/env python3
"""How many small mistakes would the tests find? Plants them in the sources one at a time and counts.

    mutants.py [--sample N] [--seed SEED] [--only TEXT] [--list] [--explained FILE] [--log FILE]
               [--workers N] [--patience SECONDS] JUDGES FOLDER SOURCE...

JUDGES is described in judges.py; all that is made goes to FOLDER. A mutant that does not compile, or that compiles to the same
object code as the original or as another mutant, is not counted. One that survives may be equivalent to the original, by what
the API promises: the file --explained says so (explained.py).

--only TEXT takes the mutants whose "path:line function kind" has TEXT in it; --patience is how much longer than the original one
may run before it counts as hanging. What is known goes into the --log as it comes, and is not judged again (log.py).

Exit status: 0 all were killed or are explained, 1 some survived or it was interrupted, 2 something is wrong with the judges or
the explanations.
"""
import argparse
import difflib
import hashlib
import pathlib
import sys
import time

import explained
import judges
import log
import operators
import report


def sample(mutants, n, seed):
    """The n with the smallest hashes, so that each function and kind has its share on average. A change of the sources draws anew
    only the mutants of the lines that changed; of the others no more leave or come than make it n again."""
    return sorted(mutants, key=lambda m: hashlib.sha256(repr((seed, *operators.identity(m))).encode()).digest())[:n]


def diff(mutant, before):
    after = before[:mutant.start] + mutant.new + before[mutant.end:]
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), mutant.path, mutant.path, "", "", 2, "")
    return "\n".join(lines)


class Progress:
    """Says from time to time how far it is. What the log knew took no time."""

    def __init__(self, total, n_known):
        self.total, self.n_known = total, n_known
        self.began, self.told = time.monotonic(), 0.0

    def tell(self, tally):
        now = time.monotonic()
        if now - self.told < 15 and tally.n_judged < self.total:
            return
        self.told = now
        left = (now - self.began) / (tally.n_judged - self.n_known) * (self.total - tally.n_judged)
        print(f"  {tally.n_judged} of {self.total} mutants, {tally.summary()}, about {left / 60:.0f} min left", file=sys.stderr)


def judge_all(court, mutants, texts, tally, book, n_workers):
    """Whoever interrupts this keeps what is known by then."""
    open_ones = [m for m in mutants if not tally.knows(m)]
    progress = Progress(len(mutants), len(mutants) - len(open_ones))
    try:
        for mutant, verdict in court.verdicts(open_ones, n_workers):
            book.write(mutant, verdict)
            tally.add(mutant, verdict)
            if tally.is_open(mutant, verdict):
                print(f"survived: {operators.label(mutant)}\n    {mutant.within}: {mutant.before} -> "
                      f"{mutant.after}\n{diff(mutant, texts[mutant.path])}\n", flush=True)
            progress.tell(tally)
    except KeyboardInterrupt:
        print(f"interrupted after {tally.n_judged} of {len(mutants)} mutants")


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--explained")
    parser.add_argument("--log")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--patience", type=float, default=5)
    parser.add_argument("judges")
    parser.add_argument("folder")
    parser.add_argument("source", nargs="+", type=pathlib.Path)
    return parser.parse_args()


def main():
    args = arguments()
    texts = {str(path): path.read_text() for path in args.source}
    everything = list(operators.mutants(texts))
    reasons = explained.Reasons(args.explained, everything)
    mutants = [m for m in everything if args.only in operators.label(m)]
    if args.sample is not None:
        mutants = sample(mutants, args.sample, args.seed)
    if args.list:
        print("\n".join(f"{operators.label(m)}: {m.before} -> {m.after}" for m in mutants))
        return 0
    if not mutants:
        raise judges.Stop("there is no mutant to judge")
    print(f"{len(mutants)} of {len(everything)} mutants, seed {args.seed}", flush=True)
    court = judges.Judges(args.judges, args.source, args.folder, args.patience)
    book = log.Log(args.log, texts, court.prepare(args.workers))
    tally = report.Tally(reasons)
    for mutant, verdict in book.known(mutants):
        court.seen.add(verdict.objects)
        tally.add(mutant, verdict)
    judge_all(court, mutants, texts, tally, book, args.workers)
    tally.print()
    return 0 if tally.all_killed() and tally.n_judged == len(mutants) else 1


try:
    sys.exit(main())
except judges.Stop as stop:
    sys.exit(print(f"mutants: {stop}", file=sys.stderr) or 2)
