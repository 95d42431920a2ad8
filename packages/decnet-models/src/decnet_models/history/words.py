# SPDX-License-Identifier: MIT
"""The words by which an event is found, and the words of what somebody searches for.

Both are made by the same rule, so nothing that is typed can have a meaning of its own: there is no query syntax.
"""

import re
from collections.abc import Iterator

import msgspec

from decnet_core.events.envelope import Event

WORD_LENGTH = 64
"""Longer words are several, in the index and in the search."""
_TEXT_LENGTH = 2048
_WORDS = 64
"""An event has at most so many different words, from the first so many characters of its texts."""

_WORD = re.compile(rf"[^\W_]{{1,{WORD_LENGTH}}}")
_NUMBERS = frozenset({int, float, bool})


def texts(event: Event) -> list[str]:
    """Return what can be searched: the texts of the payload, whom it came from, and what was touched."""
    found = [text for text in (event.src_ip, event.dst_ip, event.decky) if text]
    for name in event.payload.__struct_fields__:
        value = getattr(event.payload, name)
        if type(value) is str:
            found.append(value)
        elif value is not None and type(value) not in _NUMBERS:
            found += _texts(msgspec.to_builtins(value))
    return found


def words_of(event: Event) -> set[str]:
    """Return the words of an event, of very many some."""
    words = set(_WORD.findall(" ".join(texts(event))[:_TEXT_LENGTH].casefold()))
    return words if len(words) <= _WORDS else set(sorted(words)[:_WORDS])


def words_in(text: str) -> list[str]:
    """Return the words of a text in their order."""
    return _WORD.findall(text.casefold())


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
