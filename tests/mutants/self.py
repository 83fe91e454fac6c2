#!/usr/bin/env python3
"""tests/mutants/mutants.py, on a toy: which mistakes it makes, which of them are counted, killed, alive, explained."""
import pathlib
import subprocess
import sys
import tempfile

sys.path[:0] = ["tools", "tests/mutants"]
import operators
import tap

MUTANTS_PY = pathlib.Path("tests/mutants/mutants.py").resolve()
SOURCE = """struct pair { int n; } *pair;
struct pair copy(void) {
    return *pair;
}
int positive(int a) {
    return a * 1 > 0;
}
"""
TEST = "int positive(int);\nint main(void) { return !positive(1) || positive(-1)%s; }\n"
JUDGES = """[build plain]
compile = gcc -O2 -c {source} -o {object}
[judge test]
build = plain
link = gcc test.c {core} -o {program}
run = {program}
"""
MUTANTS = """toy.c:6 positive arithmetic: return a * 1 > 0; -> return a / 1 > 0;
toy.c:6 positive relation: return a * 1 > 0; -> return a * 1 >= 0;
toy.c:6 positive constant: return a * 1 > 0; -> return a * 2 > 0;
toy.c:6 positive constant: return a * 1 > 0; -> return a * 0 > 0;
toy.c:6 positive constant: return a * 1 > 0; -> return a * 1 > 1;
toy.c:3 copy return: return *pair; -> return 0;
toy.c:6 positive return: return a * 1 > 0; -> return 0;"""
OTHER_LINE = "/* Moves the others. */\n" + SOURCE.replace("*pair;\n}", "pair[0];\n}")
HANGING = "int positive(int a) {\n    volatile int n = 3;\n    while (n != 0) {\n        n--;\n    }\n    return a > n;\n}\n"

# What is made of a line of a function: the kind and the line after the change.
MADE = {
    "a = b * c;": ["arithmetic a = b / c;", "statement ;"],
    "struct q *a = f(b);": [],
    "q_word *a = &b;": [],
    "*a |= ~b;": ["bits *a &= ~b;", "bits *a |= b;", "statement ;"],
    "if (again(a)) b();": ["condition if (!(again(a))) b();", "condition if ((again(a)) && false) b();",
                           "statement if (again(a)) ;"],
    "(void)f(true, \"a /* 1\"); /* b - 1 */": ["constant (void)f(false, \"a /* 1\");", "statement ;"],
    "Q_ASSERT(a < 1, a);": [],
    "while (a->n[1u] != -b) { a++; }": [
        "relation while (a->n[1u] == -b) { a++; }", "arithmetic while (a->n[1u] != b) { a++; }",
        "arithmetic while (a->n[1u] != -b) { a--; }", "constant while (a->n[2u] != -b) { a++; }",
        "constant while (a->n[0u] != -b) { a++; }", "condition while (!(a->n[1u] != -b)) { a++; }",
        "statement while (a->n[1u] != -b) { ; }"],
    "return atomic_load(&a->n) && !f(b);": [
        "logic return atomic_load(&a->n) || !f(b);", "logic return atomic_load(&a->n) && f(b);", "return return 0;",
        "order return atomic_load_explicit(&a->n, memory_order_acquire) && !f(b);"],
    "atomic_compare_exchange_weak(a, &b, c);": [
        "statement ;",
        "order atomic_compare_exchange_weak_explicit(a, &b, c, memory_order_acq_rel, memory_order_acquire);"],
    "atomic_exchange_explicit(a, b, memory_order_acq_rel);": [
        "statement ;", "order atomic_exchange_explicit(a, b, memory_order_acquire);",
        "order atomic_exchange_explicit(a, b, memory_order_release);"],
    "atomic_store_explicit(a, b, memory_order_relaxed);": ["statement ;"],
}

# What numbers are in, by its name.
NAMED = {
    "macro": "#define macro(a) \\\n    (2)\n",
    "type": "struct type {\n    _Alignas(2) int n;\n};\n",
    "object": "static const int object[] = {2};\n",
    "function": "static int *function(int a,\n              int b) {\n#define inside a\n    f(2);\n}\n",
    "": "_Alignas(2) int n;\n",
}
TWICE = "int twice(int a) {\n    f(a + b); /* why */\n    f(a + b);\n}\n"


def identities(**texts):
    return [operators.identity(m) for m in operators.mutants({name + ".c": text for name, text in texts.items()})]


