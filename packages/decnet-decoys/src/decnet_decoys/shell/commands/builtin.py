# SPDX-License-Identifier: MIT
"""Commands that the shell itself has: cd, echo, export, test, history and their kin (POSIX.1-2017 §2.14)."""

from __future__ import annotations

import posixpath

from decnet_decoys.shell import interpreter
from decnet_decoys.shell.call import Call, decode, encode
from decnet_decoys.shell.escapes import unescape
from decnet_decoys.shell.expand import arithmetic
from decnet_decoys.shell.files import FileFault
from decnet_decoys.shell.lookup import find
from decnet_decoys.shell.registry import command, programs
from decnet_decoys.shell.steps import AskLine, Pause, Print, Steps


@command(":", "true")
def succeed(_call: Call) -> int:
    """Do nothing, successfully."""
    return 0


@command("false")
def fail(_call: Call) -> int:
    """Do nothing, unsuccessfully."""
    return 1


@command("cd", folder="")
def cd(call: Call) -> int:
    """Change the working directory."""
    shell = call.shell
    target = call.args[0] if call.args else shell.variables.get("HOME", "/")
    if target == "-":
        target = shell.variables.get("OLDPWD", shell.cwd)
        call.print(target)
    try:
        place = shell.files.enter(target, shell.identity, shell.cwd)
    except FileFault as fault:
        call.err.write(encode(f"{shell.complaint}: cd: {target}: {fault}\n"))
        return 1
    shell.set("OLDPWD", shell.cwd)
    shell.cwd = place
    shell.set("PWD", place)
    return 0


@command("pwd")
def pwd(call: Call) -> int:
    """Name the working directory."""
    call.print(call.shell.cwd)
    return 0


@command("echo")
def echo(call: Call) -> int:
    """Write the arguments; -n, -e and -E as in bash."""
    args, newline, escapes = list(call.args), True, False
    while args and args[0].startswith("-") and len(args[0]) > 1 and set(args[0][1:]) <= set("neE"):
        option = args.pop(0)
        newline = newline and "n" not in option
        escapes = (escapes or "e" in option) and "E" not in option
    text = " ".join(args)
    if escapes:
        text, stopped = unescape(text)
        newline = newline and not stopped
    call.print(text, end="\n" if newline else "")
    return 0


@command("printf")
def printf(call: Call) -> int:
    """Write formatted arguments: %s %d %x %c %b %%."""
    if not call.args:
        return call.fail("usage: printf [-v var] format [arguments]", 2)
    layout, _ = unescape(call.args[0])
    values = list(call.args[1:])
    for _ in range(200):
        before = len(values)
        call.out.write(encode(_formatted(layout, values)))
        if not values or len(values) == before:
            break
    return 0


def _formatted(layout: str, values: list[str]) -> str:
    pieces = layout.split("%")
    text, skip = pieces[0], False
    for piece in pieces[1:]:
        if skip or not piece:
            text += "%" + piece if skip else "%"
            skip = not skip and not piece
            continue
        body = piece.lstrip("0123456789.-+ ")
        value = values.pop(0) if values and body else ""
        text += _converted(body[:1], value, piece[: len(piece) - len(body)]) + body[1:]
    return text


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
    names = [arg for arg in call.args if not arg.startswith("-")]
    for arg in names:
        name, equals, value = arg.partition("=")
        if equals:
            shell.set(name, value)
        shell.exported.add(name)
    if not names:
        for name in sorted(shell.exported):
            call.print(f'declare -x {name}="{shell.variables.get(name, "")}"')
    return 0


@command("env", "printenv")
def env(call: Call) -> Steps | int:
    """List the environment, or run a command."""
    shell = call.shell
    names = [arg for arg in call.args if "=" not in arg and not arg.startswith("-")]
    if names and call.name == "printenv":
        for name in names:
            call.print(shell.variables.get(name, ""))
        return 0
    if names:
        streams = interpreter.Streams(call.stdin, call.out, call.err)
        return shell.execute(call.args[call.args.index(names[0]) :], streams)
    for name in [*sorted(shell.exported & shell.variables.keys()), "_"]:
        call.print(f"{name}={shell.variables.get(name, '/usr/bin/env')}")
    return 0


@command("set", folder="")
def set_(call: Call) -> int:
    """List all variables; options are taken silently."""
    if not call.args:
        for name in sorted(call.shell.variables):
            if name[0].isalpha():
                call.print(f"{name}={call.shell.variables[name]}")
    return 0


@command("unset", folder="")
def unset(call: Call) -> int:
    """Forget variables."""
    for name in call.args:
        call.shell.variables.pop(name, None)
        call.shell.exported.discard(name)
    return 0


