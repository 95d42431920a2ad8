# SPDX-License-Identifier: MIT
"""Commands that pick or change parts of lines: grep, cut, awk, tr, sed."""

from __future__ import annotations

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects
from decnet_decoys.shell.encoding import decode, encode
from decnet_decoys.shell.expansion.patterns import matches
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.registry import command
from decnet_decoys.shell.syntax.escapes import unescape


@command("grep", "egrep", "fgrep", "zgrep")
def grep(call: Call) -> Effects:
    """Select lines that contain a text; -i -v -c -n -l -q -o -w -r -E.

    A pattern is taken literally, with `.*`, `^`, `$` and `|` understood: an attacker's regular expression is never
    compiled (law 9).
    """
    options, operands = call.flags("emABC")
    pattern = options.get("e") or (operands.pop(0) if operands else "")
    if {"r", "R"} & options.keys():
        operands = _below(call, operands or ["."])
    total = 0
    for path, data in (yield from call.sources(operands)):
        found = [
            (number, line)
            for number, line in enumerate(data.splitlines(), 1)
            if _selected(decode(line), pattern, options)
        ]
        total += len(found)
        prefix = f"{path}:" if len(operands) > 1 and "h" not in options else ""
        _show(call, found, prefix, options, path)
    return int(total == 0)


def _show(call: Call, found: list[tuple[int, bytes]], prefix: str, options: dict[str, str], path: str) -> None:
    if "q" in options:
        return
    if "c" in options:
        call.print(f"{prefix}{len(found)}")
    elif "l" in options:
        if found:
            call.print(path)
    else:
        for number, line in found:
            shown = f"{number}:" if "n" in options else ""
            call.out.write(encode(prefix + shown) + line + b"\n")


def _below(call: Call, paths: list[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        try:
            resolved = call.shell.files.locate(path, call.shell.access)
        except FileSystemError:
            continue
        found += [
            name for name, entry in call.shell.files.walk(resolved) if entry.kind == "file" and entry.size < 65536
        ]
    return found[:500]


def _selected(line: str, pattern: str, options: dict[str, str]) -> bool:
    if "i" in options:
        line, pattern = line.lower(), pattern.lower()
    choices = pattern.replace("\\|", "|").split("|") if "F" not in options else [pattern]
    return any(_contains(line, choice) for choice in choices[:64]) != ("v" in options)


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
        pieces = map(_digits, program.replace("$NF", "$999").split("$")[1:])
        wanted = [int(digits[:3]) for digits in pieces if digits]
    for _, data in (yield from call.sources(operands)):
        for line in decode(data).splitlines():
            call.print(_picked(line, separator, wanted, by_character=call.name == "cut" and "c" in options))
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
    data = b"".join(data for _, data in (yield from call.sources([] if call.name == "tr" else operands[1:])))
    text = decode(data)
    if call.name == "tr" and operands:
        text = _translated(text, operands, delete="d" in options)
    elif call.name == "sed":
        script = options.get("e") or (operands[0] if operands else "")
        text = _substituted(text, script)
    elif call.name == "rev":
        text = "\n".join(line[::-1] for line in text.split("\n"))
    call.out.write(encode(text))
    return 0


def _translated(text: str, operands: list[str], *, delete: bool) -> str:
    first = _set(operands[0])
    if delete or len(operands) < 2:
        return text.translate({ord(c): None for c in first})
    second = _set(operands[1]) or " "
    return text.translate({ord(c): second[min(index, len(second) - 1)] for index, c in enumerate(first)})


def _set(text: str) -> str:
    text, _ = unescape(text)
    if len(text) == 3 and text[1] == "-" and text[0] <= text[2]:
        return "".join(chr(code) for code in range(ord(text[0]), min(ord(text[2]), ord(text[0]) + 255) + 1))
    return text


def _substituted(text: str, script: str) -> str:
    if len(script) < 4 or script[0] != "s":
        return text
    pieces = script[2:].split(script[1])
    if len(pieces) < 3 or not pieces[0]:
        return text
    count = -1 if "g" in pieces[2] else 1
    return "\n".join(line.replace(pieces[0], pieces[1], count) for line in text.split("\n"))
