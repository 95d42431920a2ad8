# SPDX-License-Identifier: MIT
r"""The query language of the event log: `kind:auth.attempt src:203.0.113.0/24 -decky:web-1 "text words"`; pure.

Terms stand between blanks, and all must hold. A term is a field with a value, or a text that must occur in the event.
`-` before a term turns it round; commas between values of a field mean "one of these"; quotation marks keep blanks,
commas and colons together (`\"` and `\\` in them are these characters).
"""

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from decnet.cli.errors import WrongUsageError
from decnet.cli.time_window import time_window
from decnet_core.events.catalogue import KINDS
from decnet_core.net.addresses import Network, parse_network
from decnet_models.database.window import Window
from decnet_models.history.words import words_in

LONGEST = 2048
"""Characters of a query."""
MOST_TERMS = 64

_TERM = re.compile(
    r"""(?P<minus>-?)(?:(?P<field>[A-Za-z_]+):(?!//))?(?P<value>"(?:[^"\\]|\\.)*"|[^\s"]+)?(?P<rest>\S*)""", re.DOTALL
)
_ALIASES = {"source": "src", "attacker": "src", "ip": "src", "after": "since", "before": "until"}


class QueryError(WrongUsageError):
    """A query that cannot be read: `at` is the place of what is wrong, `length` how many characters it has."""

    def __init__(self, message: str, at: int, length: int) -> None:
        super().__init__(f"{message} (at character {at + 1})")
        self.at = at
        self.length = length


class Condition(msgspec.Struct, frozen=True):
    """What one field must be: one of `wanted`, or, with `excluded`, none of them."""

    field: str
    wanted: tuple[Any, ...]
    excluded: bool = False


class EventQuery(msgspec.Struct, frozen=True):
    """A query that was read. Texts that must occur, and those that must not, compare without upper and lower case."""

    conditions: tuple[Condition, ...] = ()
    texts: tuple[str, ...] = ()
    excluded_texts: tuple[str, ...] = ()
    window: Window = Window()
    synthetic: bool = False
    known: bool = False

    def only(self, field: str) -> tuple[Any, ...]:
        """Return the values of which the field must have one; empty: any."""
        return next((one.wanted for one in self.conditions if one.field == field and not one.excluded), ())


class _Word(msgspec.Struct, frozen=True):
    at: int
    text: str
    minus: bool
    field: str | None
    value: str
    quoted: bool

    def error(self, message: str) -> QueryError:
        return QueryError(message, self.at, len(self.text))


def parsed(text: str) -> EventQuery:
    """Return the query that a person wrote; raises QueryError, which says where it is wrong."""
    if len(text) > LONGEST:
        raise QueryError(f"a query has at most {LONGEST} characters", LONGEST, len(text) - LONGEST)
    conditions: list[Condition] = []
    texts: dict[bool, list[str]] = {False: [], True: []}
    window, switches = Window(), dict[str, bool]()
    for word in _words(text):
        if word.field is None:
            texts[word.minus].append(_searchable(word))
        elif word.field in ("since", "until"):
            window = _narrowed(window, word)
        elif word.field in ("synthetic", "known"):
            switches[word.field] = _yes(word)
        else:
            conditions.append(Condition(word.field, _values(word), word.minus))
    return EventQuery(tuple(conditions), tuple(texts[False]), tuple(texts[True]), window, **switches)


def _words(text: str) -> Iterator[_Word]:
    place, number = 0, 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        found = _TERM.match(text, place)
        assert found is not None  # every part of it may be empty
        if number == MOST_TERMS:
            raise QueryError(f"a query has at most {MOST_TERMS} terms", place, len(text) - place)
        yield _word(found, place)
        place, number = max(found.end(), place + 1), number + 1


def _word(found: re.Match[str], at: int) -> _Word:
    value, field, rest = found["value"] or "", found["field"], found["rest"]
    if rest:
        closing = "a quotation mark is not closed" if rest.startswith('"') else "a blank is missing after it"
        raise QueryError(closing, found.start("rest"), len(rest))
    quoted = value.startswith('"')
    plain = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL) if quoted else value
    word = _Word(at, found[0], bool(found["minus"]), None if field is None else _field(field.lower()), plain, quoted)
    if not plain:
        raise word.error("a value is missing" if word.text else "there is nothing to search for")
    if field is not None and word.field not in FIELDS:
        close = difflib.get_close_matches(field.lower(), FIELDS, 1)
        hint = f"did you mean {close[0]}:?" if close else f"fields are {', '.join(FIELDS)}"
        raise word.error(f"there is no field {field!r}; {hint} A text with a colon stands in quotation marks")
    return word


def _field(name: str) -> str:
    return _ALIASES.get(name, name)


def _searchable(word: _Word) -> str:
    if not words_in(word.value):
        raise word.error("there is no letter or digit to search for")
    return word.value.casefold()


def _values(word: _Word) -> tuple[Any, ...]:
    read = _READERS[word.field or ""]
    parts = [word.value] if word.quoted else word.value.split(",")
    values: list[Any] = []
    for part in parts:
        try:
            values += read(part)
        except ValueError as error:
            raise word.error(str(error)) from error
    return tuple(dict.fromkeys(values))


def _narrowed(window: Window, word: _Word) -> Window:
    if word.minus:
        raise word.error("a time cannot be excluded; write since: or until:")
    try:
        since, until = (word.value, None) if word.field == "since" else (None, word.value)
        one = time_window(since, until, names=("since", "until"))
    except WrongUsageError as error:
        raise word.error(str(error)) from error
    narrowed = Window(max(window.since, one.since), min(window.until, one.until))
    if narrowed.since >= narrowed.until:
        raise word.error("nothing is between these times")
    return narrowed


def _yes(word: _Word) -> bool:
    if word.value not in ("yes", "no") or word.minus:
        raise word.error(f"write {word.field}:yes or {word.field}:no")
    return word.value == "yes"


def _kinds(text: str) -> list[str]:
    if text.endswith("*"):
        found = [kind for kind in KINDS if kind.startswith(text[:-1])]
    else:
        found = [text] if text in KINDS else []
    if not found:
        close = difflib.get_close_matches(text.rstrip("*"), list(KINDS), 1)
        raise ValueError(f"there is no event kind {text!r}" + (f"; did you mean {close[0]}?" if close else ""))
    return found


def _network(text: str) -> list[Network]:
    try:
        return [parse_network(text)]
    except ValueError as error:
        raise ValueError(f"{text!r} is neither an address nor a network such as 203.0.113.0/24") from error


def _port(text: str) -> list[int]:
    if not (text.isascii() and text.isdigit()) or int(text[:9]) > 65535:
        raise ValueError(f"{text!r} is not a port (0 to 65535)")
    return [int(text)]


def _name(text: str) -> list[str]:
    if not text:
        raise ValueError("a name is missing between the commas")
    return [text]


_READERS: dict[str, Callable[[str], list[Any]]] = {
    "kind": _kinds,
    "src": _network,
    "decky": _name,
    "session": _name,
    "sensor": _name,
    "port": _port,
}

FIELDS = (*_READERS, "since", "until", "synthetic", "known")
"""What can stand before a colon."""
