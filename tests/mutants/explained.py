"""Why some mutants that survive are no harm: read from a file with lines of two forms.

    path: text -> text  # why nobody can tell the difference
    path function(), ...: kind, ...  # why nobody can tell the difference in these functions

The texts are the changed lines before and after, without the spaces around them; `path function(): text -> text` is about one
of several places with that text. `any` is any kind. What a judge killed is killed, whatever is written here; a line that
fits no mutant that can be made is a mistake."""
import pathlib
import re

import judges

LINE = re.compile(r"(?P<path>\S+?)(?: (?P<function>\w+)\(\))?: (?P<before>.+) -> (?P<after>.+?)  # (?P<why>.+)")
RULE = re.compile(r"(?P<path>\S+) (?P<functions>\w+\(\)(?:, \w+\(\))*): (?P<kinds>\w+(?:, \w+)*)  # (?P<why>.+)")


class Reasons:
    def __init__(self, path, mutants):
        self.why = {}  # by mutant
        stale = []
        for n, line in enumerate(pathlib.Path(path).read_text().splitlines() if path else [], 1):
            if line.strip() and not line.startswith("#"):
                fitting, why = self.read(f"{path}:{n}", line.strip(), mutants)
                self.why.update((mutant, why) for mutant in fitting)
                stale += [] if fitting else [f"{path}:{n}"]
        if stale:
            raise judges.Stop(f"{', '.join(stale)}: no such mutant (any more)")

    @staticmethod
    def read(where, line, mutants):
        """(the mutants that a line is about, why)"""
        exact, rule = LINE.fullmatch(line), RULE.fullmatch(line)
        if exact:
            key = exact["path"], exact["before"].strip(), exact["after"].strip()
            fitting = [m for m in mutants if (m.path, m.before, m.after) == key and exact["function"] in (None, m.function)]
        elif rule:
            functions, kinds = rule["functions"].replace("()", "").split(", "), rule["kinds"].split(", ")
            fitting = [m for m in mutants if m.path == rule["path"] and m.function in functions
                       and (m.kind in kinds or kinds == ["any"])]
        else:
            raise judges.Stop(f"{where}: neither 'path: text -> text  # why' nor 'path function(): kind  # why'")
        return fitting, (exact or rule)["why"]

    def of(self, mutant):
        return self.why.get(mutant)
