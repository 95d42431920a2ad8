# SPDX-License-Identifier: MIT
"""The commands of streams that need no group."""

from __future__ import annotations

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, OK, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.keyspace import Keyspace
from decnet_decoys.redis.protocol import Error, Nothing, Reply
from decnet_decoys.redis.types.stream import (
    FIRST,
    LARGEST,
    LAST,
    Id,
    Stream,
    following,
    parsed,
    preceding,
)
from decnet_decoys.redis.types.stream_reading import Indexes, read, reading

INVALID = Error("ERR Invalid stream ID specified as stream command argument")
_SMALLER = Error("ERR The ID specified in XADD is equal or smaller than the target stream top item")
_SMALLEST = Error("ERR The ID specified in XADD must be greater than 0-0")
_LIMIT = Error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
_NO_KEY = Error("ERR no such key")


def shown(entries: list[tuple[Id, list[bytes]]]) -> list[Reply]:
    """Return entries as replies have them."""
    return [[place.text, fields] for place, fields in entries]


def there(keys: Keyspace, key: bytes) -> Stream:
    """Return a stream, an empty one without the key; raises WrongType."""
    return keys.stream(key) or Stream()


def xadd(client: Client, given: Arguments) -> Reply:
    key, *rest = given
    makes, most = True, None
    while rest and (word := rest[0].upper()) in (b"NOMKSTREAM", b"MAXLEN", b"MINID", b"LIMIT"):
        rest.pop(0)
        if word == b"NOMKSTREAM":
            makes = False
            continue
        if word == b"LIMIT":
            return _LIMIT
        trimmed = _trimming(word, rest)
        if isinstance(trimmed, Error):
            return trimmed
        most = trimmed
    if len(rest) < 3 or len(rest) % 2 == 0:
        return Error("ERR wrong number of arguments for 'xadd' command")
    before = client.keys.stream(key)
    place = _new_id(before or Stream(), rest[0])
    if isinstance(place, Error):
        return place
    if before is None and not makes:
        return None
    after = (before or Stream()).copied()
    after.entries[place], after.last, after.added = rest[1:], place, after.added + 1
    _trim(after, most)
    client.keys.put(key, after, keeps_time=True)
    return place.text


def _new_id(stream: Stream, text: bytes) -> Id | Error:
    """Return the ID of an entry that is added as `text`, which may leave it to the server."""
    if text == b"*":
        return stream.next_id()
    if text.endswith(b"-*"):
        first = parsed(text[:-2])
        if first is None:
            return INVALID
        same = first.milliseconds == stream.last.milliseconds
        place = following(stream.last) if same else Id(first.milliseconds, int(first.milliseconds == 0))
    else:
        named = parsed(text)
        if named is None:
            return INVALID
        place = named
    return _SMALLEST if place == FIRST else place if place > stream.last else _SMALLER


def _trimming(word: bytes, rest: Arguments) -> tuple[bytes, Id] | Error:
    """Take how a stream is trimmed: by its length (the first part of an ID) or from an ID on."""
    about = rest.pop(0) if rest and rest[0] in (b"~", b"=") else b"="
    if not rest:
        return SYNTAX
    place = _trimmed_to(word, rest.pop(0))
    if isinstance(place, Error):
        return place
    if rest and rest[0].upper() == b"LIMIT":
        if about != b"~":
            return Error("ERR syntax error, LIMIT cannot be used without the special ~ option")
        if len(rest) < 2 or number(rest[1]) is None:
            return NOT_A_NUMBER
        del rest[:2]
    return word, place


def _trimmed_to(word: bytes, named: bytes) -> Id | Error:
    if word == b"MINID":
        return parsed(named) or INVALID
    most = number(named)
    if most is None:
        return NOT_A_NUMBER
    return Id(min(most, LARGEST), 0) if most >= 0 else Error("ERR The MAXLEN argument must be >= 0.")


