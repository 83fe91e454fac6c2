"""Test results as TAP, for the checks and for the tests of tools."""
import sys

_count = 0
_failed = False


def result(name, problems=()):
    """One test. It passes where there are no problems; else each is a line that says what and where."""
    global _count, _failed
    _count += 1
    print(f"{'not ok' if problems else 'ok'} {_count} - {name}")
    for problem in problems:
        for line in str(problem).splitlines():
            print("# " + line)
    sys.stdout.flush()  # of a test that hangs, too, one wants to know how far it came
    _failed = _failed or bool(problems)


def expect(name, is_so, otherwise=""):
    """One test that is a plain yes or no; `otherwise` is shown where it is no."""
    result(name, [] if is_so else [otherwise or "this is not so"])


def skip(name, why):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}")


def end():
    print(f"1..{_count}")
    sys.exit(1 if _failed else 0)
