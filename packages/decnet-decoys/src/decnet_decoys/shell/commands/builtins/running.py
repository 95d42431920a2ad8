# SPDX-License-Identifier: MIT
"""Commands that run others or steer the shell: sh, eval, exec, env, read, exit, break, type, which."""

from decnet_decoys.shell import control_flow
from decnet_decoys.shell.builtin_names import BUILTINS
from decnet_decoys.shell.call import Call
from decnet_decoys.shell.command_lookup import find
from decnet_decoys.shell.commands.builtins.variables import OPTION_OF
from decnet_decoys.shell.commands.options import options, tried
from decnet_decoys.shell.effects import Effects, Pause, Print, turn
from decnet_decoys.shell.encoding import decode
from decnet_decoys.shell.expansion.words import MAX_ARGUMENT_CHARACTERS
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.machine.tree import whole_of
from decnet_decoys.shell.programs import command, programs
from decnet_decoys.shell.streams import InputBuffer, Streams
from decnet_decoys.shell.syntax.escapes import unescape
from decnet_decoys.shell.syntax.lexer import MAX_SCRIPT


@command("env", "printenv")
def env(call: Call) -> Effects | int:
    """List the environment, or run a command."""
    shell = call.shell
    names = [arg for arg in call.args if "=" not in arg and not arg.startswith("-")]
    if names and call.name == "printenv":
        found = [shell.variables[name] for name in names if name in shell.exported & shell.variables.keys()]
        for value in found:
            call.print(value)
        return int(len(found) < len(names))
    if names:
        streams = call.streams
        return call.runner.execute(call.args[call.args.index(names[0]) :], streams)
    for name in [*sorted(shell.exported & shell.variables.keys()), "_"]:
        call.print(f"{name}={shell.variables.get(name, '/usr/bin/env')}")
    return 0


@command("exit", "logout", folder="")
def exit_(call: Call) -> int:
    if call.args and not call.args[0].lstrip("+-").isdecimal():
        raise control_flow.ExitShell(call.shell_error(f"exit: {call.args[0]}: numeric argument required", 2))
    raise control_flow.ExitShell(_status(call))


@command("return", folder="")
def return_(call: Call) -> int:
    if not call.shell.returns:
        return call.shell_error("return: can only `return' from a function or sourced script", 2)
    raise control_flow.ReturnFunction(_status(call))


def _status(call: Call) -> int:
    return (
        int(call.args[0]) & 255
        if call.args and call.args[0].isdecimal() and len(call.args[0]) < 9
        else call.shell.status
    )


@command("break", "continue", folder="")
def jump(call: Call) -> int:
    if not call.shell.loops:
        only = "only meaningful in a `for', `while', or `until' loop"
        call.shell_error(f"{call.name}: {only}")
        return 0
    raise control_flow.LoopJump(repeat=call.name == "continue")


_KEYWORD_NAMES = "if then else elif fi case esac for select while until do done in function time { } ! [[ ]]"
_KEYWORDS = frozenset(_KEYWORD_NAMES.split())


@command("type", "command", folder="")
def type_(call: Call) -> Effects | int:
    """Print what a name is; `command name` runs it."""
    options, names = call.flags()
    if not names:
        return 0
    if call.name == "command" and not {"v", "V"} & options.keys():
        return call.runner.execute(call.args[call.args.index(names[0]) :], call.streams)
    return _where(call, names, options)


def _where(call: Call, names: list[str], options: dict[str, str]) -> Effects:
    status, short, found = 0, call.name == "command" and "V" not in options, False
    for name in names:
        yield from turn()
        kind, path = _kind(call, name)
        if not kind:
            status = 1
            if "t" not in options and not short:
                call.shell_error(f"{call.name}: {name}: not found")
        elif "t" in options:
            call.print(kind)
        elif short or "p" in options:
            found = True
            if kind == "file" or short:
                call.print(path if kind == "file" else name)
        else:
            shown = {"builtin": "a shell builtin", "keyword": "a shell keyword", "function": "a function"}.get(
                kind, path
            )
            call.print(f"{name} is {shown}")
            if "a" in options and kind == "builtin" and name in programs() and programs()[name].folder:
                folder = programs()[name].folder
                for shown in (folder, folder.removeprefix("/usr")):
                    call.print(f"{name} is {shown}/{name}")
    return 0 if found else status


