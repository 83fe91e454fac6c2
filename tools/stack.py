"""How much stack each function needs at most, with all that it calls: from what gcc says with -fcallgraph-info=su."""
import pathlib
import re

OUTSIDE = "__indirect_call"  # a function that the caller gave
NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*\\n(\d+) bytes \((?:static|dynamic,bounded)\)')


class Graph:
    def __init__(self, paths, levels):
        """The .ci files of all sources; a function that calls itself is at most `levels` deep in itself."""
        self.own, self.calls, self.levels = {}, {}, levels
        for path in paths:
            text = pathlib.Path(path).read_text()
            for title, n_bytes in NODE.findall(text):
                self.own[title] = int(n_bytes)
            for caller, callee in re.findall(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', text):
                self.calls.setdefault(caller, set()).add(callee)
            if re.search(r"\d bytes \(dynamic\)", text):
                raise ValueError(f"{path}: a function whose stack has no fixed size")
        called = set().union(*self.calls.values()) if self.calls else set()
        # What is called by address only: visitors that the core gives to its own walk.
        self.visitors = [title for title in self.own if ":" in title and title not in called]
        self.known = {}

    def worst(self, function, above=()):
        """Bytes of the deepest chain of calls that begins here. What the kernel gave (hooks, visitors) counts 0."""
        if function in above:
            raise ValueError(f"functions that call each other: {' '.join(above)} {function}")
        if function not in self.known:
            calls = self.calls.get(function, set())
            times = self.levels if function in calls else 1
            deepest = max((self.worst(callee, (*above, function)) for callee in calls - {function}), default=0)
            self.known[function] = times * self.own.get(function, 0) + deepest
        return self.known[function]

    def reaches(self, function, target, seen=None):
        seen = set() if seen is None else seen
        seen.add(function)
        return function == target or any(
            self.reaches(callee, target, seen) for callee in self.calls.get(function, ()) if callee not in seen)

    def of_call(self, function, takes_visitor):
        """The same for a public function: what walks with a visitor of the core's own needs that, too."""
        walks = not takes_visitor and self.reaches(function, OUTSIDE)
        return self.worst(function) + (max(map(self.worst, self.visitors), default=0) if walks else 0)
