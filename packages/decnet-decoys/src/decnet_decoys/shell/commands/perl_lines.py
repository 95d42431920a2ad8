# SPDX-License-Identifier: MIT
"""What a line of Perl does, as far as it is usual in one-liners: print, die, system, exec; -n and -p over lines."""

import re

from decnet_decoys.shell.call import Call
from decnet_decoys.shell.effects import Effects, Steps, turn
from decnet_decoys.shell.encoding import encode
from decnet_decoys.shell.expansion.arithmetic import arithmetic
from decnet_decoys.shell.expansion.regular_expressions import BadPatternError, Pattern, compiled
from decnet_decoys.shell.syntax.escapes import unescape

MAX_TEXT = 4096
MAX_REPLACED = 2000
"""Matches of a line that are replaced, twice."""
MAX_ITEMS = 128
"""Of a list that is printed."""
_ITEM = re.compile(
    r"\s*+(?:\"((?:[^\"\\]|\\.){0,2000})\"|'([^']{0,2000})'|(-?[\d\s+*/()-]{1,64}))\s*+(?:[,.]|$)", re.DOTALL
)
_REPEATED = re.compile(r"\s*+\(?\s*+[\"']((?:[^\"'\\]|\\[nt0]){1,64})[\"']\s*+x\s*+(\d{1,4})\s*+\)?\s*+(?:[,.]|$)")
_DIED = re.compile(r"""\s*+die\s*+\(?\s*+(["'])(.{0,1000}?)\1\s*+\)?\s*+""", re.DOTALL)
_PRINTED = re.compile(r"\s*+(?:print|say)\s++(.*)", re.DOTALL)
_COUNTED = re.compile(r"\s*+(?:print|say)\s++for\s++(\d{1,4})\.\.(\d{1,4})\s*+")
_RUN = re.compile(r"""\s*+(system|exec)\s*+\(?\s*+((?:["'][^"']{0,1000}["']\s*+,?\s*+){1,16}+)\)?\s*+""")
_TEXT = r"((?:\\.|(?!\1)[^\\]){0,200}+)"
_SUBSTITUTED = re.compile(rf"\s*+s([/|#,]){_TEXT}\1{_TEXT}\1([gi]{{0,2}})\s*+;?\s*+")
_MATCHED = re.compile(r"\s*+print\s++(if|unless)\s++/((?:\\.|[^/\\]){0,200}+)/(i?)\s*+;?\s*+")

_TOLD = re.compile(
    r"""\s*+print\s*+\(?\s*+"((?:\\.|[^"\\@]){0,200}+)"\s*+\)?\s*+if\s*+\(?\s*+/((?:\\.|[^/\\]){0,200}+)/(i?)\s*+\)?\s*+;?\s*+"""
)


def statements(call: Call, source: str, ending: str) -> Effects:
    """Do the statements of a program that are understood, and pass over the others; returns the status."""
    for statement in source.split(";")[:32]:
        yield from turn()
        died, ran, counted = (kind.fullmatch(statement) for kind in (_DIED, _RUN, _COUNTED))
        if died is not None:
            message = unescape(died[2])[0]
            call.print_error(message if message.endswith("\n") else f"{message} at -e line 1.\n", end="")
            return 255
        if ran is not None:
            words = re.findall(r"""["']([^"']{0,1000})["']""", ran[2])
            status = yield from call.runner.execute(["sh", "-c", *words] if len(words) == 1 else words, call.streams)
            if ran[1] == "exec":
                return status
        elif counted is not None:
            for number in range(int(counted[1]), int(counted[2]) + 1):
                call.print(str(number), end=ending)
                yield from turn()
        else:
            _print(call, statement, ending)
    return 0


def _print(call: Call, statement: str, ending: str) -> None:
    match = _PRINTED.fullmatch(statement)
    text = None if match is None else _joined(match[1].rstrip())
    if text is not None:
        call.print(text[:MAX_TEXT], end=ending)


def each_line(call: Call, source: str, paths: list[str], *, shown: bool) -> Effects:
    """Do what -n and -p do with each line, where the program is a substitution or prints what fits a pattern."""
    changed, matched = _SUBSTITUTED.fullmatch(source), _MATCHED.fullmatch(source)
    told = _TOLD.fullmatch(source)
    pattern, flags = (changed[2], changed[4]) if changed else (matched[2], matched[3]) if matched else ("", "")
    pattern, flags = (told[2], told[3]) if told else (pattern, flags)
    try:
        fits = compiled(encode(pattern), extended=True, ignore_case="i" in flags, perl=True) if pattern else None
    except BadPatternError:
        fits = None
    for found in (yield from call.sources(paths)):
        for line in found.lines(ends=True):
            yield from turn()
            if told is not None and fits is not None:
                call.out.write(_told(line, fits, told[1]))
            elif matched is not None and fits is not None and fits.fits(line) == (matched[1] == "if"):
                call.out.write(line)
            elif shown and changed is not None and fits is not None:
                call.out.write((yield from _replaced_in(line, fits, encode(changed[3]), every="g" in flags)))
            elif shown:
                call.out.write(line)
    return 0


def _told(line: bytes, fits: Pattern, text: str) -> bytes:
    """Return what is printed of a line that fits: a text in which $1 and the like stand for its groups."""
    found = fits.search(line, groups=True)
    if found is None:
        return b""
    pieces = re.split(r"\$([1-9&])", text)
    groups = [line[begin:end] if begin >= 0 else b"" for begin, end in found.spans]
    numbers = [0 if one == "&" else int(one) for one in pieces[1::2]]
    texts = [encode(unescape(piece)[0]) for piece in pieces[::2]]
    shown = [groups[number] if number < len(groups) else b"" for number in numbers]
    return b"".join(piece for pair in zip(texts, [*shown, b""], strict=True) for piece in pair)[:MAX_TEXT]


def _replaced_in(line: bytes, fits: Pattern, new: bytes, *, every: bool) -> Steps[bytes]:
    """Return a line with the first match, or every one, replaced."""
    pieces: list[bytes] = []
    at = 0
    while at < len(line) and len(pieces) < MAX_REPLACED and (match := fits.search(line, at)) is not None:
        yield from turn()
        pieces += [line[at : match.start], new]
        if match.end == match.start:
            pieces.append(line[match.end : match.end + 1])
        at = max(match.end, match.start + 1)
        if not every:
            break
    return b"".join([*pieces, line[at:]])


def _joined(source: str) -> str | None:
    """Return the texts and sums of a list, one after the other; None when it has anything else."""
    found, at, size = list[str](), 0, 0
    while at < len(source) and len(found) < MAX_ITEMS and size < MAX_TEXT:
        repeated = _REPEATED.match(source, at)
        match = repeated or _ITEM.match(source, at)
        text = None if match is None or match.end() == at else _repeated(match) if repeated else _item(match)
        if match is None or text is None:
            return None
        found.append(text)
        at, size = match.end(), size + len(text)
    return "".join(found)


def _repeated(match: re.Match[str]) -> str:
    return unescape(match[1])[0] * min(int(match[2]), MAX_TEXT)


def _item(match: re.Match[str]) -> str | None:
    """Return the text that an item is; None for a sum that cannot be computed."""
    double, single, number = match.groups()
    if number is not None:
        value = arithmetic(number, {})
        return None if value is None else str(value)
    return unescape(double)[0] if double is not None else str(single)