def _kind(call: Call, name: str) -> tuple[str, str]:
    """Return whether a name is a keyword, function, builtin or file, and where the file is; empty: unknown."""
    if name in call.shell.aliases:
        return "alias", name
    if name in _KEYWORDS:
        return "keyword", name
    if name in call.shell.functions:
        return "function", name
    if name in BUILTINS and call.shell.machine.persona.family == "debian":
        return "builtin", name
    path = path_of(call, name)
    if path is None:
        return "", ""
    return ("builtin", name) if path == name and "/" not in name else ("file", path)


def path_of(call: Call, name: str) -> str | None:
    """Return where a command lies, its own name for a builtin, None for an unknown one."""
    if name in call.shell.functions:
        return name
    found = find(call.shell, name)
    if found.handler is None and found.script is None:
        return None
    if "/" in name:
        return name
    folder = programs()[name].folder
    if not folder:
        return name
    return f"/bin/{name}" if call.shell.machine.persona.family == "busybox" else f"{folder}/{name}"


@command("which")
def which(call: Call) -> Effects:
    status = 0
    for name in call.words:
        yield from turn()
        path = path_of(call, name)
        if path is None or (path == name and "/" not in name):
            status = 1
        else:
            call.print(path)
    return status if call.words else 1


@command("whereis")
def whereis(call: Call) -> Effects:
    binary_only = "-b" in call.args
    for name in call.words:
        yield from turn()
        path = path_of(call, name)
        manual = "" if binary_only else f" /usr/share/man/man1/{name}.1.gz"
        call.print(f"{name}:" + (f" {path}{manual}" if path is not None and path != name else ""))
    return 0


@command("sh", "bash", "ash", "dash")
def sh(call: Call) -> Effects:
    """Run a script, a string (-c) or standard input; with none of them be a shell within the shell."""
    shell, streams = call.shell, Streams(None, call.out, call.err)
    if call.args[:1] == ["--version"] and call.name != "bash":
        call.print_error("sh: 0: Illegal option --")
        return 2
    flags, operands = _sh_arguments(call)
    if "version" in flags:
        told = shell.variables
        call.print(f"GNU bash, version {told.get('BASH_VERSION', '')} ({told.get('MACHTYPE', '')})")
        return 0
    if "c" in flags:
        if not operands:
            return call.fail("-c: option requires an argument", 2)
        text, argv = operands[0], operands[1:] or [call.name]
    elif operands and "s" not in flags:
        script = _script(call, operands[0])
        if script is None:
            return 127 if call.name == "bash" else 2
        text, argv = script, operands
    elif call.stdin is not None or shell.terminal is None:
        source = yield from call.input()
        text, argv = decode(source.whole(MAX_SCRIPT)), [call.name, *operands]
    else:
        return 0
    with shell.forked():
        shell.only_exported()
        shell.options = {OPTION_OF[letter] for letter in flags & OPTION_OF.keys()}
        return (yield from call.runner.subshell(text, argv, streams))


def _script(call: Call, path: str) -> str | None:
    try:
        content = call.shell.files.read(path, call.shell.access)
    except FileSystemError as error:
        wrong = f"cannot open {path}: {str(error).replace('No such file or directory', 'No such file')}"
        call.print_error(f"bash: {path}: {error}" if call.name == "bash" else f"sh: 0: {wrong}")
        return None
    return decode(whole_of(content)[:MAX_SCRIPT])


