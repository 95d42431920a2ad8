# SPDX-License-Identifier: MIT
"""Commands that show, count and order the lines of files: cat, head, tail, wc, sort, uniq, tee."""

from __future__ import annotations

from itertools import groupby

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.commands.text.text_encoders import ENDLESS, count, noise
from decnet_decoys.shell.effects import Effects, Pause
from decnet_decoys.shell.machine.fs_errors import FileSystemError
from decnet_decoys.shell.registry import command


@command("cat", "tac", "more", "less", "zcat", "strings")
def cat(call: Call) -> Effects:
    """Write files one after the other; tac turns their lines round."""
    options, operands = call.flags()
    wrong = sum(not _readable(call, path) for path in operands if path != "-")
    for path, data in (yield from call.sources(operands)):
        while path in ENDLESS:
            call.out.write(noise(path))
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
        call.shell.files.read(path, call.shell.access)
    except FileSystemError:
        return False
    return True


@command("head", "tail")
def head(call: Call) -> Effects:
    """Write the first or last lines (-n) or bytes (-c)."""
    short = {arg[1:]: index for index, arg in enumerate(call.args) if arg[1:].isdigit() and arg[0] == "-"}
    for digits, index in short.items():
        call.args[index : index + 1] = ["-n", digits]
    options, operands = call.flags("nc")
    asked = options.get("n", options.get("c", "10"))
    wanted = count(asked.lstrip("+"))
    part = slice(max(0, wanted - 1), None) if asked.startswith("+") else slice(-wanted if wanted else 1 << 62, None)
    if call.name == "head":
        part = slice(wanted)
    for path, data in (yield from call.sources(operands)):
        if len(operands) > 1:
            call.print(f"==> {path} <==")
        if "c" in options:
            call.out.write(data[part])
            continue
        call.out.write(b"".join(data.splitlines(keepends=True)[part]))
    if call.name == "tail" and {"f", "F"} & options.keys():
        yield Pause(900)
    return 0


@command("wc")
def wc(call: Call) -> Effects:
    options, operands = call.flags()
    for path, data in (yield from call.sources(operands)):
        counts = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data)}
        chosen = [counts[letter] for letter in "lwc" if letter in options] or list(counts.values())
        name = "" if path == "-" else f" {path}"
        call.print(" ".join(str(n) if len(chosen) == 1 else f"{n:7}" for n in chosen) + name)
    return 0


@command("sort", "uniq")
def sort(call: Call) -> Effects:
    """Sort lines (-r -n -u), or drop repeated neighbours (-c counts)."""
    options, operands = call.flags("kto")
    lines = [line for _, data in (yield from call.sources(operands)) for line in data.splitlines()]
    if call.name == "uniq":
        runs = [(len(list(run)), line) for line, run in groupby(lines)]
        call.out.write(b"".join((b"%7d " % times if "c" in options else b"") + line + b"\n" for times, line in runs))
        return 0
    lines.sort(key=_numeric if "n" in options else _itself, reverse="r" in options)
    for line in dict.fromkeys(lines) if "u" in options else lines:
        call.out.write(line + b"\n")
    return 0


def _itself(line: bytes) -> tuple[float, bytes]:
    return 0.0, line


def _numeric(line: bytes) -> tuple[float, bytes]:
    digits = line.strip().split(b" ")[0][:15]
    return (float(digits) if digits.isdigit() else 0.0), line


@command("tee")
def tee(call: Call) -> Effects:
    options, operands = call.flags()
    data = yield from call.input()
    for path in operands:
        yield from call.runner.save(path, data, append="a" in options, err=call.err)
    call.out.write(data)
    return 0
