# SPDX-License-Identifier: MIT
"""Commands that the shell itself has: cd, echo, hash, history and their kin (POSIX.1-2017 §2.14)."""

import posixpath
import re
from collections import deque
from contextlib import suppress
from functools import partial

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.command_lookup import MAX_FOLDERS, on_path
from decnet_decoys.shell.commands.files.permissions import MAX_MODE, mode_after
from decnet_decoys.shell.commands.options import tried
from decnet_decoys.shell.effects import Effects, turn
from decnet_decoys.shell.encoding import quoted
from decnet_decoys.shell.expansion.arithmetic import ExpressionError, evaluate
from decnet_decoys.shell.expansion.elements import set_named
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import BUILTINS, command
from decnet_decoys.shell.syntax.escapes import echoed, unescape


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
    words = [arg for arg in call.args if arg not in ("-P", "-L", "--")]
    target = words[0] if words else shell.variables.get("HOME", "/")
    if target == "-":
        if "OLDPWD" not in shell.variables:
            return call.shell_error("cd: OLDPWD not set")
        target = shell.variables["OLDPWD"]
    if len(words) > 1:
        return call.shell_error("cd: too many arguments")
    if not target:
        return 0
    found = _on_cdpath(call, target)
    if found is not None:
        call.print(found)
        target = found
    by_name = posixpath.normpath(posixpath.join(shell.directory, target)).replace("//", "/")
    upwards = target.startswith("..") and "-P" not in call.args  # from a link, to where the link is
    try:
        resolved = shell.files.enter(by_name if upwards else target, shell.access)
    except FileSystemError as error:
        return call.shell_error(f"cd: {target}: {error}", 2 if shell.dash or shell.ash else 1)
    if words[:1] == ["-"]:
        call.print(target)
    shell.set("OLDPWD", shell.directory)
    shell.cwd = resolved
    shell.set("PWD", resolved if "-P" in call.args else by_name)
    shell.set("PWD", shell.directory)
    return 0


def _on_cdpath(call: Call, target: str) -> str | None:
    """Return the directory that $CDPATH leads to, unless the path says where it begins (POSIX.1-2017, cd)."""
    shell, folders = call.shell, call.shell.variables.get("CDPATH", "")
    if not folders or target.startswith(("/", "./", "../")) or target in (".", ".."):
        return None
    for folder in filter(None, folders.split(":")[:MAX_FOLDERS]):
        path = posixpath.join(folder, target)
        with suppress(FileSystemError):
            shell.files.enter(path, shell.access)
            return path
    return None


@command("pwd")
def pwd(call: Call) -> int:
    physical = call.is_program or "-P" in call.args
    call.print(call.shell.cwd if physical else call.shell.directory)
    return 0


_NOT_OF_DASH = re.compile(r"(\\\\)|\\(?=[xuU])")
"""Escapes that bash's echo has and dash's has not."""


def _kept(found: re.Match[str]) -> str:
    return found[1] or "\\\\"


@command("echo")
def echo(call: Call) -> Effects:
    """Write the arguments; -n, -e and -E as in bash."""
    dash = call.shell.dash and not call.is_program
    args, newline, escapes = deque(call.args), True, dash
    if dash and args and args[0] == "-n":
        args.popleft()
        newline = False
    while args and args[0].startswith("-") and len(args[0]) > 1 and set(args[0][1:]) <= set("neE") and not dash:
        option = args.popleft()
        newline = newline and "n" not in option
        escapes = (escapes or "e" in option) and "E" not in option
    for index, arg in enumerate(args):
        text, stopped = (unescape(_NOT_OF_DASH.sub(_kept, arg)) if dash else echoed(arg)) if escapes else (arg, False)
        call.print(" " * (index > 0) + text, end="")
        if stopped:
            return 0
        yield from turn()
    call.print(end="\n" if newline else "")
    return 0


@command("hash", folder="")
def hash_(call: Call) -> Effects:
    """Remember where commands are (-r: forget it), or show it."""
    shell, missing = call.shell, []
    if "-r" in call.args:
        shell.hashed.clear()
    for name in call.words[:100]:
        yield from turn()
        if "/" in name:  # nothing to remember
            continue
        path = shell.hashed.get(name, (None, 0))[0] if "-t" in call.args else on_path(shell, name)
        if path is None:
            missing.append(name)
            call.shell_error(f"hash: {name}: not found")
        elif "-t" in call.args:
            call.print(path)
        elif name not in BUILTINS:
            shell.hashed[name] = (path, 0)
    if not call.args and not shell.hashed:
        call.print("" if shell.dash else "hash: hash table empty", end="" if shell.dash else "\n")
    elif not call.args and shell.dash:
        call.print("\n".join(path for path, _ in shell.hashed.values()))
    elif not call.args:
        call.print("hits\tcommand\n" + "\n".join(f"{hits:4}\t{path}" for path, hits in shell.hashed.values()))
    return int(bool(missing))


