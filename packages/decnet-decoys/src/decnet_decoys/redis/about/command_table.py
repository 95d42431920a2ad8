# SPDX-License-Identifier: MIT
"""What Redis 7.0 says of its commands: their arity, flags, keys and categories, and the help of those with subcommands.

`commands.jsonl` is what Debian's server answers to COMMAND and to HELP, a command in each line; how it was recorded
stands in `tests/decnet_decoys/redis/record_commands.py`. Only its bytes are kept, and a line is decoded when somebody
asks for its command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from decnet_decoys.redis.protocol import Members, Pairs, Reply, Simple


class Details(msgspec.Struct, array_like=True, frozen=True):
    """One command, as COMMAND INFO lists it."""

    name: str
    """Of a subcommand behind its container's: `config|get`."""
    arity: int
    """Words of the request, the name included; negative: at least so many."""
    flags: list[str]
    first: int
    last: int
    step: int
    categories: list[str]
    tips: list[str]
    key_specs: list[dict[str, Any]]
    """Where its keys stand (redis.io/docs/reference/key-specs)."""
    subcommands: list[Details]
    help: list[str] = []

    @property
    def reply(self) -> Reply:
        """The answer of COMMAND INFO."""
        return [
            self.name,
            self.arity,
            _words(self.flags),
            self.first,
            self.last,
            self.step,
            _words(self.categories),
            list(self.tips),
            [_spec(one) for one in self.key_specs],
            [one.reply for one in self.subcommands],
        ]

    def accepts(self, words: Sequence[bytes]) -> bool:
        """Return whether a request has as many words as the command takes."""
        return len(words) == self.arity if self.arity > 0 else len(words) >= -self.arity

    def subcommand(self, word: str) -> Details | None:
        name = f"{self.name}|{word.lower()}"
        return next((one for one in self.subcommands if one.name == name), None)


class Key(msgspec.Struct, frozen=True):
    """A key that a request names, and what the command does with it (`RW access update`)."""

    name: bytes
    flags: list[str]


@cache
def _table() -> bytes:
    return b"\n" + files("decnet_decoys.redis.about").joinpath("commands.jsonl").read_bytes()


@cache
def names() -> frozenset[str]:
    """Return the names of all commands, carried out here or not, without those of subcommands."""
    return frozenset(name.decode() for name in re.findall(rb'\n\["([^"]+)"', _table()))


_DECODER = msgspec.json.Decoder(Details)


def details(name: str) -> Details | None:
    """Return what is known of a command, or of a subcommand (`config|get`), in lower case; None: there is none."""
    container, _, word = name.partition("|")
    begin = _table().find(b'\n["%s",' % container.encode("utf-8", "surrogateescape"))
    if begin < 0:
        return None
    found = _DECODER.decode(_table()[begin + 1 : _table().index(b"\n", begin + 1)])
    return found.subcommand(word) if word else found


def every() -> Iterator[Details]:
    """Yield the commands, without the subcommands, in the order of the alphabet."""
    for line in _table().splitlines():
        if line:
            yield _DECODER.decode(line)


def with_subcommands() -> Iterator[Details]:
    """Yield what can be carried out: the commands without subcommands, and all subcommands."""
    for one in every():
        yield from one.subcommands or (one,)


def of_request(words: Sequence[bytes]) -> Details | None:
    """Return the command or subcommand that a request asks for; None: there is none."""
    found = details(words[0][:64].decode("latin-1").lower())
    if found is None or not found.subcommands:
        return found
    return found.subcommand(words[1][:64].decode("latin-1")) if len(words) > 1 else None


def keys(command: Details, words: Sequence[bytes]) -> list[Key]:
    """Return the keys of a request, those that are repeated as often as they are."""
    return [
        Key(words[at], spec["flags"])
        for spec in command.key_specs
        for at in _positions(spec, words)
        if 0 < at < len(words)
    ]


def _positions(spec: dict[str, Any], words: Sequence[bytes]) -> Sequence[int]:
    begin = _begin(spec["begin_search"], words)
    if begin is None or spec["find_keys"]["type"] == "unknown":
        return ()
    how = spec["find_keys"]["spec"]
    if spec["find_keys"]["type"] == "keynum":
        at = begin + how["keynumidx"]
        count = int(words[at]) if at < len(words) and words[at].isdigit() and len(words[at]) < 8 else 0
        first = begin + how["firstkey"]
        return range(first, first + count * how["keystep"], how["keystep"])
    last, limit = how["lastkey"], how["limit"]
    if last >= 0:
        end = begin + last
    elif limit:
        end = begin + (len(words) - begin) // limit + last
    else:
        end = len(words) + last
    return range(begin, end + 1, how["keystep"])


def _begin(search: dict[str, Any], words: Sequence[bytes]) -> int | None:
    """Return where the keys begin, None when that is not known."""
    if search["type"] == "index":
        return int(search["spec"]["index"])
    if search["type"] != "keyword":
        return None
    keyword, start = search["spec"]["keyword"].encode().lower(), search["spec"]["startfrom"]
    places = range(start, len(words)) if start > 0 else range(len(words) + start, 0, -1)
    return next((at + 1 for at in places if words[at].lower() == keyword), None)


def _words(words: Sequence[str]) -> Reply:
    return Members([Simple(one) for one in words])


def _spec(spec: dict[str, Any]) -> Reply:
    return Pairs({name: _words(value) if name == "flags" else _mapped(value) for name, value in spec.items()})


def _mapped(value: Any) -> Reply:
    return Pairs({name: _mapped(one) for name, one in value.items()}) if isinstance(value, dict) else value
