# SPDX-License-Identifier: MIT
"""Commands that the shell itself has: cd, echo, printf, export, history and their kin (POSIX.1-2017 §2.14)."""

import posixpath
from collections import deque

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Pause, Steps, turn
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.expansion.arithmetic import arithmetic, evaluate
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.syntax.escapes import unescape


@command(":", folder="")
def nothing(_call: Call) -> int:
    return 0


@command("true")
def succeed(_call: Call) -> int:
    return 0


@command("false")
def fail(_call: Call) -> int:
    return 1


@command("cd", folder="")
def cd(call: Call) -> int:
    shell = call.shell
    target = call.args[0] if call.args else shell.variables.get("HOME", "/")
    if target == "-":
        target = shell.variables.get("OLDPWD", shell.cwd)
        call.print(target)
    try:
        resolved = shell.files.enter(target, shell.access)
    except FileSystemError as error:
        call.shell_error(f"cd: {target}: {error}")
        return 1
    shell.set("OLDPWD", shell.cwd)
    shell.cwd = resolved
    shell.set("PWD", resolved)
    return 0


@command("pwd")
def pwd(call: Call) -> int:
    call.print(call.shell.cwd)
    return 0


@command("echo")
def echo(call: Call) -> Effects:
    """Write the arguments; -n, -e and -E as in bash."""
    args, newline, escapes = deque(call.args), True, False
    while args and args[0].startswith("-") and len(args[0]) > 1 and set(args[0][1:]) <= set("neE"):
        option = args.popleft()
        newline = newline and "n" not in option
        escapes = (escapes or "e" in option) and "E" not in option
    for index, arg in enumerate(args):
        text, stopped = unescape(arg) if escapes else (arg, False)
        call.print(" " * (index > 0) + text, end="")
        if stopped:
            return 0
        yield from turn()
    call.print(end="\n" if newline else "")
    return 0


@command("printf")
def printf(call: Call) -> Effects:
    """Write formatted arguments: %s %d %x %c %b %%."""
    if not call.args:
        return call.fail("usage: printf [-v var] format [arguments]", 2)
    layout, _ = unescape(call.args[0])
    pieces, values = layout.split("%"), deque(call.args[1:])
    for _ in range(200):
        before = len(values)
        yield from _formatted(call, pieces, values)
        if not values or len(values) == before:
            break
    return 0


def _formatted(call: Call, pieces: list[str], values: deque[str]) -> Steps[None]:
    """Write the layout once, filled with the next values."""
    call.print(pieces[0], end="")
    skip = False
    for piece in pieces[1:]:
        yield from turn()
        if skip or not piece:
            call.print("%" + piece if skip else "%", end="")
            skip = not skip and not piece
            continue
        body = piece.lstrip("0123456789.-+ ")
        value = values.popleft() if values and body else ""
        call.print(_converted(body[:1], value, piece[: len(piece) - len(body)]) + body[1:], end="")


def _converted(letter: str, value: str, width: str) -> str:
    if letter in "dixXo" and letter:
        number = arithmetic(value or "0", {}) or 0
        base = {"x": f"{number:x}", "X": f"{number:X}", "o": f"{number:o}"}.get(letter, str(number))
        value = base
    elif letter == "b":
        value, _ = unescape(value)
    elif letter == "c":
        value = value[:1]
    digits = width.lstrip("-+ 0").partition(".")[0]
    size = min(int(digits), 1000) if digits.isdigit() else 0
    if width.startswith("-"):
        return value.ljust(size)
    return value.rjust(size, "0" if width.startswith("0") and letter in "dxX" else " ")


@command("export", "declare", "typeset", "local", "readonly", folder="")
def export(call: Call) -> int:
    """Set variables, or list the exported ones."""
    shell = call.shell
    names = call.words
    for arg in names:
        name, equals, value = arg.partition("=")
        if equals:
            shell.set(name, value)
        shell.exported.add(name)
    if not names:
        for name in sorted(shell.exported):
            call.print(f'declare -x {name}="{shell.variables.get(name, "")}"')
    return 0


@command("set", folder="")
def set_(call: Call) -> int:
    """List all variables, or set the positional parameters after `--`; options are taken silently."""
    if "--" in call.args:
        call.shell.set_parameters(["", *call.args[call.args.index("--") + 1 :]])
    if not call.args:
        for name in sorted(call.shell.variables):
            if name[0].isalpha():
                call.print(f"{name}={call.shell.variables[name]}")
    return 0


@command("unset", folder="")
def unset(call: Call) -> int:
    for name in call.args:
        call.shell.unset(name)
    return 0


