"""The small mistakes that are planted: from the text of a C file to its mutants.

No parser of C: the text is cut into tokens, and what only a compiler can tell (a `*` that multiplies from one that
points) is told by the layout, which clang-format keeps: operators between two operands have spaces on both sides. What is
no C after the change does not compile, and is not counted.
"""
import bisect
import collections
import re

# text[start:end] becomes `new`. `line` counts from 1. `within` names the function, macro, type or object that this is in. `before`
# and `after` are the lines concerned, without comments and with single spaces; of the places where these four are equal it is
# the nth, from 1.
Mutant = collections.namedtuple("Mutant", "path line start end new within kind before after nth")


def label(mutant):
    return f"{mutant.path}:{mutant.line} {mutant.within} {mutant.kind}"


def identity(mutant):
    """What stays the same when other lines change, and when the function moves to another file."""
    return mutant.within, mutant.kind, mutant.before, mutant.after, mutant.nth


Token = collections.namedtuple("Token", "text start end")

KINDS = ["relation", "arithmetic", "bits", "logic", "constant", "condition", "statement", "return", "order"]

# What no mutant is made of: comments, texts, directives (of a #define all but its body), assertions.
NO_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\''
                     r"|^[ \t]*#[ \t]*define[ \t]+\w+(?:\([^)\n]*\))?|^[ \t]*#(?![ \t]*define)(?:\\\n|[^\n])*"
                     r"|(?:_Static_assert|Q_ASSERT)\(.*?\);", re.S | re.M)
TOKEN = re.compile(r"\w+|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|&&|\|\||[-+*/%&|^<>=!]=|\S")

BETWEEN = {  # an operator between two operands, and its like
    "relation": {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="},
    "arithmetic": {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "+=": "-=", "-=": "+="},
    "bits": {"&": "|", "|": "&", "^": "&", "<<": ">>", ">>": "<<", "&=": "|=", "|=": "&="},
    "logic": {"&&": "||", "||": "&&"},
}
BESIDE = {"++": ("arithmetic", "--"), "--": ("arithmetic", "++"), "~": ("bits", ""), "!": ("logic", ""),
          "-": ("arithmetic", ""), "true": ("constant", "false"), "false": ("constant", "true")}
NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)([uUlL]*)")
NO_EXPRESSION = {"if", "else", "for", "while", "do", "switch", "case", "default", "goto", "return", "break", "continue",
                 "const", "static", "struct", "enum", "union", "typedef", "extern", "unsigned", "signed", "sizeof"}

WEAKER = {"memory_order_seq_cst": ["memory_order_acq_rel"], "memory_order_acquire": ["memory_order_relaxed"],
          "memory_order_acq_rel": ["memory_order_acquire", "memory_order_release"],
          "memory_order_release": ["memory_order_relaxed"]}
ATOMIC = re.compile(r"atomic_(load|store|exchange|fetch_\w+?|compare_exchange_(?:strong|weak))$")
WEAKER_CALL = {"load": "memory_order_acquire", "store": "memory_order_release"}


def tokens_of(text):
    code = NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)
    return [Token(t.group(), t.start(), t.end()) for t in TOKEN.finditer(code)]


def closing(tokens, i):
    """Index of the bracket that closes the one at i."""
    depth = 0
    for k in range(i, len(tokens)):
        depth += (tokens[k].text in "([{") - (tokens[k].text in ")]}")
        if depth == 0:
            return k
    raise ValueError(f"no bracket closes the one at character {tokens[i].start}")


def operators(text, tokens):
    for t in tokens:
        spaced = text[t.start - 1].isspace() and text[t.end:t.end + 1].isspace()
        for kind, table in BETWEEN.items():
            if spaced and t.text in table:
                yield kind, t.start, t.end, table[t.text]
        if t.text in BESIDE and not spaced:
            kind, new = BESIDE[t.text]
            yield kind, t.start, t.end, new


def constants(_, tokens):
    for t in tokens:
        number = NUMBER.fullmatch(t.text)
        if number:
            n, suffix = int(number.group(1), 0), number.group(2)
            for other in [n + 1, n - 1] if n > 0 else [n + 1]:
                yield "constant", t.start, t.end, f"{other}{suffix}"


