# SPDX-License-Identifier: MIT
"""Commands that run a program in some other way: time, timeout, nice, nohup, xargs."""

import re
from itertools import islice

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.options import Options, UsageError, options, tried
from decnet_decoys.shell.commands.processes.listed_signals import is_signal
from decnet_decoys.shell.commands.processes.ps_columns import rows
from decnet_decoys.shell.commands.starting import started
from decnet_decoys.shell.control_flow import KILLED
from decnet_decoys.shell.effects import Effects, Pause, turn
from decnet_decoys.shell.encoding import decode, quoted, shell_word
from decnet_decoys.shell.expansion.splitting import MAX_ARGUMENT_CHARACTERS
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputBuffer
from decnet_decoys.shell.syntax.escapes import unescape

MAX_READ = 2000
"""Arguments that xargs reads."""
_VALUED = {"timeout": "ks", "taskset": "p", "nice": "n", "ionice": "cnp", "stdbuf": "ioe", "watch": "n", "xargs": ""}


_ADJUSTMENT = re.compile(r"[+-]?\d{1,18}")
_NICER = re.compile(r"(?:-n ?|--adjustment[= ]|-)([+-]?\d{1,18}) ")
"""The options of nice that say by how much."""
_SIZE = re.compile(r"\d{1,18}(?:[KMGTPEZY]B?|kB)?")
_INTERVAL = re.compile(r"(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18}|inf(?:inity)?)[smhd]?")


@command("nohup", "nice", "timeout", "setsid", "stdbuf", "ionice", "watch", "taskset", "chrt")
def wrap(call: Call) -> Effects:
    """Run a program in some other way."""
    args, name = list(call.args), call.name
    shown = next((arg for arg in args[:-1] if re.fullmatch(r"-[ac]*p[ac]*", arg)), "")
    if shown and name in ("taskset", "chrt") and args[-1].isdecimal():
        return _of_process(call, args[-1][:9], listed="c" in shown)
    ended = 124
    while args and args[0].startswith("-") and len(args[0]) > 1:
        option, value = args.pop(0), ""
        if option[-1] in _VALUED.get(name, "") and len(option) == 2 and args:
            value = args.pop(0)
        _check_value(call, option, value)
        if (name == "timeout" and (value or option).upper().endswith(("KILL", "=9"))) or (option, value) == ("-s", "9"):
            ended = KILLED
    seconds = args.pop(0) if name in ("timeout", "taskset") and args else ""
    if name == "timeout" and args and not _INTERVAL.fullmatch(seconds):
        raise tried(call, f"invalid time interval {quoted(seconds)}", 125)
    if not args:
        return _without_program(call)
    if name == "stdbuf" and args == call.args:
        raise tried(call, "you must specify a buffering mode option", 125)
    steps = started(call, args)
    if name == "nice":
        return (yield from _nicer(call, steps))
    if name != "timeout":
        return (yield from steps)
    return (yield from _limited(steps, seconds, ended))


def _check_adjustment(value: str) -> None:
    """Raise UsageError if the value of `nice -n` is no number."""
    if value and not _ADJUSTMENT.fullmatch(value):
        raise UsageError(f"invalid adjustment {quoted(value)}", 125)


def _check_value(call: Call, option: str, value: str) -> None:
    """Raise UsageError for a signal, an interval or a buffering mode that there is not."""
    if call.name == "nice":
        _check_adjustment(value)
    letter, value = option[1:2], value or option[2:]
    if letter == "-" and "=" in option:
        word, _, value = option.partition("=")
        letter = {"--signal": "s", "--kill-after": "k"}.get(word, "")
    if call.name == "stdbuf":
        if letter == "i" and value == "L":
            raise tried(call, "line buffering stdin is meaningless", 125)
        if letter in tuple("ioe") and value != "L" and not _SIZE.fullmatch(value):
            raise UsageError(f"invalid mode {quoted(value)}", 125)
    elif call.name == "timeout" and letter == "s" and not is_signal(value):
        raise tried(call, f"{quoted(value)}: invalid signal", 125)
    elif call.name == "timeout" and letter == "k" and not _INTERVAL.fullmatch(value):
        raise tried(call, f"invalid time interval {quoted(value)}", 125)


def _without_program(call: Call) -> int:
    """Tell how nice this shell is, or complain that no program is named; raises UsageError."""
    if call.name == "nice":
        call.print(str(call.shell.niceness))
        return 0
    if call.name == "timeout":
        call.print_error("Try 'timeout --help' for more information.")
        return 125
    if call.name == "ionice":
        call.print("none: prio 0")
        return 0
    wrong = "bad usage" if call.name in ("taskset", "chrt") else "missing operand"
    raise tried(call, wrong, 125 if call.name in ("stdbuf", "nohup") else 1)