def _trim(stream: Stream, how: tuple[bytes, Id] | None) -> int:
    if how is None:
        return 0
    word, place = how
    if word == b"MAXLEN":
        return stream.trim(place.milliseconds)
    return stream.drop([one for one in stream.entries if one < place])


def xtrim(client: Client, given: Arguments) -> Reply:
    key, word, *rest = given
    if word.upper() not in (b"MAXLEN", b"MINID"):
        return SYNTAX
    how = _trimming(word.upper(), rest)
    if isinstance(how, Error):
        return how
    if rest:
        return SYNTAX
    before = client.keys.stream(key)
    if before is None:
        return 0
    after = before.copied()
    gone = _trim(after, how)
    if gone:
        client.keys.put(key, after, keeps_time=True)
    return gone


def xlen(client: Client, given: Arguments) -> Reply:
    return len(there(client.keys, given[0]).entries)


def xdel(client: Client, given: Arguments) -> Reply:
    ids = [parsed(one) for one in given[1:]]
    if None in ids:
        return INVALID
    before = client.keys.stream(given[0])
    if before is None:
        return 0
    after = before.copied()
    gone = after.drop([one for one in ids if one is not None])
    if gone:
        client.keys.put(given[0], after, keeps_time=True)
    return gone


def xsetid(client: Client, given: Arguments) -> Reply:
    place = parsed(given[1])
    if place is None:
        return INVALID
    before = client.keys.stream(given[0])
    if before is None:
        return _NO_KEY
    if before.entries and place < max(before.entries):
        return Error("ERR The ID specified in XSETID is smaller than the target stream top item")
    after = before.copied()
    after.last = place
    client.keys.put(given[0], after, keeps_time=True)
    return OK


def xrange(client: Client, given: Arguments) -> Reply:
    return _range(client, given[0], given[1], given[2], given[3:], backwards=False)


def xrevrange(client: Client, given: Arguments) -> Reply:
    return _range(client, given[0], given[2], given[1], given[3:], backwards=True)


def _range(client: Client, key: bytes, first: bytes, last: bytes, options: Arguments, *, backwards: bool) -> Reply:
    begin, end = _bound(first, least=True), _bound(last, least=False)
    if begin is None or end is None:
        return INVALID
    count = None
    if options:
        if len(options) != 2 or options[0].upper() != b"COUNT":
            return SYNTAX
        count = number(options[1])
        if count is None:
            return NOT_A_NUMBER
        count = max(0, count)
    found = there(client.keys, key).between(begin, end)
    if backwards:
        found.reverse()
    return Nothing() if count == 0 else shown(found[:count])


def _bound(text: bytes, *, least: bool) -> Id | None:
    """Return the first or the last ID of a range; None: it is none."""
    if text in (b"-", b"+"):
        return FIRST if text == b"-" else LAST
    open_ = text.startswith(b"(")
    place = parsed(text.removeprefix(b"("), 0 if least else LARGEST)
    if place is None or not open_:
        return place
    return following(place) if least else preceding(place)


def xread(client: Client, given: Arguments) -> Reply:
    asked = reading(given, "xread")
    if isinstance(asked, Error):
        return asked
    places: list[tuple[bytes, Stream, Id]] = []
    again = list(given)
    for at, (key, text) in enumerate(asked.streams):
        stream = there(client.keys, key)
        place = stream.last if text == b"$" else parsed(text)
        if place is None:
            return INVALID
        if text == b"$":  # what is added while it waits comes after what is there now
            again[len(given) - len(asked.streams) + at] = place.text
        places.append((key, stream, place))
    indexes = Indexes()
    found = [(key, shown(indexes.after(stream, place, asked.count))) for key, stream, place in places]
    return read([one for one in found if one[1]], client, asked, again)


COMMANDS: dict[str, tuple[Function, int]] = {
    "xadd": (xadd, -5), "xtrim": (xtrim, -4), "xlen": (xlen, 2), "xdel": (xdel, -3), "xsetid": (xsetid, -3),
    "xrange": (xrange, -4), "xrevrange": (xrevrange, -4), "xread": (xread, -4),
}  # fmt: skip
