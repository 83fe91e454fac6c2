"""What a machine that hangs was doing: asked from QEMU's monitor, a socket that each boot has for that."""
import collections
import re
import socket

import symbols

PROMPT = b"(qemu) "
ASK_SECONDS = 60
N_REGISTERS = 4  # harts whose registers are shown in full; of 512 that is enough
WAITING = "arch_wait"
KERNEL_HALF = 1 << 63  # all addresses of the kernel are above


def options(path):
    return f"-monitor unix:{path},server=on,wait=off"


def ask(path, command):
    """The monitor's answer, or why there is none."""
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.settimeout(ASK_SECONDS)
        try:
            monitor.connect(path)
            until_prompt(monitor)
            monitor.sendall(command.encode() + b"\n")
            return until_prompt(monitor)
        except OSError as error:
            return f"the monitor does not answer: {error}"


def until_prompt(monitor):
    seen = b""
    while not seen.endswith(PROMPT):
        more = monitor.recv(65536)
        if not more:
            raise OSError("it has ended")
        seen += more
    return seen.decode(errors="replace").replace("\r", "")


def registers(text, pattern):
    """The registers of each hart, in the order of their ids, as text; and its program counter, which the pattern finds."""
    for hart in re.split(r"^CPU#", text, flags=re.MULTILINE)[1:]:
        yield hart, int(re.search(pattern, hart)[1], 16)


def report(path, kernel, special):
    """Lines: how many harts are where, and the registers of the first few that do not simply wait for work. `special` is
    the module for the machine, in machines/."""
    text = ask(path, "info registers -a")
    harts = list(registers(text, special.PC))
    if not harts:
        return [text]
    where = {pc: name if pc >= KERNEL_HALF else "in the firmware, or a program"
             for pc, name in symbols.functions_at(kernel, {pc for _, pc in harts}).items()}
    lines = []
    for pc, n in collections.Counter(pc for _, pc in harts).most_common():
        lines.append(f"{n} hart{'s' * (n > 1)} at 0x{pc:x}, {where[pc]}")
    busy = [hart for hart, pc in harts if WAITING not in where[pc]]
    for hart in busy[:N_REGISTERS]:
        lines += ["hart " + line.strip() if i == 0 else line for i, line in enumerate(hart.splitlines())
                  if i == 0 or re.match(special.REGISTERS, line)]
    return lines