def run(folder, source=SOURCE, more="", explained=None, options=(), others={}):
    """(exit status, output)"""
    folder = pathlib.Path(folder)
    (folder / "toy.c").write_text(source)
    (folder / "test.c").write_text(TEST % more)
    (folder / "judges").write_text(JUDGES)
    for name, text in others.items():
        (folder / name).write_text(text)
    if explained is not None:
        (folder / "explained").write_text(explained)
        options = [*options, "--explained", "explained"]
    done = subprocess.run([MUTANTS_PY, *options, "judges", "work", "toy.c", *others], cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def sample(folder, source, seed):
    """Three mutants of a source, without the numbers of their lines."""
    listed = run(folder, source, options=["--list", "--sample", "3", "--seed", seed])[1]
    return {line.split(" ", 1)[1] for line in listed.splitlines()}


def expect(name, result, status, *said):
    missing = [text for text in said if text not in result[1]]
    tap.expect(f"{name}: status {status}", result[0] == status and not missing,
               f"status {result[0]}; not said: {missing}; said:\n{result[1]}")


for line, made in MADE.items():
    text = "void g(void) {\n" + line + "\n}\n"
    found = [f"{m.kind} {m.after}" for m in operators.mutants({"toy.c": text})]
    tap.expect("mistakes in " + line, sorted(found) == sorted(made), "\n".join(found))

found = sorted(operators.mutants({"toy.c": "".join(NAMED.values())}), key=lambda m: m.start)
names = list(dict.fromkeys(m.within for m in found if m.kind == "constant"))
tap.expect("macros, types, objects and functions have names", names == list(NAMED), names)
twice = identities(a=TWICE)
tap.expect("the same mistake in the same function twice is two", len(set(twice)) == len(twice) == 4, twice)
moved = identities(b="/* Moved. */\nint other;\n" + TWICE.replace("/* why */", ""))
tap.expect("neither file, place nor comment matter", moved == twice, moved)

with tempfile.TemporaryDirectory() as folder:
    listed = run(folder, options=["--list"])
    tap.expect("--list has all of them", (listed[0], listed[1].strip()) == (0, MUTANTS), listed[1])
    expect("killed, alive, the same, not compiled", run(folder), 1, "7 of 7 mutants, seed 1", "1 do not compile, 3 change no object code",
           "3 mutants: 2 killed, 0 explained, 1 survived, score 66.7 % (66.7 % of all); 0 killed by a time limit",
           "survived: toy.c:6 positive relation", "-    return a * 1 > 0;\n+    return a * 1 >= 0;")
    expect("a better test kills all", run(folder, more=" || positive(0)"), 0, "3 mutants: 3 killed", "score 100.0 %")
    expect("only some", run(folder, options=["--only", "toy.c:6 positive constant"]), 0, "2 mutants: 2 killed", "0 do not compile, 1 change")
    expect("one that hangs is killed", run(folder, HANGING, options=["--only", "statement", "--patience", "0"]),
           0, "1 mutants: 1 killed", "; 1 killed by a time limit")
    expect("a judge who is never content", run(folder, more=" || 1"), 2, "judge test is not content with the sources as they are")
    expect("no mutant", run(folder, options=["--only", "nowhere"]), 2, "there is no mutant to judge")

    why = "# a comment\npositive: return a * 1 > 0; -> return a * 1 >= 0;  # nobody asks about 0\n"
    rule = "copy, positive: relation, return  # nobody asks about 0\n"
    any_kind = rule.replace("relation, return", "any")
    with_file = why.replace("positive", "toy.c positive")
    for form, text in ("text", why), ("file and text", with_file), ("kind", rule), ("name", any_kind):
        expect("the living one is explained by its " + form, run(folder, explained=text), 0,
               "3 mutants: 2 killed, 1 explained, 0 survived, score 100.0 % (66.7 % of all)")
    expect("one that is killed is so, explained or not", run(folder, more=" || positive(0)", explained=why), 0, "3 killed, 0 explained")
    expect("another function's rule", run(folder, explained=any_kind.replace(", positive", "")), 1, "1 survived")
    for text in why.replace(">=", "!="), why.replace("positive", "copy"), "#\n" + rule.replace("relation, return", "logic"):
        name = "copy" if "copy" in text else "positive"
        expect("an explanation of what is no more", run(folder, explained=text), 2,
               f"explained:2: no such mutant of {name} (any more): strike it out")
    expect("what may be meant instead", run(folder, explained=why.replace(">= 0", ">= 7")), 2,
           "perhaps\n    positive: return a * 1 > 0; -> return a * 1 >= 0;\n")
    for moved in "negative", "copy":
        expect("who may be meant instead", run(folder, explained=why.replace("positive", moved)), 2, ", perhaps positive\n")
    for text in why.replace("positive", "negative"), with_file.replace("toy.c", "other.c"), "#\n" + rule.replace("copy", "none"):
        expect("an explanation in what is no more", run(folder, explained=text), 2,
               "explained:2: there is no ", " (any more): strike it out")
    expect("the same explained twice", run(folder, explained=why + why), 2, "says why of positive already")
    expect("an explanation without a reason", run(folder, explained="copy: a -> b\n"), 2, "explained:1: neither")
    namesakes = run(folder, explained=why, others={"more.c": SOURCE.replace("copy", "copy_2")})
    expect("an explanation for one of two namesakes", namesakes, 2,
           "explained:2: there is a positive in more.c and toy.c: write which one, 'more.c positive: ...'")

    log = ["--log", "log"]
    fresh, again = run(folder, options=log), run(folder, options=log)
    tap.expect("what the log knows is not judged again", fresh[1].count("survived: ") > again[1].count("survived: ") > 0
               and fresh[1].splitlines()[-1] == again[1].splitlines()[-1], fresh[1] + again[1])
    expect("what survived is judged again by better tests", run(folder, more=" || positive(0)", options=log), 0, "3 mutants: 3 killed")
    expect("all is judged again in a changed file", run(folder, SOURCE.replace("* 1", "* 2"), options=log), 1, "4 mutants: 2 killed, 0 explained, 2 survived")

    some = [run(folder, options=["--list", "--sample", "3", "--seed", seed]) for seed in "223"]
    tap.expect("a seed means a sample", some[0] == some[1] != some[2] and some[0][1].count("\n") == 3, some)
    samples = [(sample(folder, SOURCE, seed), sample(folder, OTHER_LINE, seed)) for seed in "12345678"]
    tap.expect("each mutant is in a sample", len(set().union(*(before for before, _ in samples))) == 7, samples)
    others = [[{m for m in chosen if "pair" not in m} for chosen in pair] for pair in samples]
    tap.expect("a change of one line exchanges none of another", all(a <= b or b <= a for a, b in others), others)

done = subprocess.run([MUTANTS_PY, "--list", "--explained", "tests/mutants/explained", "no judges", "no folder",
                       *sorted(pathlib.Path("src").glob("*.[ch]"))], capture_output=True, text=True)
tap.expect("each line of tests/mutants/explained is about a mutant that can be made", done.returncode == 0, done.stderr)
tap.end()