def _sh_arguments(call: Call) -> tuple[set[str], list[str]]:
    """Return the options' letters, and what follows them."""
    flags: set[str] = set()
    args = list(call.args)
    while args and args[0][:1] in ("-", "+") and len(args[0]) > 1:
        option = args.pop(0)
        if option == "--":
            break
        if option.startswith("--"):
            flags.add(option[2:])
        else:
            flags |= set(option[1:])
            if "o" in option[1:] and args:
                args.pop(0)
    return flags, args


@command("eval", folder="")
def eval_(call: Call) -> Effects:
    name, call.shell.evaluated = call.shell.evaluated, "eval: "
    try:
        return (yield from call.runner.script(" ".join(call.args), call.streams))
    finally:
        call.shell.evaluated = name


@command("source", ".", folder="")
def source(call: Call) -> Effects:
    if not call.args:
        call.shell_error(f"{call.name}: filename argument required", 2)
        call.print_error(f"{call.name}: usage: {call.name} filename [arguments]")
        return 2
    path = call.args[0]
    if path in call.shell.opened:
        return (yield from call.runner.script(decode(call.shell.opened[path]), call.streams))
    try:
        content = call.shell.files.read(path, call.shell.access)
    except FileSystemError as error:
        return call.shell_error(f"{path}: {error}")
    call.shell.sourcing += 1
    try:
        return (yield from call.runner.script(decode(whole_of(content)[:MAX_SCRIPT]), call.streams))
    except control_flow.ReturnFunction as leaving:
        return leaving.status
    finally:
        call.shell.sourcing -= 1


_VALUED = {"timeout": "ks", "taskset": "p", "nice": "n", "ionice": "cnp", "stdbuf": "ioe", "watch": "n", "xargs": ""}


@command("exec", folder="")
def exec_(call: Call) -> Effects:
    """Replace the shell with a program."""
    args = [
        arg
        for index, arg in enumerate(call.args)
        if not (arg in ("-a", "-c", "-l") or call.args[index - 1 : index] == ["-a"])
    ]
    if not args:
        return 0
    status = yield from call.runner.execute(args, call.streams)
    raise control_flow.ExitShell(status)


@command("time", folder="")
def time_(call: Call) -> Effects:
    status = 0
    if call.args:
        status = yield from call.runner.execute(call.args, call.streams)
    yield from call.runner.flush()
    took = b"0m0.004s 0m0.001s 0m0.002s" if call.args[:1] and call.args[0] not in BUILTINS else b"0m0.000s " * 3
    real, user, system = took.split()
    yield Print(b"\nreal\t%b\nuser\t%b\nsys\t%b\n" % (real, user, system), error=True)
    return status


@command("nohup", "nice", "timeout", "setsid", "stdbuf", "ionice", "watch", "taskset", "unbuffer", "strace", "chrt")
def wrap(call: Call) -> Effects:
    """Run a program in some other way."""
    args, name = list(call.args), call.name
    while args and args[0].startswith("-") and len(args[0]) > 1:
        option = args.pop(0)
        if option[-1] in _VALUED.get(name, "") and len(option) == 2 and args:
            args.pop(0)
    seconds = args.pop(0) if name in ("timeout", "taskset") and args else ""
    if name == "nice" and not args:
        call.print(str(call.shell.niceness))
        return 0
    if not args:
        raise tried(call, "missing operand", 125 if name in ("timeout", "nohup") else 1)
    steps = call.runner.execute(args, call.streams)
    if name == "nice":
        return (yield from _nicer(call, steps))
    if name != "timeout":
        return (yield from steps)
    return (yield from _limited(steps, seconds))


def _nicer(call: Call, steps: Effects) -> Effects:
    """Run with a higher niceness, which another `nice` shows."""
    given = next((arg for arg in call.args if arg.lstrip("-n").lstrip("-").isdecimal()), "10")
    before = call.shell.niceness
    call.shell.niceness = max(-20, min(19, before + int(given.lstrip("-n")[:3] or 10)))
    try:
        return (yield from steps)
    finally:
        call.shell.niceness = before