@command("alias", "unalias", "ulimit", "umask", "trap", "shopt", "stty", "tset", "reset", "wait", "bind", "complete",
         "disown", "hash", "bg", "fg", "jobs", folder="")  # fmt: skip
def quiet(call: Call) -> int:
    """Take the arguments and say nothing, as these mostly do; `umask` and `ulimit` answer when asked."""
    if call.args:
        return 0
    answer = {"umask": "0022", "ulimit": "unlimited"}.get(call.name)
    if answer:
        call.print(answer)
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
    for place, line in enumerate(call.shell.history[first:], first + 1):
        call.print(f"{place:5}  {line}")
    return 0


@command("exit", "logout", folder="")
def exit_(call: Call) -> int:
    """Leave the shell."""
    raise interpreter.ExitShell(_status(call))


@command("return", folder="")
def return_(call: Call) -> int:
    """Leave a function or script."""
    raise interpreter.ReturnFunction(_status(call))


def _status(call: Call) -> int:
    return (
        int(call.args[0]) & 255 if call.args and call.args[0].isdigit() and len(call.args[0]) < 9 else call.shell.status
    )


@command("break", "continue", folder="")
def jump(call: Call) -> int:
    """Leave or repeat a loop."""
    raise interpreter.LoopJump(call.name)


@command("read", folder="")
def read(call: Call) -> Steps:
    """Read a line into variables."""
    options, names = call.flags("pntud")
    prompt = options.get("p", "")
    if call.stdin is not None:
        got = call.stdin.line()
    else:
        got = yield AskLine(prompt, echo="s" not in options)
    words = decode(got or b"").split(None, max(0, len(names) - 1))
    for place, name in enumerate(names or ["REPLY"]):
        call.shell.set(name, words[place] if place < len(words) else "")
    return 0 if got is not None else 1


@command("type", "command", folder="")
def type_(call: Call) -> Steps | int:
    """Say what a name is; `command name` runs it."""
    names = [arg for arg in call.args if not arg.startswith("-")]
    asks = call.name == "type" or any(arg in ("-v", "-V") for arg in call.args)
    if not names:
        return 0
    if not asks:
        return call.shell.execute(names, interpreter.Streams(call.stdin, call.out, call.err))
    return _where(call, names, verbose=call.name == "type")


def _where(call: Call, names: list[str], *, verbose: bool) -> int:
    status = 0
    for name in names:
        path = path_of(call, name)
        if path is None:
            status = 1
            if verbose:
                call.err.write(encode(f"{call.shell.complaint}: type: {name}: not found\n"))
        elif not verbose:
            call.print(path)
        else:
            call.print(f"{name} is {'a shell builtin' if path == name else path}")
    return status


def path_of(call: Call, name: str) -> str | None:
    """Return where a command lies, its own name for a builtin, None for an unknown one."""
    if name in call.shell.functions:
        return name
    if find(call.shell, name).handler is None:
        return None
    folder = programs()[name].folder
    if not folder:
        return name
    return f"/bin/{name}" if call.shell.machine.persona.family == "busybox" else f"{folder}/{name}"


@command("which", "whereis")
def which(call: Call) -> int:
    """Name where commands lie."""
    status = 0
    for name in call.args:
        path = path_of(call, name)
        if path is None or path == name:
            status = 1
        elif call.name == "whereis":
            call.print(f"{name}: {path} /usr/share/man/man1/{name}.1.gz")
        else:
            call.print(path)
    return status


@command("test", "[", "[[")
def test(call: Call) -> int:
    """Evaluate a condition (POSIX.1-2017, test)."""
    args = list(call.args)
    if call.name != "test" and args and args[-1] in ("]", "]]"):
        args.pop()
    for joint, combine in (("-o", any), ("||", any), ("-a", all), ("&&", all)):
        if joint in args and args.index(joint) not in (0, len(args) - 1):
            place = args.index(joint)
            return int(not combine([_holds(call, args[:place]), _holds(call, args[place + 1 :])]))
    return int(not _holds(call, args))


def _holds(call: Call, args: list[str]) -> bool:
    if args[:1] == ["!"]:
        return not _holds(call, args[1:])
    if len(args) == 1:
        return bool(args[0])
    if len(args) == 2:
        return _unary(call, args[0], args[1])
    if len(args) >= 3:
        return _binary(call, args[0], args[1], args[2])
    return False


