"""The files of this project, for the checks: those that git tracks or would, and all files where there is no git.
And the tool that looks at them, where its version matters."""
import pathlib
import re
import subprocess

LLVM = "14"  # decides about layout and mistakes; another version has other opinions


def files(*suffixes):
    """Paths from the root, those that end with one of `suffixes` or all."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if listed.returncode == 0:
        paths = [pathlib.Path(line) for line in listed.stdout.splitlines()]
    else:
        paths = [path for path in pathlib.Path(".").rglob("*") if path.parts[0] not in ("build", ".git")]
    return sorted(path for path in paths if path.is_file() and path.name.endswith(suffixes or ("",)))


def lines(path):
    """(number, line) of a text file; of another one, nothing."""
    try:
        return list(enumerate(path.read_text().splitlines(), 1))
    except UnicodeDecodeError:
        return []


def version(tool):
    """The major version of an LLVM tool, as text."""
    said = subprocess.run([tool, "--version"], stdout=subprocess.PIPE, text=True).stdout
    return re.search(r"version (\d+)", said).group(1)


def functions(headers):
    """The public functions that headers declare: names with a ( behind them, but for types and macros."""
    text = "".join(re.sub(r"/\*.*?\*/|#.*?\n", "", pathlib.Path(header).read_text(), flags=re.DOTALL) for header in headers)
    return sorted(set(re.findall(r"^[\w ]+[ *]((?:quire|host)_\w+)\(", text, re.MULTILINE)) -
                  set(re.findall(r"^typedef .*?(\w+)\(", text, re.MULTILINE)))
