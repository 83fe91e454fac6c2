"""What was found out about mutants, one JSON object in each line, so that an interrupted run goes on where it was.

A verdict stands as long as the mutant's file and all headers are what they were; that one survived, or compiled to nothing new,
also as long as the judges are."""
import hashlib
import json

import judges


def digest(*texts):
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


class Log:
    def __init__(self, path, texts, programs):
        headers = [text for name, text in sorted(texts.items()) if name.endswith(".h")]
        self.sources = {name: digest(text, *headers) for name, text in texts.items()}
        self.programs = programs[:16]
        self.file = open(path, "a+") if path else None

    def key(self, mutant):
        return mutant.path, self.sources[mutant.path], mutant.start, mutant.end, mutant.new

    def known(self, mutants):
        """(mutant, verdict) of those that need not be judged again."""
        found = {}
        if self.file:
            self.file.seek(0)
            for line in self.file:
                entry = json.loads(line)
                verdict = judges.Verdict(*entry["verdict"])
                if verdict.killer not in ("survived", "same") or entry["programs"] == self.programs:
                    found[tuple(entry["mutant"])] = verdict
        return [(m, found[self.key(m)]) for m in mutants if self.key(m) in found]

    def write(self, mutant, verdict):
        if self.file:
            entry = {"mutant": self.key(mutant), "verdict": verdict, "programs": self.programs}
            print(json.dumps(entry), file=self.file, flush=True)
