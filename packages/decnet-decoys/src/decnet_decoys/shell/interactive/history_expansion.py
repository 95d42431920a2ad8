# SPDX-License-Identifier: MIT
"""History expansion, as bash does it before a line is parsed: !!, !n, !-n, !text, !?text?, !$, !^, !*, ^old^new^."""

import re

from decnet_decoys.errors import DecoysError

MAX_EXPANDED = 1 << 14
MAX_EVENTS = 16
"""Events that one line may name: to look for one takes half a millisecond."""
_EVENT = re.compile(
    r"!(?:(!)|(-?\d{1,6})|([$^*])|\?([^?\n]{1,200})\??|([^\s!=(\"$^*?:;&|<>][^\s:;&|<>()\"']{0,200}))"
    r"(:[$^*]|:\d{1,3})?"
)
_QUICK = re.compile(r"\^([^^\n]{1,500})\^([^^\n]{0,500})(?:\^(.*))?", re.DOTALL)


class EventNotFoundError(DecoysError):
    """The history has no such line; the message is bash's, without its name."""


def expanded(line: str, history: list[str]) -> str:
    """Return the line with what it names of the history in its place; raises EventNotFoundError."""
    quick = _QUICK.fullmatch(line)
    if quick is not None:
        if not history or quick[1] not in history[-1]:
            raise EventNotFoundError(f":s{line}: substitution failed")
        return (history[-1].replace(quick[1], quick[2], 1) + (quick[3] or ""))[:MAX_EXPANDED]
    pieces: list[str] = []
    at = size = events = 0
    single = double = False
    while at < len(line):
        character = line[at]
        match = _EVENT.match(line, at) if character == "!" and not single and events < MAX_EVENTS else None
        if character == "\\" and not single:
            piece = line[at : at + 2]
        elif match is not None:
            piece, events = _event(match, history), events + 1
        else:
            single = single != (character == "'" and not double)
            double = double != (character == '"' and not single)
            piece = character
        pieces.append(piece)
        size += len(piece)
        at = match.end() if match is not None else at + max(1, len(piece))
        if size > MAX_EXPANDED:
            break
    return "".join(pieces)[:MAX_EXPANDED]


def _event(match: re.Match[str], history: list[str]) -> str:
    last, number, word, inside, start, chosen = match.groups()
    found = None
    if history and (last or word):
        found = history[-1]
    elif number:
        index = int(number) - 1 if not number.startswith("-") else len(history) + int(number)
        found = history[index] if 0 <= index < len(history) else None
    elif inside or start:
        fits = (one for one in reversed(history) if (inside in one if inside else one.startswith(start)))
        found = next(fits, None)
    if found is None:
        raise EventNotFoundError(f"{match[0]}: event not found")
    return _words(found, (chosen or "").lstrip(":") or word or "")


def _words(line: str, chosen: str) -> str:
    """Return the words of a line that a designator names, all of it for none."""
    words = line.split()
    if not chosen:
        return line
    if chosen == "*":
        return " ".join(words[1:])
    index = {"$": len(words) - 1, "^": 1}.get(chosen, int(chosen) if chosen.isdecimal() else 0)
    if not 0 <= index < len(words):
        raise EventNotFoundError(f":{chosen}: bad word specifier")
    return words[index]