@command("alias", "unalias", "ulimit", "umask", "trap", "shopt", "stty", "tset", "reset", "wait", "bind", "complete",
         "disown", "hash", "bg", "fg", "jobs", folder="")  # fmt: skip
def quiet(call: Call) -> int:
    """Take the arguments and say nothing, as these mostly do; `umask` and `ulimit` answer when asked."""
    if call.name == "ulimit" and call.args:
        return _limits(call)
    if call.args:
        return 0
    answer = {"umask": "0022", "ulimit": "unlimited"}.get(call.name)
    if answer:
        call.print(answer)
    return 0


_LIMITS = """\
real-time non-blocking time  (microseconds, -R) unlimited
core file size              (blocks, -c) 0
data seg size               (kbytes, -d) unlimited
scheduling priority                 (-e) 0
file size                   (blocks, -f) unlimited
pending signals                     (-i) 15498
max locked memory           (kbytes, -l) 502268
max memory size             (kbytes, -m) unlimited
open files                          (-n) 1024
pipe size                (512 bytes, -p) 8
POSIX message queues         (bytes, -q) 819200
real-time priority                  (-r) 0
stack size                  (kbytes, -s) 8192
cpu time                   (seconds, -t) unlimited
max user processes                  (-u) 15498
virtual memory              (kbytes, -v) unlimited
file locks                          (-x) unlimited"""


def _limits(call: Call) -> int:
    """Show all limits, or the one asked for; to set one is taken silently."""
    option, *values = call.args
    if option == "-a":
        call.print(_LIMITS)
    elif not values:
        line = next((line for line in _LIMITS.splitlines() if f"{option[:2]})" in line), "")
        call.print(line.rpartition(" ")[2] or "unlimited")
    return 0


@command("history", folder="")
def history(call: Call) -> int:
    """List or clear the lines entered."""
    options, operands = call.flags()
    if "c" in options:
        call.shell.history.clear()
        return 0
    count = int(operands[0]) if operands and operands[0].isdigit() and len(operands[0]) < 6 else 1000
    first = max(0, len(call.shell.history) - count)
    for index, line in enumerate(call.shell.history[first:], first + 1):
        call.print(f"{index:5}  {line}")
    return 0


@command("sleep", "usleep")
def sleep(call: Call) -> Effects:
    seconds = sum(_seconds(arg) for arg in call.args)
    yield Pause(seconds / (1e6 if call.name == "usleep" else 1))
    return 0


def _seconds(text: str) -> float:
    unit = {"m": 60, "h": 3600, "d": 86400}.get(text[-1:], 1)
    try:
        return min(max(0.0, float(text.rstrip("smhd"))), 1e6) * unit
    except ValueError:
        return 0.0


@command("clear")
def clear(call: Call) -> int:
    call.print("\x1b[H\x1b[2J\x1b[3J", end="")
    return 0


@command("basename", "dirname")
def part_of_path(call: Call) -> int:
    for path in call.args[:1]:
        trimmed = path.rstrip("/") or "/"
        call.print(posixpath.basename(trimmed) if call.name == "basename" else posixpath.dirname(trimmed) or ".")
    return 0


@command("seq")
def seq(call: Call) -> Effects:
    numbers = [arithmetic(arg, {}) or 0 for arg in call.args[:3]] or [0]
    first, step, last = (1, 1, numbers[0]) if len(numbers) == 1 else (numbers[0], 1, numbers[-1])
    if len(numbers) == 3:
        step = numbers[1] or 1
    for number in range(first, last + (1 if step > 0 else -1), step):
        call.print(str(number))
        yield from turn()
    return 0


@command("yes")
def yes(call: Call) -> Effects:
    """Repeat for ever: until the reader is gone."""
    line = encode((" ".join(call.args) or "y") + "\n")
    lines = line * max(1, 1024 // len(line))
    while True:
        call.out.write(lines)
        yield from turn()


@command("expr")
def expr(call: Call) -> int:
    value = arithmetic(" ".join(call.args), call.shell.variables)
    if value is None:
        return call.fail("syntax error", 2)
    call.print(str(value))
    return int(value == 0)


@command("let", folder="")
def let(call: Call) -> Effects:
    """Compute and assign; `((...))` comes here, too."""
    value: int | None = None
    for expression in call.args:
        yield from turn()
        value = evaluate(expression, call.shell.variables, call.shell.set)
        if value is None:
            call.shell_error(f"let: {expression}: syntax error: operand expected")
            return 1
    return int(not value)