def _unary(call: Call, operator: str, value: str) -> bool:
    if operator in ("-z", "-n"):
        return bool(value) == (operator == "-n")
    if operator == "-t":
        return call.shell.terminal is not None
    shell = call.shell
    try:
        entry = shell.files.stat(value, shell.cwd, follow=operator not in ("-h", "-L"))
    except FileFault:
        return False
    bits = {"-r": 4, "-w": 2, "-x": 1}
    if operator in bits:
        return shell.identity.may(entry, bits[operator])
    kinds = {"-f": "file", "-d": "dir", "-h": "link", "-L": "link", "-c": "device"}
    return entry.size > 0 if operator == "-s" else entry.kind == kinds.get(operator, entry.kind)


def _binary(call: Call, left: str, operator: str, right: str) -> bool:
    if operator in ("=", "==", "=~"):
        return left == right
    if operator == "!=":
        return left != right
    a, b = arithmetic(left, call.shell.variables), arithmetic(right, call.shell.variables)
    if a is None or b is None:
        call.fail(f"{left if a is None else right}: integer expression expected", 2)
        return False
    return {"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b, "-ge": a >= b}.get(operator, False)


@command("sleep", "usleep")
def sleep(call: Call) -> Steps:
    """Let time pass."""
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
    """Clear the screen."""
    call.print("\x1b[H\x1b[2J\x1b[3J", end="")
    return 0


@command("sh", "bash", "ash", "dash")
def sh(call: Call) -> Steps:
    """Run a script, a string (-c) or standard input; with none of them be a shell within the shell."""
    shell, streams = call.shell, interpreter.Streams(None, call.out, call.err)
    options, operands = call.flags("c")
    if "version" in options:
        call.print("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)")
        return 0
    if "c" in options:
        return (yield from shell.run_script(options["c"], operands or [call.name], streams))
    if operands:
        data = call.read(operands[0])
        if data is None:
            return 127
        return (yield from shell.run_script(decode(data), operands, streams))
    if call.stdin is not None or shell.terminal is None:
        script = yield from call.input()
        return (yield from shell.run_script(decode(script), [call.name], streams))
    return 0


@command("eval", folder="")
def eval_(call: Call) -> Steps:
    """Run the arguments as a line."""
    return (yield from call.shell.script(" ".join(call.args), interpreter.Streams(call.stdin, call.out, call.err)))


@command("source", ".", folder="")
def source(call: Call) -> Steps:
    """Run a file in this shell."""
    data = call.read(call.args[0]) if call.args else None
    if data is None:
        return 1
    return (yield from call.shell.script(decode(data), interpreter.Streams(call.stdin, call.out, call.err)))


@command(
    "exec", "nohup", "nice", "time", "timeout", "setsid", "stdbuf", "ionice", "watch", "busybox", "xargs", "taskset"
)
def wrap(call: Call) -> Steps:
    """Run the command that follows."""
    args = list(call.args)
    while args and (args[0].startswith("-") or (call.name in ("timeout", "taskset") and args[0][:1].isdigit())):
        args.pop(0)
    if not args:
        if call.name == "busybox":
            call.print("BusyBox v1.35.0 (2023-03-16 09:14:03 UTC) multi-call binary.")
        return 0
    if call.name == "busybox" and args[0] not in programs():
        call.print(f"{args[0]}: applet not found")
        return 127
    streams = interpreter.Streams(call.stdin, call.out, call.err)
    if call.name == "xargs":
        args += decode((yield from call.input())).split()[:500]
    status = yield from call.shell.execute(args, streams)
    if call.name == "time":
        yield Print(b"\nreal\t0m0.004s\nuser\t0m0.001s\nsys\t0m0.002s\n", error=True)
    return status


@command("basename", "dirname")
def part_of_path(call: Call) -> int:
    """Write a part of a path."""
    for path in call.args[:1]:
        trimmed = path.rstrip("/") or "/"
        call.print(posixpath.basename(trimmed) if call.name == "basename" else posixpath.dirname(trimmed) or ".")
    return 0


@command("seq")
def seq(call: Call) -> int:
    """Count."""
    numbers = [arithmetic(arg, {}) or 0 for arg in call.args[:3]] or [0]
    first, step, last = (1, 1, numbers[0]) if len(numbers) == 1 else (numbers[0], 1, numbers[-1])
    if len(numbers) == 3:
        step = numbers[1] or 1
    for number in range(first, last + (1 if step > 0 else -1), step):
        call.print(str(number))
    return 0


@command("yes")
def yes(call: Call) -> int:
    """Repeat for ever: until the reader is gone."""
    lines = encode((" ".join(call.args) or "y") + "\n") * 256
    while True:
        call.out.write(lines)


@command("expr", "let")
def expr(call: Call) -> int:
    """Compute."""
    value = arithmetic(" ".join(call.args), call.shell.variables)
    if value is None:
        return call.fail("syntax error", 2)
    if call.name == "expr":
        call.print(str(value))
    return int(value == 0)