def _of_process(call: Call, pid: str, *, listed: bool) -> int:
    """Tell how a process is scheduled, and on which processors."""
    if not any(str(row.process.pid) == pid for row in rows(call)):
        asked = "policy" if call.name == "chrt" else "affinity"
        return call.fail(f"failed to get pid {pid}'s {asked}: No such process")
    if call.name == "chrt":
        policy = f"pid {pid}'s current scheduling policy: SCHED_OTHER"
        call.print(f"{policy}\npid {pid}'s current scheduling priority: 0")
        return 0
    cores = call.shell.machine.persona.hardware.cores
    last = f"-{cores - 1}" if cores > 2 else ",1" if cores == 2 else ""
    call.print(
        f"pid {pid}'s current affinity list: 0{last}"
        if listed
        else f"pid {pid}'s current affinity mask: {(1 << cores) - 1:x}"
    )
    return 0


def _nicer(call: Call, steps: Effects) -> Effects:
    """Run with a higher niceness, which another `nice` shows."""
    given = _NICER.match(" ".join(call.args[:2]) + " ")
    adjustment, before = int(given[1]) if given is not None else 10, call.shell.niceness
    if adjustment < 0 and call.shell.identity.uid != 0:
        call.print_error("nice: cannot set niceness: Permission denied")
    else:
        call.shell.niceness = max(-20, min(19, before + adjustment))
    try:
        return (yield from steps)
    finally:
        call.shell.niceness = before


def _limited(steps: Effects, text: str, ended: int) -> Effects:
    """Run until the pauses of a program add up to the time that it has; it returns `ended` then."""
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
                    return ended
                left -= effect.seconds
            reply = yield effect
    except StopIteration as end:
        return int(end.value)
    finally:
        steps.close()


_XARGS = {"null": "0", "max-args": "n:", "replace": "I:", "no-run-if-empty": "r", "max-procs": "P:", "delimiter": "d:",
          "max-lines": "L:", "verbose": "t", "interactive": "p"}  # fmt: skip


@command("xargs")
def xargs(call: Call) -> Effects:
    """Run a program with arguments that are read: -n some at a time, -I one in place of a mark, -0, -d, -r."""
    found = options(call, "0n:I:rP:d:L:tps:a:E:x", _XARGS, permute=False)
    command_line = found.operands or ["echo"]
    source = call.open_quoted(found.last("a"), "Cannot open input file") if "a" in found else (yield from call.input())
    if source is None:
        return 1
    data = decode(source.whole(MAX_ARGUMENT_CHARACTERS))
    found = _last_of_exclusive(call, found)
    mark = found.last("I") if "I" in found else None
    if "0" in found or "d" in found:
        separator = "\0" if "0" in found else unescape(found.last("d"))[0][:1] or "\n"
        words = [one for one in data.split(separator) if one][:MAX_READ]
    elif mark is not None or "L" in found:
        words = [line.strip() for line in data.splitlines() if line.strip()][:MAX_READ]
    else:
        words = [_unquoted(found[0]) for found in islice(_QUOTED.finditer(data), MAX_READ)]
        yield from turn()
        open_quote = _OPEN.search(_CLOSED.sub("", data))
        if open_quote is not None:
            kind = "single" if open_quote[0] == "'" else "double"
            return call.fail(f"unmatched {kind} quote; {_SPECIAL}")
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
        if "t" in found:
            call.print_error(" ".join(map(shell_word, line)))
        one = yield from started(call, line, call.streams._replace(stdin=InputBuffer(b"")))
        status = one if one == 127 else 123 if one else status
        if one == 127:
            break
    return status


_EXCLUSIVE = {"n": ("max-args", "--max-args/-n"), "L": ("max-lines", "-L"), "I": ("replace", "--replace/-I/-i")}
"""The names by which xargs warns of options of which only the last counts: the earlier one, and that one."""


def _last_of_exclusive(call: Call, found: Options) -> Options:
    """Return the options with only the last one of those that say how many words a command takes; xargs warns."""
    given = [letter for letter in found.values if letter in _EXCLUSIVE]
    if given == ["I", "n"] and found.last("n") == "1":  # which is what -I does
        return Options({letter: value for letter, value in found.values.items() if letter != "n"}, found.operands)
    for letter in given[:-1]:
        call.print_error(
            f"xargs: warning: options --{_EXCLUSIVE[letter][0]} and {_EXCLUSIVE[given[-1]][1]} are mutually exclusive, "
            f"ignoring previous --{_EXCLUSIVE[letter][0]} value"
        )
    return Options(
        {letter: value for letter, value in found.values.items() if letter not in given[:-1]}, found.operands
    )


def _size(text: str) -> int:
    return int(text) if text.isdecimal() and 0 < len(text) < 6 and int(text) else MAX_READ


_SPECIAL = "by default quotes are special to xargs unless you use the -0 option"
_CLOSED = re.compile(r"""\\.|'[^'\n]*+'|"[^"\n]*+\"""", re.DOTALL)
_OPEN = re.compile(r"['\"]")
_QUOTED = re.compile(r"""(?:[^\s'"\\]|\\.|'[^'\n]*+'|"[^"\n]*+")++""", re.DOTALL)


def _unquoted(word: str) -> str:
    """Return a word without its quotes and backslashes."""
    return _CLOSED.sub(lambda match: match[0][1:] if match[0][0] == "\\" else match[0][1:-1], word)
