"""Why some mutants that survive are no harm: read from a file with lines of two forms.

    NAME, ...: text -> text  # why nobody can tell the difference
    NAME, ...: kind, ...  # why nobody can tell the difference in any of these

NAME is the function, macro, type or object that the mutant is in; where several files have one of that name, the file's path goes
before it. The texts are the lines before and after, without comments and with single spaces, as `mutants.py --list` shows them;
they speak for each place in NAME that has them. `any` is any kind. What a judge killed is killed, whatever is written here; a
line that fits no mutant that can be made, or says again what another one says, is a mistake."""
import collections
import difflib
import pathlib
import re

import judges

FORMS = "neither 'name: text -> text  # why' nor 'name: kind, ...  # why'"
LINE = re.compile(r"(?:(?P<path>\S+\.[ch]) )?(?P<names>\w+(?:, \w+)*): (?:(?P<before>.+) -> (?P<after>.+?)|(?P<kinds>\w+(?:, \w+)*))"
                  r"  # (?P<why>.+)")


class Reasons:
    def __init__(self, path, mutants):
        self.why = {}  # by mutant
        self.texts = set()  # that lines are about, each with where it is
        self.made = collections.defaultdict(list)  # mutants by name
        for mutant in mutants:
            self.made[mutant.within].append(mutant)
        wrong = []
        for n, line in enumerate(pathlib.Path(path).read_text().splitlines() if path else [], 1):
            if line.strip() and not line.startswith("#"):
                wrong += [f"{path}:{n}: {what}" for what in self.read(line.strip())]
        if wrong:
            raise judges.Stop("\n".join(wrong))

    def read(self, line):
        """What is wrong with it."""
        said = LINE.fullmatch(line)
        return [FORMS] if said is None else [wrong for name in said["names"].split(", ") for wrong in self.explain(name, said)]

    def explain(self, name, said):
        """Keeps what a line says about a name. What is wrong with that."""
        made = [m for m in self.made[name] if said["path"] in (None, m.path)]
        paths = sorted({m.path for m in made})
        fitting = [m for m in made if self.fits(m, said)]
        if not made:
            return [f"there is no {name} (any more): strike it out, or name what it has become{self.heirs(said)}"]
        if len(paths) > 1:
            return [f"there is a {name} in {' and '.join(paths)}: write which one, '{paths[0]} {name}: ...'"]
        if not fitting:
            instead = self.heirs(said) or self.nearest(made, said)
            return [f"no such mutant of {name} (any more): strike it out, or write what it is now{instead}"]
        text = (paths[0], name, said["before"], said["after"])
        if said["before"] and text in self.texts:
            return [f"a line before says why of {name} already: strike this one out"]
        self.texts.add(text)
        self.why.update((mutant, said["why"]) for mutant in fitting)
        return []

    def heirs(self, said):
        """Words about what has the text that a line is about now."""
        names = [name for name, made in self.made.items() if said["before"] and any(self.fits(m, said) for m in made)]
        return ", perhaps " + ", ".join(names) if names else ""

    @staticmethod
    def nearest(made, said):
        """Words about the mutant that may be meant; none where a line is about kinds."""
        texts = [f"{m.before} -> {m.after}" for m in made]
        found = difflib.get_close_matches(f"{said['before']} -> {said['after']}", texts, 1, 0) if said["before"] else []
        return "".join(f", perhaps\n    {said['names']}: {text}" for text in found)

    @staticmethod
    def fits(mutant, said):
        if said["kinds"]:
            return said["kinds"] == "any" or mutant.kind in said["kinds"].split(", ")
        return (mutant.before, mutant.after) == (said["before"].strip(), said["after"].strip())

    def of(self, mutant):
        return self.why.get(mutant)