@command("times", folder="")
def times(call: Call) -> int:
    """Tell the processor time of the shell and of what it ran."""
    spent = max(0.0, (call.shell.now - call.shell.began) / 1000)
    for share in (1, 3):
        user, system = (0.004 * share + spent / divisor for divisor in (2, 3))
        call.print(f"{int(user // 60)}m{user % 60:.3f}s {int(system // 60)}m{system % 60:.3f}s")
    return 0


@command("caller", folder="")
def caller(call: Call) -> int:
    """Tell where the function that runs was called; 1 where none runs."""
    if not call.shell.variables.get("FUNCNAME"):
        return 1
    if not call.args:
        call.print(f"{call.shell.line} {call.shell.script or 'NULL'}")
        return 0
    return 1


@command("suspend", folder="")
def suspend(call: Call) -> int:
    """Stop the shell, which one without a terminal, or at log-in, does not."""
    if call.shell.terminal is None or call.shell.command is not None:
        return call.shell_error("suspend: cannot suspend: no job control")
    return call.shell_error("suspend: cannot suspend a login shell")


@command("tset", "reset", "bind", "complete", "compgen", "compopt", "fc", folder="")
def quiet(_call: Call) -> int:
    """Take the arguments and say nothing, as these mostly do."""
    return 0


_SYMBOLIC = re.compile(r"[ugoa]*[-+=][rwxX]*(?:,[ugoa]*[-+=][rwxX]*)*")


@command("umask", folder="")
def umask(call: Call) -> int:
    """Show or set which permissions new files do not get."""
    shell = call.shell
    asked = next(iter(call.words), "")
    if "-S" in call.args and not asked:
        shown = (
            "".join(one for one, bit in zip("rwx", (4, 2, 1), strict=True) if not shell.umask >> place & bit)
            for place in (6, 3, 0)
        )
        call.print(",".join(f"{who}={what}" for who, what in zip("ugo", shown, strict=True)))
        return 0
    if asked and asked.isdecimal() and not set(asked) <= set("01234567"):
        return call.shell_error(f"umask: {asked}: octal number out of range")
    if asked and len(asked) < 5 and set(asked) <= set("01234567"):
        shell.umask = int(asked, 8) & 0o777
    elif asked:
        mode = asked[:MAX_MODE]
        if not _SYMBOLIC.fullmatch(mode):
            return call.shell_error(f"umask: `{asked[:1]}': invalid symbolic mode operator")
        shell.umask = 0o777 & ~mode_after(mode, 0o777 & ~shell.umask)
    else:
        call.print(f"{'umask ' * ('-p' in call.args)}{shell.umask:04o}")
    return 0


_CLEAR = "\x1b[H\x1b[2J\x1b[3J"
_OTHER_CAPABILITIES = frozenset(("setaf", "setab", "cup", "init", "reset", "cud1", "cuf1", "cub1", "ed", "flash", "it"))
_MODES = {
    "smul": "\x1b[4m", "rmul": "\x1b[24m", "smso": "\x1b[7m", "rmso": "\x1b[27m", "rev": "\x1b[7m", "dim": "\x1b[2m",
    "blink": "\x1b[5m", "civis": "\x1b[?25l", "cnorm": "\x1b[?12l\x1b[?25h", "el": "\x1b[K", "home": "\x1b[H",
    "sc": "\x1b7", "rc": "\x1b8", "smcup": "\x1b[?1049h\x1b[22;0;0t", "rmcup": "\x1b[?1049l\x1b[23;0;0t",
    "op": "\x1b[39;49m", "cuu1": "\x1b[A", "bel": "\x07",
}  # fmt: skip
_CAPABILITIES = {"cols": "80", "lines": "24", "colors": "256", "longname": "xterm with 256 colors"}


