"""Counts what became of the mutants."""
import collections

import operators

NOT_COUNTED = ("invalid", "same")


def percent(n, of):
    return f"{100 * n / of:.1f} %" if of > 0 else "-"


class Tally:
    def __init__(self, reasons):
        self.reasons = reasons
        self.verdicts = {}

    @property
    def n_judged(self):
        return len(self.verdicts)

    def knows(self, mutant):
        return mutant in self.verdicts

    def add(self, mutant, verdict):
        self.verdicts[mutant] = verdict

    def is_open(self, mutant, verdict):
        """It survived, and nobody said why that is no harm."""
        return verdict.killer == "survived" and self.reasons.of(mutant) is None

    def counts(self, of=lambda mutant: True):
        """(killed, explained, survived) of the mutants for which `of` holds."""
        killed = explained = survived = 0
        for mutant, verdict in self.verdicts.items():
            if verdict.killer not in NOT_COUNTED and of(mutant):
                killed += verdict.killer != "survived"
                survived += self.is_open(mutant, verdict)
                explained += verdict.killer == "survived" and not self.is_open(mutant, verdict)
        return killed, explained, survived

    def summary(self):
        killed, explained, survived = self.counts()
        return (f"{killed} killed, {explained} explained, {survived} survived, score {percent(killed, killed + survived)} "
                f"({percent(killed, killed + explained + survived)} of all)")

    def all_killed(self):
        return self.counts()[2] == 0

    def table(self, title, rows, of):
        print(f"{title:<24}{'killed':>9}{'explained':>11}{'survived':>10}{'score':>9}")
        for row in rows:
            killed, explained, survived = self.counts(lambda mutant: of(mutant) == row)
            if killed + explained + survived > 0:
                print(f"{row:<24}{killed:>9}{explained:>11}{survived:>10}{percent(killed, killed + survived):>9}")
        print()

    def print(self):
        self.table("file", sorted({m.path for m in self.verdicts}), lambda m: m.path)
        self.table("mistake", operators.KINDS, lambda m: m.kind)
        killers = collections.Counter(verdict.killer for verdict in self.verdicts.values())
        print(f"{'killed by':<24}{'mutants':>9}")
        for judge, n in killers.most_common():
            if judge not in (*NOT_COUNTED, "survived"):
                print(f"{judge:<24}{n:>9}")
        print()
        for mutant, verdict in sorted(self.verdicts.items()):
            if self.is_open(mutant, verdict):
                print(f"survived: {operators.label(mutant)}: {mutant.before} -> {mutant.after}")
        n_hung = sum(verdict.hung for verdict in self.verdicts.values())
        print(f"not counted: {killers['invalid']} do not compile, {killers['same']} change no object code or as another does")
        print(f"{sum(self.counts())} mutants: {self.summary()}; {n_hung} killed by a time limit")