def conditions(text, tokens):
    for i, t in enumerate(tokens[:-1]):
        if t.text in ("if", "while") and tokens[i + 1].text == "(":
            start, end = tokens[i + 1].start, tokens[closing(tokens, i + 1)].end
            yield "condition", start, end, f"(!{text[start:end]})"
            if t.text == "if":  # the check is made, and not heeded
                yield "condition", start, end, f"({text[start:end]} && false)"


def statements(_, tokens):
    """(first token, last token, depth in braces) of each statement that ends in a semicolon, in functions."""
    depth, first, i = 0, None, 0
    while i < len(tokens):
        text = tokens[i].text
        if first is None and text in ("if", "for", "while", "switch") and tokens[i + 1].text == "(":
            i = closing(tokens, i + 1)
        elif first is None and text in ("else", "do", ";"):
            pass
        elif first is None and text in "{}":
            depth += 1 if text == "{" else -1
        elif text == "{" and tokens[i - 1].text == ")" and depth == 0:  # a function's head is behind us
            first, depth = None, 1
        elif text == ";":
            if depth > 0:
                yield first, i, depth
            first = None
        else:
            first = i if first is None else first
            i = closing(tokens, i) if text in "([{" else i
        i += 1


def is_declaration(tokens, first):
    a, b, c = (tokens[k].text for k in range(first, first + 3))
    return a[0].isalpha() and (b[0].isalpha() or (b == "*" and c[0].isalpha()))


def drops(text, tokens):
    for first, last, depth in statements(text, tokens):
        word, start, end = tokens[first].text, tokens[first].start, tokens[last].end
        if word in ("break", "continue") or (word == "return" and depth > 1):
            yield "statement", start, end, ";"
        if word == "return" and last - first > 2 and depth > 0:
            yield "return", start, end, "return 0;"
        if word not in NO_EXPRESSION and not is_declaration(tokens, first):
            yield "statement", start, end, ";"


def orders(text, tokens):
    for i, t in enumerate(tokens):
        for weaker in WEAKER.get(t.text, []):
            yield "order", t.start, t.end, weaker
        atomic = ATOMIC.match(t.text)
        if atomic and not t.text.endswith("_explicit"):
            call = text[tokens[i + 1].start:tokens[closing(tokens, i + 1)].end]
            order = WEAKER_CALL.get(atomic.group(1), "memory_order_acq_rel")
            if atomic.group(1).startswith("compare"):
                order += ", memory_order_acquire"
            yield "order", t.start, t.end + len(call), f"{t.text}_explicit{call[:-1]}, {order})"


COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|("(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\')', re.S)
HEAD = re.compile(r"^#[ \t]*define[ \t]+(?P<macro>\w+)(?:\\\n|[^\n])*"
                  r"|^[A-Za-z][^;:{}()=#\n]*?\b(?P<other>\w+)(?:\[[^\]\n]*\])*(?:\([^;{}]*\{$| \{$| =)|^\}", re.M)


def name_at(heads, place):
    """What is defined there; "" where that has no name."""
    for head in reversed(heads):
        if head.start() <= place and (head["macro"] is None or place < head.end()):
            return head["macro"] or head["other"] or ""
    return ""


def without_comments(text):
    """As long as the text, and with the same lines."""
    return COMMENT.sub(lambda found: found[1] or re.sub(r"[^\n]", " ", found.group()), text)


def mutants_of(path, text):
    """All mutants of one file, in the order of the text, as if each were the first of its kind."""
    tokens, bare = tokens_of(text), without_comments(text) + "\n"
    heads = list(HEAD.finditer(bare))
    line_starts = [0] + [m.end() for m in re.finditer("\n", text)]
    for make in operators, constants, conditions, drops, orders:
        for kind, start, end, new in make(text, tokens):
            line = bisect.bisect(line_starts, start)
            from_, to = line_starts[line - 1], bare.index("\n", end)
            before, after = bare[from_:to], bare[from_:start] + new + bare[end:to]
            yield Mutant(path, line, start, end, new, name_at(heads, start), kind, " ".join(before.split()),
                         " ".join(after.split()), 1)


def mutants(texts):
    """All mutants of files, by path."""
    times = collections.Counter()
    for path, text in texts.items():
        for mutant in mutants_of(path, text):
            times[identity(mutant)] += 1
            yield mutant._replace(nth=times[identity(mutant)])
