# SPDX-License-Identifier: MIT
"""Says in plain words what is wrong in a fleet's document, and what is allowed there, from msgspec's messages."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from decnet.deckies.wanted import Runtime

_STEP = re.compile(r"([A-Za-z_]\w*)|\[(\d+)\]")
_NOUNS = {"str": "text in quotes", "int": "a number", "array": "a list in brackets", "object": "a table", "null": ""}
_RANGES = {"services": "a port is a number from 1 to 65535", "count": "a number from 1 to 10000"}


def sentence(message: str, path: str, known: Sequence[str]) -> str:
    """Return what is wrong at `path`, such as `decky[1].name`; `known` are the keys there."""
    key = _plain(path).rpartition(".")[2].partition("[")[0]
    for pattern, words in _WORDS:
        found = re.match(pattern, message)
        if found:
            return words(found, key, known)
    return message


def place(path: str, given: Mapping[str, Any]) -> str:
    """Return a path in words, with the name of the decky that it is in and the value that is there."""
    value: Any = given
    words: list[str] = []
    for found in _STEP.finditer(_plain(path)):
        key, number = found.groups()
        value = value[int(number)] if number else value.get(key)
        words.append(_numbered(int(number), value, path) if number else key)
    shown = f" {value!r}" if isinstance(value, str | int | float) else ""
    return " ".join(words[:2]) + "".join(f": {word}" for word in words[2:]) + shown


def _plain(path: str) -> str:
    """Return the path without its last step if that is a key of a table that may have any."""
    return path.replace("[...]", "")


def _numbered(index: int, value: Any, path: str) -> str:
    named = value.get("name") if isinstance(value, dict) else None
    return f"{index + 1} ({named})" if isinstance(named, str) and not path.endswith(".name") else str(index + 1)


def _unknown(found: re.Match[str], _: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(found[1], known, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
    return f"there is no key `{found[1]}`; {hint}"


def _expected(found: re.Match[str], key: str, _: Sequence[str]) -> str:
    if key in _RANGES and "array" not in found[1]:
        return _RANGES[key]
    allowed = " or ".join(filter(None, (_NOUNS.get(kind, kind) for kind in found[1].split(" | "))))
    return f"write {allowed}"


_WORDS: tuple[tuple[str, Callable[[re.Match[str], str, Sequence[str]], str]], ...] = (
    (r"Object contains unknown field `(.*)`", _unknown),
    (r"Object missing required field `(.*)`", lambda found, *_: f"the key `{found[1]}` is missing"),
    (r"Expected `str` matching regex", lambda *_: "only letters, digits and hyphens, and no hyphen at either end"),
    (r"Expected `str` of length", lambda *_: "1 to 63 characters"),
    (r"Invalid enum value '(.*)'", lambda *_: f"there are {', '.join(get_args(Runtime))}"),
    (r"Expected `int` [<>]=", lambda _, key, __: _RANGES.get(key, "a number in another range")),
    (r"Expected `(.*)`, got `.*`", _expected),
)
