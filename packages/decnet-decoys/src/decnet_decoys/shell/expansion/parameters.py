# SPDX-License-Identifier: MIT
"""Parameter expansion: `${name}`, `${name:-word}`, `${name%pattern}` (POSIX.1-2017, Shell Command Language §2.6.2)."""

import re
from collections.abc import Callable, Mapping

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.effects import Steps, turn
from decnet_decoys.shell.expansion.patterns import matches

MAX_TRIMMED = 1024
"""Characters of a value in which `#` and `%` look for their pattern: each position costs a match."""

_WITH_OPERATOR = re.compile(r"([A-Za-z_]\w*|[?$#@*!0-9-])(:?[-+=?]|##?|%%?|//?)(.*)", re.DOTALL)


def parameter(inner: str, variables: Mapping[str, str], expand: Callable[[str], str]) -> Steps[str]:
    """Return what `${inner}` stands for; `expand` expands the word of an operator."""
    if inner.startswith("#") and inner.endswith(("[@]", "[*]")):
        start = inner[1:-2]  # name[
        return str(sum(key.startswith(start) and key[len(start) : -1].isdigit() for key in variables))
    if inner.startswith("#") and len(inner) > 1:
        return str(len(variables.get(inner[1:], "")))
    match = _WITH_OPERATOR.fullmatch(inner)
    if match is None:
        return variables.get(inner, "")[:MAX_WORD]
    name, operator, word = match.groups()
    value, kind, word = variables.get(name), operator.lstrip(":"), expand(word)
    if kind in ("#", "##", "%", "%%"):
        return (yield from _trimmed((value or "")[:MAX_TRIMMED], kind, word))
    return _operated(value, operator, word)[:MAX_WORD]


def _operated(value: str | None, operator: str, word: str) -> str:
    kind = operator.lstrip(":")
    absent = value is None or (operator.startswith(":") and not value)
    if kind in "-=?":
        return word if absent else value or ""
    if kind == "+":
        return "" if absent else word
    return _replaced(value or "", word, every=kind == "//")


def _replaced(value: str, word: str, *, every: bool) -> str:
    old, _, new = word.partition("/")
    times = MAX_WORD // max(1, len(new)) + 1 if every else 1
    return value.replace(old, new, times) if old else value


def _trimmed(value: str, kind: str, word: str) -> Steps[str]:
    """Return the value without the shortest or longest part at an end that the pattern fits."""
    head, longest = kind[0] == "#", len(kind) == 2
    cuts = range(len(value) + 1)
    for cut in reversed(cuts) if head == longest else cuts:
        part, rest = (value[:cut], value[cut:]) if head else (value[cut:], value[:cut])
        if matches(part, word):
            return rest
        yield from turn()
    return value
