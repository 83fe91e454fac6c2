"""Which function and source line an instruction of a kernel comes from."""
import subprocess


def run(*arguments):
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def lines_at(kernel, addresses):
    """The line, "kernel/exec.c:28:22", of each address in that ELF file, as a dictionary."""
    lines = run("llvm-symbolizer", "-e", kernel, "--relativenames", "--no-inlines", "--functions=none",
                *[hex(address) for address in addresses]).split()
    return dict(zip(addresses, lines))


def functions_at(kernel, addresses):
    """The function and line, "fork kernel/process.c:28:22", of each address, as a dictionary."""
    addresses = list(addresses)
    answers = run("llvm-symbolizer", "-e", kernel, "--relativenames", "--no-inlines",
                  *[hex(address) for address in addresses]).strip().split("\n\n")
    return {address: " ".join(answer.split("\n")) for address, answer in zip(addresses, answers)}
