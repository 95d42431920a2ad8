# SPDX-License-Identifier: MIT
"""Commands about what is in files: cat, head, tail, grep, wc, sort, uniq, cut, tr, tee, base64, checksums."""

from __future__ import annotations

import base64
import binascii
import hashlib

from decnet_decoys.shell.call import Call, decode, encode
from decnet_decoys.shell.expand import matches
from decnet_decoys.shell.files import FileFault
from decnet_decoys.shell.registry import command
from decnet_decoys.shell.steps import Pause, Steps

_ENDLESS = frozenset(("/dev/zero", "/dev/urandom", "/dev/random"))


@command("cat", "tac", "more", "less", "zcat", "strings")
def cat(call: Call) -> Steps:
    """Write files one after the other; tac turns their lines round."""
    options, operands = call.flags()
    wrong = sum(not _readable(call, path) for path in operands if path != "-")
    for path, data in (yield from call.sources(operands)):
        while path in _ENDLESS:
            call.out.write(_noise(path))
        call.out.write(_arranged(call.name, options, data))
    return int(wrong > 0)


def _arranged(name: str, options: dict[str, str], data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if name == "tac":
        return b"".join(reversed(lines))
    if "n" in options:
        return b"".join(b"%6d\t%s" % (number, line) for number, line in enumerate(lines, 1))
    return data


def _readable(call: Call, path: str) -> bool:
    try:
        call.shell.files.read(path, call.shell.identity, call.shell.cwd)
    except FileFault:
        return False
    return True


def _noise(path: str) -> bytes:
    return bytes(4096) if path == "/dev/zero" else hashlib.shake_128(path.encode()).digest(4096)


@command("head", "tail")
def head(call: Call) -> Steps:
    """Write the first or last lines (-n) or bytes (-c)."""
    short = {arg[1:]: place for place, arg in enumerate(call.args) if arg[1:].isdigit() and arg[0] == "-"}
    for digits, place in short.items():
        call.args[place : place + 1] = ["-n", digits]
    options, operands = call.flags("nc")
    count = _count(options.get("n", options.get("c", "10")))
    for path, data in (yield from call.sources(operands)):
        if len(operands) > 1:
            call.print(f"==> {path} <==")
        if "c" in options:
            call.out.write(data[:count] if call.name == "head" else data[-count:] if count else b"")
            continue
        pieces = data.splitlines(keepends=True)
        call.out.write(b"".join(pieces[:count] if call.name == "head" else pieces[-count:] if count else []))
    if call.name == "tail" and {"f", "F"} & options.keys():
        yield Pause(900)
    return 0


def _count(text: str) -> int:
    digits = text.lstrip("+-")
    unit = {"k": 1024, "K": 1024, "M": 1 << 20}.get(digits[-1:], 1)
    digits = digits.rstrip("kKM")
    return int(digits) * unit if digits.isdigit() and len(digits) < 10 else 10


@command("grep", "egrep", "fgrep", "zgrep")
def grep(call: Call) -> Steps:
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
            place = f"{number}:" if "n" in options else ""
            call.out.write(encode(prefix + place) + line + b"\n")


def _below(call: Call, paths: list[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        try:
            place = call.shell.files.locate(path, call.shell.cwd)
        except FileFault:
            continue
        found += [name for name, entry in call.shell.files.walk(place) if entry.kind == "file" and entry.size < 65536]
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


@command("wc")
def wc(call: Call) -> Steps:
    """Count lines, words and bytes."""
    options, operands = call.flags()
    for path, data in (yield from call.sources(operands)):
        counts = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data)}
        chosen = [counts[letter] for letter in "lwc" if letter in options] or list(counts.values())
        name = "" if path == "-" else f" {path}"
        call.print(" ".join(str(n) if len(chosen) == 1 else f"{n:7}" for n in chosen) + name)
    return 0


@command("sort", "uniq")
def sort(call: Call) -> Steps:
    """Sort lines (-r -n -u), or drop repeated neighbours (-c counts)."""
    options, operands = call.flags("kto")
    lines = [line for _, data in (yield from call.sources(operands)) for line in data.splitlines()]
    if call.name == "sort":
        lines.sort(key=_numeric if "n" in options else _itself, reverse="r" in options)
        if "u" in options:
            lines = list(dict.fromkeys(lines))
        counted = [(1, line) for line in lines]
    else:
        counted = []
        for line in lines:
            if counted and counted[-1][1] == line:
                counted[-1] = (counted[-1][0] + 1, line)
            else:
                counted.append((1, line))
    for count, line in counted:
        call.out.write((b"%7d " % count if call.name == "uniq" and "c" in options else b"") + line + b"\n")
    return 0


def _itself(line: bytes) -> tuple[float, bytes]:
    return 0.0, line


def _numeric(line: bytes) -> tuple[float, bytes]:
    digits = line.strip().split(b" ")[0][:15]
    return (float(digits) if digits.isdigit() else 0.0), line


@command("cut", "awk", "gawk", "mawk")
def cut(call: Call) -> Steps:
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
def tr(call: Call) -> Steps:
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
    return text.translate({ord(c): second[min(place, len(second) - 1)] for place, c in enumerate(first)})


def _set(text: str) -> str:
    from decnet_decoys.shell.escapes import unescape

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


@command("tee")
def tee(call: Call) -> Steps:
    """Write standard input to files and on."""
    options, operands = call.flags()
    data = yield from call.input()
    for path in operands:
        yield from call.shell.save(path, data, append="a" in options, err=call.err)
    call.out.write(data)
    return 0


@command("dd")
def dd(call: Call) -> Steps:
    """Copy with if=, of=, bs= and count=."""
    values = dict(arg.partition("=")[::2] for arg in call.args)
    source = values.get("if")
    size = _count(values.get("bs", "512")) * min(_count(values["count"]) if "count" in values else 1 << 30, 1 << 30)
    if source in _ENDLESS:
        data = (_noise(source) * 256)[: min(size, 1 << 20)]
    else:
        found = call.read(source) if source else (yield from call.input())
        if found is None:
            return 1
        data = found[:size]
    if values.get("of"):
        yield from call.shell.save(values["of"], data, err=call.err)
    else:
        call.out.write(data)
    call.err.write(encode(f"{len(data) // 512}+{int(len(data) % 512 > 0)} records in\n"))
    call.err.write(
        encode(f"{len(data) // 512}+{int(len(data) % 512 > 0)} records out\n{len(data)} bytes copied, 0.00021 s\n")
    )
    return 0


@command("base64", "base32")
def base64_(call: Call) -> Steps:
    """Encode, or decode with -d."""
    options, operands = call.flags("w")
    data = b"".join(data for _, data in (yield from call.sources(operands)))
    if not {"d", "D", "decode"} & options.keys():
        encoded = base64.b64encode(data)
        for start in range(0, len(encoded), 76):
            call.out.write(encoded[start : start + 76] + b"\n")
        return 0
    try:
        call.out.write(base64.b64decode(b"".join(data.split()), validate=True))
    except (binascii.Error, ValueError):
        return call.fail("invalid input")
    return 0


@command("md5sum", "sha1sum", "sha256sum", "sha512sum")
def digest(call: Call) -> Steps:
    """Write checksums."""
    _, operands = call.flags()
    for path, data in (yield from call.sources(operands)):
        found = hashlib.new(call.name.removesuffix("sum"), data, usedforsecurity=False).hexdigest()
        call.print(f"{found}  {path}")
    return 0


@command("xxd", "hexdump", "od")
def xxd(call: Call) -> Steps:
    """Show bytes in hexadecimal."""
    options, operands = call.flags("lnNAtsc")
    length = options.get("l") or options.get("N") or options.get("n") or "1048576"
    for _, data in (yield from call.sources(operands)):
        size = min(len(data), _count(length), 1 << 16)
        for start in range(0, size, 16):
            row = data[start : min(start + 16, size)]
            pairs = " ".join(row[i : i + 2].hex() for i in range(0, len(row), 2))
            shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            call.print(f"{start:08x}: {pairs:<39}  {shown}")
    return 0