def _limited(steps: Effects, text: str) -> Effects:
    """Run until the pauses of a program add up to the time that it has."""
    unit = {"m": 60.0, "h": 3600.0, "d": 86400.0}.get(text[-1:], 1.0)
    number = text.rstrip("smhd")
    left = float(number) * unit if number.replace(".", "", 1).isdecimal() and len(number) < 12 else 0.0
    reply = None
    try:
        while True:
            effect = steps.send(reply)
            if isinstance(effect, Pause):
                if 0 < left < effect.seconds:
                    yield Pause(left)
                    return 124
                left -= effect.seconds
            reply = yield effect
    except StopIteration as end:
        return int(end.value)
    finally:
        steps.close()


@command("busybox")
def busybox(call: Call) -> Effects:
    """Run an applet."""
    if not call.args or call.args[0] == "--help":
        call.print(_BUSYBOX)
        return 0
    name = call.args[0]
    if name == "--list":
        for applet in sorted(one for one, program in programs().items() if program.folder):
            call.print(applet)
            yield from turn()
        return 0
    if name not in programs() or (not programs()[name].folder and name not in ("echo", "test", "printf")):
        call.print_error(f"{name}: applet not found")
        return 127
    return (yield from call.runner.execute(call.args, call.streams))


_BUSYBOX = """\
BusyBox v1.35.0 (Debian 1:1.35.0-4+b3) multi-call binary.
BusyBox is copyrighted by many authors between 1998-2015.
Licensed under GPLv2. See source distribution for detailed
copyright notices.

Usage: busybox [function [arguments]...]
   or: busybox --list[-full]
   or: busybox --show SCRIPT
   or: busybox --install [-s] [DIR]
   or: function [arguments]...

\tBusyBox is a multi-call binary that combines many common Unix
\tutilities into a single executable.  Most people will create a
\tlink to busybox for each function they wish to use and BusyBox
\twill act like whatever it was invoked as.
"""


_XARGS = {"null": "0", "max-args": "n:", "replace": "I:", "no-run-if-empty": "r", "max-procs": "P:", "delimiter": "d:",
          "max-lines": "L:", "verbose": "t", "interactive": "p"}  # fmt: skip


@command("xargs")
def xargs(call: Call) -> Effects:
    """Run a program with arguments that are read: -n some at a time, -I one in place of a mark, -0, -d, -r."""
    found = options(call, "0n:I:rP:d:L:tps:a:E:x", _XARGS, permute=False)
    command_line = found.operands or ["echo"]
    data = decode((yield from call.input()).whole(MAX_ARGUMENT_CHARACTERS))
    mark = found.last("I") if "I" in found else None
    if "0" in found or "d" in found:
        separator = "\0" if "0" in found else unescape(found.last("d"))[0][:1] or "\n"
        words = [one for one in data.split(separator) if one][:MAX_READ]
    elif mark is not None or "L" in found:
        words = [line.strip() for line in data.splitlines() if line.strip()][:MAX_READ]
    else:
        words = _quoted_words(data)
    if not words and ("r" in found or mark is not None):
        return 0
    size = 1 if mark is not None or "L" in found else _size(found.last("n"))
    status = 0
    for start in range(0, max(1, len(words)), size):
        yield from turn()
        group = words[start : start + size]
        if mark is None:
            line = [*command_line, *group]
        else:
            line = [arg.replace(mark, group[0], 16) if mark else arg for arg in command_line]
        one = yield from call.runner.execute(line, call.streams._replace(stdin=InputBuffer(b"")))
        status = one if one == 127 else 123 if one else status
        if one == 127:
            break
    return status


MAX_READ = 2000
"""Arguments that xargs reads."""


def _size(text: str) -> int:
    return int(text) if text.isdecimal() and 0 < len(text) < 6 and int(text) else MAX_READ


def _quoted_words(data: str) -> list[str]:
    return [word.replace("'", "").replace('"', "") for word in data.split(None, MAX_READ)[:MAX_READ]]
