# SPDX-License-Identifier: MIT
"""Parameter expansion: `${name}`, `${name:-word}`, `${name%pattern}` (POSIX.1-2017, Shell Command Language §2.6.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from decnet_decoys.shell.budget import MAX_WORD
from decnet_decoys.shell.expansion.patterns import matches

MAX_TRIMMED = 1024
"""Characters of a value in which `#` and `%` look for their pattern: each position costs a match."""

_WITH_OPERATOR = re.compile(r"([A-Za-z_]\w*|[?$#@*!0-9-])(:?[-+=?]|##?|%%?|//?)(.*)", re.DOTALL)


def parameter(inner: str, variables: Mapping[str, str], expand: Callable[[str], str]) -> str:
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
    value = variables.get(name)
    return _operated(value, operator, expand(word))[:MAX_WORD]


def _operated(value: str | None, operator: str, word: str) -> str:
    kind = operator.lstrip(":")
    absent = value is None or (operator.startswith(":") and not value)
    if kind in "-=?":
        return word if absent else value or ""
    if kind == "+":
        return "" if absent else word
    return _trimmed(value or "", kind, word)


def _trimmed(value: str, kind: str, word: str) -> str:
    if kind in ("/", "//"):
        old, _, new = word.partition("/")
        return value.replace(old, new, -1 if kind == "//" else 1) if old else value
    value = value[:MAX_TRIMMED]
    cuts = range(len(value) + 1)
    if kind.startswith("#"):
        order = reversed(cuts) if kind == "##" else cuts
        return next((value[cut:] for cut in order if matches(value[:cut], word)), value)
    order = cuts if kind == "%%" else reversed(cuts)
    return next((value[:cut] for cut in order if matches(value[cut:], word)), value)