@command("tput", families=("debian",))
def tput(call: Call) -> int:
    """Tell what the terminal can do; what moves or colours is written as xterm takes it."""
    if call.shell.terminal is None and call.shell.variables.get("TERM", "dumb") == "dumb":
        return call.fail("No value for $TERM and no -T specified", 2)
    names = call.words
    if not names:
        call.print_error("Usage: tput [options] [command]")
        return 2
    known = _CAPABILITIES | {
        "cols": str(call.shell.columns),
        "sgr0": "\x1b(B\x1b[m",
        "bold": "\x1b[1m",
        "clear": _CLEAR,
        **_MODES,
    }
    if names[0] in known:
        call.print(known[names[0]], end="" if "\x1b" in known[names[0]] else "\n")
    elif names[0] == "cup" and len(names) > 2 and all(one.isdecimal() and len(one) < 5 for one in names[1:3]):
        call.print(f"\x1b[{int(names[1]) + 1};{int(names[2]) + 1}H", end="")
    elif names[0] in ("setaf", "setab") and names[1:] and names[1].isdecimal() and len(names[1]) < 4:
        call.print(f"\x1b[{_colour(3 if names[0] == 'setaf' else 4, int(names[1]))}m", end="")
    elif names[0] not in _OTHER_CAPABILITIES:
        return call.fail(f"unknown terminfo capability '{names[0][:64]}'", 4)
    return 0


def _colour(place: int, number: int) -> str:
    """Return how xterm-256color has a colour of the text (3) or behind it (4): eight, eight bright ones, all others."""
    if number < 16:
        return f"{place}{number}" if number < 8 else f"{place + 6}{number - 8}"
    return f"{place}8;5;{number}"


@command("tty")
def tty(call: Call) -> int:
    if call.words:
        raise tried(call, f"extra operand {quoted(call.words[0])}", 2)
    if not {"-s", "--silent", "--quiet"} & set(call.args):
        call.print("/dev/pts/0" if call.shell.terminal is not None and call.stdin is None else "not a tty")
    return int(call.shell.terminal is None)


def _forget(call: Call, position: str, lines: list[str]) -> int:
    """Take the line at a position, counted from 1, or back from the end if negative, out of the history."""
    digits = position.removeprefix("-")
    number = int(position) if digits.isascii() and digits.isdecimal() and len(digits) < 7 else 0
    place = number - 1 if number > 0 else len(lines) + number
    if number == 0 or not 0 <= place < len(lines):
        return call.shell_error(f"history: {position[:64]}: history position out of range")
    del lines[place]
    return 0


def _without_history(call: Call, options: dict[str, str], operands: list[str]) -> int:
    """Do what `history` does in a shell at which nothing is typed, which keeps none."""
    if "w" in options and operands:
        call.shell.files.write(operands[0], b"", call.shell.access)
    if options.get("d"):
        return _forget(call, options["d"], [])
    return int(bool({"n", "r"} & options.keys()) and not operands and "HISTFILE" not in call.shell.variables)


@command("history", folder="")
def history(call: Call) -> int:
    """List or clear the lines entered."""
    options, operands = call.flags("d")
    if call.shell.command is not None:
        return _without_history(call, options, operands)
    if "c" in options:
        call.shell.history.clear()
        return 0
    if {"w", "a"} & options.keys():
        call.shell.keep_history()
        return 0
    if options.get("d"):
        return _forget(call, options["d"], call.shell.history.lines)
    if operands and not operands[0].removeprefix("+").isdecimal():
        return call.shell_error(f"history: {operands[0][:64]}: numeric argument required")
    count = int(operands[0]) if operands and operands[0].isdecimal() and len(operands[0]) < 6 else 1000
    first = max(0, len(call.shell.history.lines) - count)
    for index, line in enumerate(call.shell.history.lines[first:], first + 1):
        call.print(f"{index:5}  {line}")
    return 0


@command("clear")
def clear(call: Call) -> int:
    if call.shell.terminal is None and call.shell.machine.persona.family == "debian":
        call.print_error("TERM environment variable not set.")
        return 1
    call.print(_CLEAR, end="")
    return 0


@command("let", "((", folder="")
def let(call: Call) -> Effects:
    """Compute and assign."""
    if call.name == "let" and not call.args:
        return call.shell_error("let: expression expected")
    value = 0
    for expression in call.args:
        yield from turn()
        try:
            value = evaluate(expression, call.shell.variables, partial(set_named, call.shell))
        except ExpressionError as fault:
            return call.shell_error(f"{call.name}: {fault}")
    return int(not value)
