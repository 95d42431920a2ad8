# SPDX-License-Identifier: MIT
"""SORT and SORT_RO: the elements of a list, set or sorted set in order, or what other keys hold of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.keyspace import Full, Scores, WrongType
from decnet_decoys.redis.protocol import Error, Reply
from decnet_decoys.redis.types.sorted_sets import ordered, score
from decnet_decoys.redis.types.stream import Stream

_MOST_FOUND = 8 << 10
"""Values that one command looks up: a few milliseconds' work."""
_NO_NUMBER = Error("ERR One or more scores can't be converted into double")


class _Options(NamedTuple):
    by: bytes | None = None
    first: int = 0
    most: int = -1
    get: tuple[bytes, ...] = ()
    descends: bool = False
    alpha: bool = False
    store: bytes | None = None

    @property
    def is_sorted(self) -> bool:
        """Whether anything is put in order: BY a pattern without a star asks for none."""
        return self.by is None or b"*" in self.by


def _options(given: Arguments, *, stores: bool) -> _Options | Error:
    made, rest = _Options(), given
    while rest:
        match rest[0].upper(), rest[1:]:
            case b"ASC" | b"DESC" as way, rest:
                made = made._replace(descends=way == b"DESC")
            case b"ALPHA", rest:
                made = made._replace(alpha=True)
            case b"LIMIT", [first, count, *rest]:
                limits = number(first), number(count)
                if limits[0] is None or limits[1] is None:
                    return NOT_A_NUMBER
                made = made._replace(first=max(0, limits[0]), most=limits[1])
            case b"STORE", [target, *rest] if stores:
                made = made._replace(store=target)
            case b"BY", [pattern, *rest]:
                made = made._replace(by=pattern)
            case b"GET", [pattern, *rest]:
                made = made._replace(get=(*made.get, pattern))
            case _:
                return SYNTAX
    return made


def _elements(client: Client, key: bytes) -> list[bytes]:
    """Return what is sorted, a sorted set by its scores; raises WrongType."""
    value = client.keys.get(key)
    if value is None:
        return []
    if isinstance(value, Scores):
        return [name for name, _ in ordered(value)]
    if isinstance(value, bytes | dict | Stream):
        raise WrongType
    return sorted(value) if isinstance(value, frozenset) else value


def _looked_up(client: Client, pattern: bytes, element: bytes) -> bytes | None:
    """Return what a key holds whose name has the element for the star: a string, or a field behind an arrow."""
    if pattern == b"#":
        return element
    name, arrow, field = pattern.partition(b"->")
    if not (arrow and field and b"*" in name):
        name, field = pattern, b""
    if b"*" not in name:
        return None
    value = client.keys.get(name.replace(b"*", element, 1))
    if field:
        return value.get(field) if isinstance(value, dict) and not isinstance(value, Scores) else None
    return value if isinstance(value, bytes) else None


def _in_order(client: Client, elements: list[bytes], options: _Options) -> list[bytes] | Error:
    weights = [element if options.by is None else _looked_up(client, options.by, element) for element in elements]
    keyed: list[tuple[Any, bytes]] = []  # by numbers, or by bytes
    for element, weight in zip(elements, weights, strict=True):
        rank: float | bytes | None = (weight or b"") if options.alpha else 0.0 if weight is None else score(weight)
        if rank is None:
            return _NO_NUMBER
        keyed.append((rank, element))
    return [element for _, element in sorted(keyed, reverse=options.descends)]


def _chosen(elements: Sequence[bytes], options: _Options) -> Sequence[bytes]:
    end = None if options.most < 0 else options.first + options.most
    return elements[options.first : end]


def _sorts(*, stores: bool) -> Function:
    def command(client: Client, given: Arguments) -> Reply:
        options = _options(given[1:], stores=stores)
        if isinstance(options, Error):
            return options
        elements = _elements(client, given[0])
        if len(elements) * (1 + len(options.get)) > _MOST_FOUND:
            raise Full
        found = _in_order(client, elements, options) if options.is_sorted else elements
        if isinstance(found, Error):
            return found
        patterns = options.get or (b"#",)
        made = [_looked_up(client, pattern, one) for one in _chosen(found, options) for pattern in patterns]
        if options.store is None:
            return made
        client.keys.put(options.store, [one or b"" for one in made])
        return len(made)

    return command


COMMANDS: dict[str, tuple[Function, int]] = {
    "sort": (_sorts(stores=True), -2), "sort_ro": (_sorts(stores=False), -2),
}  # fmt: skip
