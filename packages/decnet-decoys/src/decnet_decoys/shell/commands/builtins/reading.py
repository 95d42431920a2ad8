# SPDX-License-Identifier: MIT
"""Builtins that read into variables: read and mapfile lines, getopts options (POSIX.1-2017; bash(1))."""

import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import AskLine, Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.assignment import MAX_ELEMENTS, clear, fill
from decnet_decoys.shell.expansion.elements import put
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import InputBuffer

MAX_CONTINUED = 100
"""Lines that backslashes at their ends join."""
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)


@command("read", folder="")
def read(call: Call) -> Effects:
    """Read a line into variables, split at $IFS; -a fills an array, -n and -N take some characters, -d ends it."""
    options, names = call.flags("pntudaiN")
    wrong = _wrong_in_dash(options, names) if call.shell.dash else ""
    if wrong:
        return call.shell_error(f"read: {wrong}", 2)
    if "u" in options:
        number = options["u"]
        source = call.runner.descriptors.get(int(number)) if number.isdecimal() and len(number) < 4 else None
        if not isinstance(source, InputBuffer) and number != "0":
            return call.shell_error(f"read: {number}: invalid file descriptor: Bad file descriptor")
        call.stdin = source if isinstance(source, InputBuffer) else call.stdin
    if options.get("t") in ("0", "0.0"):
        return 0 if call.stdin is not None else 1
    for name in (*names, *filter(None, [options.get("a")])):
        if not name.partition("[")[0].isidentifier():
            return call.shell_error(f"read: `{name[:200]}': not a valid identifier")
    text, is_whole = yield from _line(call, options)
    separators = call.shell.variables.get("IFS", " \t\n") if "N" not in options else ""
    if "a" in options:
        fill(call.shell, options["a"], _split(text, separators, MAX_ELEMENTS))
    elif not names:
        call.shell.set("REPLY", text)
    else:
        words = _split(text, separators, len(names))
        for index, name in enumerate(names):
            call.shell.set(name, words[index] if index < len(words) else "")
    return 0 if is_whole else 1


def _wrong_in_dash(options: dict[str, str], names: list[str]) -> str:
    """Return what is wrong with the arguments for dash, empty for nothing."""
    wrong = next((one for one in options if one not in "pr"), "")
    return f"-{wrong}: invalid option" if wrong else "" if names else "arg count"


def _line(call: Call, options: dict[str, str]) -> Steps[tuple[str, bool]]:
    """Return a line, with those that backslashes join to it, and whether its end was found."""
    limit = options.get("n", options.get("N", ""))
    most = int(limit) if limit.isdecimal() and len(limit) < 6 else None
    delimiter = (encode(options["d"])[:1] or b"\0") if "d" in options else b"" if "N" in options else b"\n"
    text, is_whole = "", False
    for _ in range(MAX_CONTINUED):
        yield from turn()
        if call.stdin is None:
            got = yield AskLine(options.get("p", ""), echo="s" not in options)
            line, is_whole = decode(got or b"")[:most], got is not None
        else:
            line = decode(call.stdin.line(delimiter, most) or b"")
            is_whole = call.stdin.found_end
        text += line.replace("\0", "")
        if "r" in options:
            return text, is_whole
        if not is_whole or (len(text) - len(text.rstrip("\\"))) % 2 == 0:
            break
        text = text[:-1]
    return _ESCAPED.sub(r"\1", text), is_whole


def _split(text: str, separators: str, most: int) -> list[str]:
    """Return at most that many fields, the last one with what is left (POSIX.1-2017, §2.6.5)."""
    blanks = "".join(one for one in separators if one in " \t\n")
    marks = [one for one in separators if one not in " \t\n"]
    text = text.strip(blanks) if blanks else text
    if not marks:
        return text.split(None, max(0, most - 1)) if blanks else [text]
    for mark in marks[1:8]:
        text = text.replace(mark, marks[0])
    found = [part.strip(blanks) if blanks else part for part in text.split(marks[0], max(0, most - 1))]
    if found[-1].endswith(marks[0]) and found[-1].count(marks[0]) == 1:
        found[-1] = found[-1][:-1]
    return found


@command("mapfile", "readarray", folder="", families=("debian",))
def mapfile(call: Call) -> Effects:
    """Read lines into an array: -n so many, -s after others, -O from an index on, -d with another end, -t without."""
    options, names = call.flags("dnOsuCc")
    delimiter = encode(options["d"])[:1] or b"\0" if "d" in options else b"\n"
    count, skipped, origin = (_number(options.get(letter, "")) for letter in "nsO")
    stdin, name = call.stdin or InputBuffer((yield from call.input()).whole()), names[0] if names else "MAPFILE"
    lines: list[str] = []
    read_lines = 0
    while len(lines) < (count or MAX_ELEMENTS) and (line := stdin.line(delimiter)) is not None:
        yield from turn()
        read_lines += 1
        end = delimiter if "t" not in options and stdin.found_end else b""
        if read_lines > skipped and len(lines) < MAX_ELEMENTS:
            lines.append(decode(line + end).replace("\0", ""))
    if "O" not in options:
        fill(call.shell, name, lines)
        return 0
    for index, text in enumerate(lines, origin):
        yield from turn()
        put(call.shell, name, str(index), text)
    return 0


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 0


@command("getopts", folder="")
def getopts(call: Call) -> int:
    """Take the next option (POSIX.1-2017, getopts); options may stand together, as `-ab value`."""
    shell = call.shell
    if len(call.args) < 2:
        call.print_error("getopts: usage: getopts optstring name [arg ...]")
        return 2
    letters, name, *args = call.args
    args = args or shell.parameters
    place = shell.variables.get("OPTIND", "1")
    at = _number(place) or 1
    arg = args[at - 1] if at <= len(args) else ""
    known_place = shell.option_within[0] == at and shell.option_within[1] < len(arg)
    within = shell.option_within if known_place else (at, 1)
    clear(shell, "OPTARG")
    shell.unset("OPTARG")
    if not arg.startswith("-") or arg in ("-", "--"):
        shell.set("OPTIND", str(at + (arg == "--")))
        shell.set(name, "?")
        return 1
    letter, rest = arg[within[1]], arg[within[1] + 1 :]
    known = letter != ":" and letter in letters
    takes = known and letters[letters.find(letter) + 1 :][:1] == ":"
    shell.option_within = (at, within[1] + 1) if rest and not takes else (0, 0)
    missing = takes and not rest and at >= len(args)
    shell.set("OPTIND", str(at + (takes or not rest) + (takes and not rest and not missing)))
    shell.set(name, letter if known else "?")
    if takes and not missing:
        shell.set("OPTARG", rest or args[at])
    elif not known or missing:
        _complain(call, letters, letter, known=known)
    return 0


def _complain(call: Call, letters: str, letter: str, *, known: bool) -> None:
    """Tell of an option that there is not, or that lacks its value; `:` before the letters leaves it to the script."""
    shell, name = call.shell, call.args[1]
    if letters.startswith(":"):
        shell.set("OPTARG", letter)
        shell.set(name, ":" if known else "?")
        return
    shell.set(name, "?")
    if shell.dash:
        call.print_error(f"No arg for -{letter} option" if known else f"Illegal option -{letter}")
        return
    what = "option requires an argument" if known else "illegal option"
    call.print_error(f"{shell.error_prefix.partition(':')[0]}: {what} -- {letter}")
