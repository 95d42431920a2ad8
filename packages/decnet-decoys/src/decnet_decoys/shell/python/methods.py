# SPDX-License-Identifier: MIT
"""Methods of Python's texts, lists, mappings and sets: those whose cost is bounded by what they are given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from decnet_decoys.shell.effects import Steps
from decnet_decoys.shell.python.dates import of_date
from decnet_decoys.shell.python.formats import filled
from decnet_decoys.shell.python.values import MAX_TEXT, RaisedError, gathered, merged, text_of, weighed

if TYPE_CHECKING:
    from decnet_decoys.shell.python.evaluator import Evaluator

_TEXT_METHODS = """
capitalize count endswith find index isalnum isalpha isdigit islower isspace istitle isupper lower lstrip partition
replace rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper join
center ljust rjust zfill removeprefix removesuffix
"""
_OF_BOTH = tuple(_TEXT_METHODS.split())


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


METHODS_OF: dict[str, frozenset[str]] = {
    "str": frozenset((*_OF_BOTH, "encode", "format", "isdecimal", "isnumeric", "isidentifier", "casefold", "isascii")),
    "bytes": frozenset((*_OF_BOTH, "decode", "hex", "isascii", "fromhex")),
    "list": _words("append clear copy count extend index insert pop remove reverse sort"),
    "tuple": frozenset(("count", "index")),
    "dict": _words("clear copy get items keys pop popitem setdefault update values fromkeys"),
    "set": _words(
        "add clear copy difference discard intersection isdisjoint issubset issuperset pop remove "
        "symmetric_difference union update"
    ),
    "frozenset": _words("difference intersection isdisjoint issubset issuperset union"),
    "int": frozenset(("bit_length", "to_bytes", "from_bytes")),
    "float": frozenset(("is_integer",)),
    "date": _words("isoformat strftime weekday isoweekday toordinal ctime replace"),
    "datetime": _words("isoformat strftime weekday isoweekday toordinal ctime replace date timestamp"),
    "timedelta": _words("total_seconds"),
}  # fmt: skip
FIELDS_OF: dict[str, frozenset[str]] = {
    "date": _words("year month day"),
    "datetime": _words("year month day hour minute second microsecond tzinfo"),
    "timedelta": _words("days seconds microseconds"),
}
"""Attributes of dates that are values."""
_PAIRWISE = frozenset(("strip", "lstrip", "rstrip", "rfind", "rindex", "rpartition", "rsplit"))
"""Methods of texts that may compare each character with each of those that they are given."""
MAX_PAIRS = 1 << 22
"""Such comparisons: a few milliseconds."""
_CODECS = frozenset(
    ("utf-8", "utf8", "ascii", "latin-1", "latin1", "iso-8859-1", "utf-16", "utf-16-le", "utf-16le", "utf_8", "cp1252")
)
_KEYS: dict[str, Callable[[dict[Any, Any]], list[Any]]] = {
    "keys": list, "values": lambda one: list(one.values()), "items": lambda one: list(one.items()),
}  # fmt: skip


def method(program: Evaluator, owner: Any, name: str, args: list[Any], named: dict[str, Any]) -> Steps[Any]:
    """Return what a method of a plain value gives; raises what Python would raise."""
    if isinstance(owner, type):
        return (yield from _of_type(program, owner, name, args, named))
    if isinstance(owner, str | bytes):
        return (yield from _of_text(program, owner, name, args, named))
    if isinstance(owner, dict):
        return (yield from _of_mapping(program, owner, name, args, named))
    if isinstance(owner, list | tuple | set | frozenset):
        return (yield from _of_items(program, owner, name, args, named))
    if isinstance(owner, date | timedelta):
        return of_date(owner, name, args, named)
    length = named.get("length", args[0] if args else 1)
    if name == "to_bytes" and (not isinstance(length, int) or length > MAX_TEXT):
        raise RaisedError(MemoryError())
    return getattr(owner, name)(*args, **named)


def _of_type(program: Evaluator, owner: type, name: str, args: list[Any], named: dict[str, Any]) -> Steps[Any]:
    """Return what a method gives that is taken from its type: str.upper("x"), bytes.fromhex("00")."""
    if owner is bytes and name == "fromhex":
        return bytes.fromhex(args[0])
    if owner is dict and name == "fromkeys":
        keys = yield from program.items(args[0])
        return (yield from merged({}, [(one, args[1] if len(args) > 1 else None) for one in keys]))
    if owner is int and name == "from_bytes":
        weighed(args[0])
        return int.from_bytes(args[0][:1024], named.get("byteorder", *args[1:2]))
    if not args or not isinstance(args[0], owner):
        raise TypeError(f"descriptor '{name}' for '{owner.__name__}' objects doesn't apply")
    return (yield from method(program, args[0], name, args[1:], named))


def _of_mapping(
    program: Evaluator, owner: dict[Any, Any], name: str, args: list[Any], named: dict[str, Any]
) -> Steps[Any]:
    found: Any = None
    if name in _KEYS:
        return _KEYS[name](owner)
    if name == "fromkeys":
        return (yield from _of_type(program, dict, name, args, named))
    if name == "copy":
        return (yield from merged({}, owner))
    weighed(*args[:1])
    if name == "update":
        if len(args) > 1:
            raise TypeError(f"update expected at most 1 argument, got {len(args)}")
        for one in [*args, named]:
            yield from merged(owner, one if isinstance(one, dict) else (yield from program.items(one)))
    else:
        found = getattr(owner, name)(*args)
    program.kept(owner)
    return found


def _of_items(program: Evaluator, owner: Any, name: str, args: list[Any], named: dict[str, Any]) -> Steps[Any]:
    found: Any = None
    if name == "sort":
        owner[:] = yield from in_order(program, owner, named)
    elif name == "extend":
        owner.extend((yield from program.items(args[0])))
    elif isinstance(owner, set) and name == "update":
        yield from gathered(owner, (yield from program.items(args[0])))
    else:
        if name not in ("append", "insert", "pop", "clear", "reverse"):
            weighed(owner, *args)
        given = list(args)
        if isinstance(owner, set | frozenset) and name not in ("add", "discard", "remove"):
            for index, one in enumerate(args):
                given[index] = one if isinstance(one, set) else (yield from program.items(one))
        found = getattr(owner, name)(*given)
    program.kept(owner)
    return found


def _of_text(program: Evaluator, owner: str | bytes, name: str, args: list[Any], named: dict[str, Any]) -> Steps[Any]:
    if name == "format":
        return (yield from filled(program, str(owner), args, named))
    if name == "join":
        pieces = yield from program.items(args[0])
        if sum(len(one) for one in pieces if isinstance(one, str | bytes)) + len(owner) * len(pieces) > MAX_TEXT:
            raise RaisedError(MemoryError())
        return owner.join(pieces)
    if name == "replace":
        _may_replace(owner, *args[:2])
    if name in _PAIRWISE and args and isinstance(args[0], str | bytes) and len(args[0]) * len(owner) > MAX_PAIRS:
        raise RaisedError(MemoryError())
    if name in ("center", "ljust", "rjust", "zfill") and args and isinstance(args[0], int) and args[0] > MAX_TEXT:
        raise RaisedError(MemoryError())
    if name in ("encode", "decode"):
        return _coded(owner, args, named)
    if name == "translate" and args:
        weighed(*args)
        _may_translate(owner, *args[:1])
    return getattr(owner, name)(
        *args, **{key: one for key, one in named.items() if key in ("maxsplit", "keepends", "sep")}
    )


def _may_replace(owner: Any, old: Any = None, new: Any = None, *_count: Any) -> None:
    """Raise MemoryError of the program where replacing would make too long a text."""
    if type(old) is type(new) is type(owner):
        times = owner.count(old) if old else len(owner) + 1
        if times * len(new) > MAX_TEXT:
            raise RaisedError(MemoryError())


def _may_translate(owner: Any, table: Any = None) -> None:
    """Raise MemoryError of the program where a table would make too long a text of a text."""
    put = table.values() if isinstance(table, dict) else table if isinstance(table, list | tuple) else ()
    if max((len(one) for one in put if isinstance(one, str)), default=0) * len(owner) > MAX_TEXT:
        raise RaisedError(MemoryError())


def _coded(owner: str | bytes, args: list[Any], named: dict[str, Any]) -> str | bytes:
    """Encode or decode a text."""
    codec = text_of(args[0] if args else named.get("encoding", "utf-8")).lower()
    if codec not in _CODECS:
        raise RaisedError(LookupError(f"unknown encoding: {codec}"))
    errors = args[1] if len(args) > 1 else named.get("errors", "strict")
    if errors not in ("strict", "ignore", "replace"):
        errors = "strict"
    return owner.encode(codec, errors) if isinstance(owner, str) else owner.decode(codec, errors)


def in_order(program: Evaluator, values: list[Any], named: dict[str, Any]) -> Steps[list[Any]]:
    """Return values sorted, by their keys if there is a function for them."""
    key = named.get("key")
    keys = list(values)
    if key is not None:
        keys = []
        for one in values:
            keys.append((yield from program.called(key, [one], {})))
    weighed(keys)
    order = sorted(range(len(values)), key=keys.__getitem__, reverse=bool(named.get("reverse", False)))
    return [values[index] for index in order]
