# SPDX-License-Identifier: MIT
"""Commands that pick or change parts of lines: grep, cut, awk, tr, sed."""

from collections.abc import Callable

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.programs import command
from decnet_decoys.shell.streams import MAX_LINE
from decnet_decoys.shell.syntax.escapes import unescape

MAX_SEARCHED = 500
"""Files that `grep -r` searches."""
MAX_CHOICES = 64
"""Alternatives of a pattern of grep."""
MAX_PRINTED = 32
"""Fields that awk prints of a line."""
MAX_SET = 1024
"""Characters of a set of tr."""


@command("grep", "egrep", "fgrep", "zgrep")
def grep(call: Call) -> Effects:
    """Select lines that contain a text; -i -v -c -n -l -q -o -w -r -E.

    A pattern is taken literally, with `.*`, `^`, `$` and `|` understood: an attacker's regular expression is never
    compiled (law 9).
    """
    options, operands = call.flags("emABC")
    pattern = options.get("e") or (operands.pop(0) if operands else "")
    if {"r", "R"} & options.keys():
        operands = yield from _below(call, operands or ["."])
    selected = _selector(pattern, options)
    total = 0
    for source in (yield from call.sources(operands)):
        prefix = f"{source.name}:" if len(operands) > 1 and "h" not in options else ""
        found = 0
        for number, line in enumerate(source.lines(), 1):
            yield from turn()
            if selected(decode(line)):
                found += 1
                if not {"q", "c", "l"} & options.keys():
                    call.out.write(encode(prefix + (f"{number}:" if "n" in options else "")) + line + b"\n")
        total += found
        _summarize(call, found, prefix, options, source.name)
    return int(total == 0)


def _summarize(call: Call, found: int, prefix: str, options: dict[str, str], path: str) -> None:
    if "q" in options:
        return
    if "c" in options:
        call.print(f"{prefix}{found}")
    elif "l" in options and found:
        call.print(path)


def _below(call: Call, paths: list[str]) -> Steps[list[str]]:
    found: list[str] = []
    for path in paths:
        yield from turn()
        try:
            resolved = call.shell.files.locate(path, call.shell.access)
        except FileSystemError:
            continue
        for name, entry in call.shell.files.walk(resolved):
            yield from turn()
            if entry.kind == "file" and entry.size < 65536:
                found.append(name)
            if len(found) == MAX_SEARCHED:
                return found
    return found


def _selector(pattern: str, options: dict[str, str]) -> Callable[[str], bool]:
    lower, inverted = "i" in options, "v" in options
    pattern = pattern.lower() if lower else pattern
    choices = pattern.replace("\\|", "|").split("|")[:MAX_CHOICES] if "F" not in options else [pattern]

    def selected(line: str) -> bool:
        line = line.lower() if lower else line
        return any(_contains(line, choice) for choice in choices) != inverted

    return selected


def _contains(line: str, pattern: str) -> bool:
    first, last = pattern.startswith("^"), pattern.endswith("$")
    core = pattern[first : len(pattern) - last if last else None].replace("\\.", ".").replace(".*", "*")
    if "*" in core:
        return matches(line, ("" if first else "*") + core.replace("[", "[[]") + ("" if last else "*"))
    if first and last:
        return line == core
    if first or last:
        return line.startswith(core) if first else line.endswith(core)
    return core in line


@command("cut", "awk", "gawk", "mawk")
def cut(call: Call) -> Effects:
    """Write some fields of each line; of awk's language `{print $1,$3}` is understood."""
    options, operands = call.flags("dfcFv")
    if call.name == "cut":
        separator: str | None = options.get("d", "\t") or "\t"
        wanted = _fields(options.get("f", options.get("c", "1")))
    else:
        program = operands.pop(0) if operands else ""
        separator = options.get("F") or None
        pieces = map(_digits, program.replace("$NF", "$999").split("$", MAX_PRINTED)[1:])
        wanted = [int(digits[:3]) for digits in pieces if digits]
    by_character = call.name == "cut" and "c" in options
    for source in (yield from call.sources(operands)):
        for line in source.lines():
            call.print(_picked(decode(line), separator, wanted, by_character=by_character))
            yield from turn()
    return 0


def _picked(line: str, separator: str | None, wanted: list[int], *, by_character: bool) -> str:
    fields = list(line) if by_character else line.split(separator)
    if wanted in ([], [0]):
        return line
    glue = "" if by_character else (separator or " ")
    return glue.join(
        fields[-1] if n == 999 and fields else fields[n - 1]
        for n in wanted
        if 0 < n <= len(fields) or (n == 999 and fields)
    )


def _digits(piece: str) -> str:
    return piece[: len(piece) - len(piece.lstrip("0123456789"))]


def _fields(text: str) -> list[int]:
    wanted: list[int] = []
    for piece in text.split(",")[:50]:
        first, dash, last = piece.partition("-")
        low = int(first) if first.isdigit() and len(first) < 5 else 1
        high = int(last) if last.isdigit() and len(last) < 5 else (low + 99 if dash else low)
        wanted.extend(range(low, min(high, low + 499) + 1))
    return wanted


@command("tr", "sed", "rev", "fold", "column", "iconv")
def tr(call: Call) -> Effects:
    """Change text: tr of two sets or -d, sed of one s/// with literal texts, rev; the others pass text through."""
    options, operands = call.flags("e")
    changed = _change(call.name, operands, options)
    for source in (yield from call.sources([] if call.name == "tr" else operands[1:])):
        for line in source.lines(ends=True):
            call.out.write(encode(changed(decode(line))))
            yield from turn()
    return 0


def _change(name: str, operands: list[str], options: dict[str, str]) -> Callable[[str], str]:
    if name == "tr" and operands:
        return _translation(operands, delete="d" in options)
    if name == "sed":
        return _substitution(options.get("e") or (operands[0] if operands else ""))
    if name == "rev":
        return lambda line: line.rstrip("\n")[::-1] + "\n" * line.endswith("\n")
    return lambda line: line


def _translation(operands: list[str], *, delete: bool) -> Callable[[str], str]:
    first = _set(operands[0])
    if delete or len(operands) < 2:
        table: dict[int, str | None] = {ord(c): None for c in first}
    else:
        second = _set(operands[1]) or " "
        table = {ord(c): second[min(index, len(second) - 1)] for index, c in enumerate(first)}
    return lambda line: line.translate(table)


def _set(text: str) -> str:
    text, _ = unescape(text[:MAX_SET])
    if len(text) == 3 and text[1] == "-" and text[0] <= text[2]:
        return "".join(chr(code) for code in range(ord(text[0]), min(ord(text[2]), ord(text[0]) + 255) + 1))
    return text


def _substitution(script: str) -> Callable[[str], str]:
    pieces = script[2:].split(script[1], 3) if len(script) > 3 and script[0] == "s" else []
    if len(pieces) < 3 or not pieces[0]:
        return lambda line: line
    old, new = pieces[:2]
    times = MAX_LINE // max(1, len(new)) + 1 if "g" in pieces[2] else 1
    return lambda line: line.replace(old, new, times)
