# SPDX-License-Identifier: MIT
"""The commands of streams' groups: consumers that share a stream, and what they have not acknowledged."""

from __future__ import annotations

import bisect
from collections.abc import Callable

from decnet_decoys.redis.about.containers import container, wrong_arity
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import OK, SYNTAX, Arguments, Function
from decnet_decoys.redis.protocol import Error, Pairs, Reply, text
from decnet_decoys.redis.types.stream import FIRST, LAST, PENDING_BYTES, Group, Id, Stream, entry_size, parsed
from decnet_decoys.redis.types.stream_reading import Indexes, Reading, read, reading
from decnet_decoys.redis.types.streams import INVALID, shown

_NEEDS_KEY = Error(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option "
    "to create an empty stream automatically."
)
_MOST_GROUPS, _MOST_CONSUMERS = 32, 64


def _no_group(group: bytes, key: bytes) -> Error:
    return Error(f"NOGROUP No such consumer group '{text(group[:64])}' for key name '{text(key[:64])}'")


def _missing(group: bytes, key: bytes, where: str) -> Error:
    return Error(f"NOGROUP No such key '{text(key[:64])}' or consumer group '{text(group[:64])}'{where}")


def _place(stream: Stream, word: bytes) -> Id | None:
    return stream.last if word == b"$" else parsed(word)


def _create(client: Client, given: Arguments) -> Reply:
    key, name, word, *options = given
    before = client.keys.stream(key)
    makes = b"MKSTREAM" in [one.upper() for one in options]
    if before is None and not makes:
        return _NEEDS_KEY
    after = (before or Stream()).copied()
    place = _place(after, word)
    if place is None:
        return INVALID
    if name in after.groups:
        return Error("BUSYGROUP Consumer Group name already exists")
    if len(after.groups) < _MOST_GROUPS:
        after.groups[name] = Group(place, after.added if place == after.last and after.added else None)
        client.keys.put(key, after, keeps_time=True)
    return OK


def _changing(client: Client, given: Arguments, change: Callable[[Stream, Group, Arguments], Reply]) -> Reply:
    """Change a group of a stream that is there."""
    before = client.keys.stream(given[0])
    if before is None:
        return _NEEDS_KEY
    after = before.copied()
    group = after.groups.get(given[1])
    if group is None:
        return _no_group(given[1], given[0])
    reply = change(after, group, given[2:])
    if not isinstance(reply, Error):
        client.keys.put(given[0], after, keeps_time=True)
    return reply


def _set_id(stream: Stream, group: Group, given: Arguments) -> Reply:
    place = _place(stream, given[0])
    if place is None:
        return INVALID
    group.last = place
    group.read = stream.added if place == stream.last and stream.added else None
    return OK


def _create_consumer(_stream: Stream, group: Group, given: Arguments) -> Reply:
    if given[0] in group.consumers or len(group.consumers) >= _MOST_CONSUMERS:
        return 0
    group.consumers[given[0]] = None
    return 1


def _delete_consumer(_stream: Stream, group: Group, given: Arguments) -> Reply:
    group.consumers.pop(given[0], None)
    gone = [place for place, consumer in group.pending.items() if consumer == given[0]]
    for place in gone:
        del group.pending[place]
    return len(gone)


def _destroy(client: Client, given: Arguments) -> Reply:
    before = client.keys.stream(given[0])
    if before is None:
        return _NEEDS_KEY
    after = before.copied()
    if after.groups.pop(given[1], None) is None:
        return 0
    client.keys.put(given[0], after, keeps_time=True)
    return 1


def _at_most(most: int, name: str, function: Function) -> Function:
    """Return a subcommand that takes so many arguments, which Redis does not say in what it tells of its commands."""

    def command(client: Client, given: Arguments) -> Reply:
        return wrong_arity(name) if len(given) > most else function(client, given)

    return command


xgroup = container(
    "XGROUP",
    {
        b"CREATE": _at_most(6, "xgroup|create", _create),
        b"SETID": _at_most(5, "xgroup|setid", lambda client, given: _changing(client, given, _set_id)),
        b"CREATECONSUMER": lambda client, given: _changing(client, given, _create_consumer),
        b"DELCONSUMER": lambda client, given: _changing(client, given, _delete_consumer),
        b"DESTROY": _destroy,
    },
)


def xreadgroup(client: Client, given: Arguments) -> Reply:
    asked = reading(given, "xreadgroup")
    if isinstance(asked, Error):
        return asked
    if not asked.group:
        return Error("ERR Missing GROUP option for XREADGROUP")
    streams: dict[bytes, _Shared] = {}
    places: list[tuple[bytes, Id | None]] = []
    for key, word in asked.streams:
        place = None if word == b">" else parsed(word)
        if word != b">" and place is None:
            return INVALID
        if key not in streams:
            before = client.keys.stream(key)
            if before is None or asked.group not in before.groups:
                return _missing(asked.group, key, " in XREADGROUP with GROUP option")
            streams[key] = _Shared(before.copied(), asked)
        places.append((key, place))
    indexes = Indexes()
    found = [(key, place, streams[key].read(place, indexes)) for key, place in places]
    for key, one in streams.items():
        if one.changed:
            client.keys.put(key, one.stream, keeps_time=True)
    return read([(key, entries) for key, place, entries in found if entries or place is not None], client, asked, given)


class _Shared:
    """A stream as one consumer of a group reads it by one command, which may name it a thousand times."""

    def __init__(self, stream: Stream, asked: Reading) -> None:
        self.stream, self._asked, self._group = stream, asked, stream.groups[asked.group]
        self.changed = False
        self._own: list[Id] | None = None
        """What the consumer has not acknowledged, in order; None: it was not asked yet."""

    def read(self, place: Id | None, indexes: Indexes) -> list[Reply]:
        """Give the consumer new entries, or again those after `place` that it has not acknowledged; raises Full."""
        found = shown(self._given(indexes)) if place is None else self._again(place, indexes)
        consumers = self._group.consumers
        served = found or place is not None  # who waits is no consumer yet
        if served and self._asked.consumer not in consumers and len(consumers) < _MOST_CONSUMERS:
            consumers[self._asked.consumer] = None
            self.changed = True
        return found

    def _given(self, indexes: Indexes) -> list[tuple[Id, list[bytes]]]:
        group, entries = self._group, indexes.after(self.stream, self._group.last, self._asked.count)
        for one, _ in entries:
            group.last = one
            group.read = group.read + 1 if group.read is not None else None
            if not self._asked.acknowledged:
                group.pending[one] = self._asked.consumer
        if entries:
            self.changed, self._own = True, None
            if group.last == self.stream.last:
                group.read = self.stream.added
        return entries

    def _again(self, place: Id, indexes: Indexes) -> list[Reply]:
        if self._own is None:
            indexes.take(PENDING_BYTES * len(self._group.pending))  # which are looked through
            self._own = sorted(one for one, consumer in self._group.pending.items() if consumer == self._asked.consumer)
        first = bisect.bisect_right(self._own, place)
        own = self._own[first : None if self._asked.count is None else first + self._asked.count]
        entries = [(one, self.stream.entries.get(one)) for one in own]
        indexes.take(sum(entry_size(fields or []) for _, fields in entries))
        return [[one.text, fields] for one, fields in entries]


def xack(client: Client, given: Arguments) -> Reply:
    ids = [parsed(one) for one in given[2:]]
    if None in ids:
        return INVALID
    before = client.keys.stream(given[0])
    if before is None or given[1] not in before.groups:
        return 0
    after = before.copied()
    pending = after.groups[given[1]].pending
    gone = sum(pending.pop(one, None) is not None for one in ids if one is not None)
    if gone:
        client.keys.put(given[0], after, keeps_time=True)
    return gone


def xpending(client: Client, given: Arguments) -> Reply:
    key, name, *rest = given
    stream = client.keys.stream(key)
    group = stream.groups.get(name) if stream is not None else None
    if group is None:
        return _missing(name, key, "")
    if rest:
        return SYNTAX if len(rest) < 3 else _pending_between(group, rest)
    if not group.pending:
        return [0, None, None, None]
    counts: dict[bytes, int] = {}
    for consumer in group.pending.values():
        counts[consumer] = counts.get(consumer, 0) + 1
    each: list[Reply] = [[consumer, b"%d" % count] for consumer, count in sorted(counts.items())]
    return [len(group.pending), min(group.pending).text, max(group.pending).text, each]


def _pending_between(group: Group, given: Arguments) -> Reply:
    """Return each entry between two IDs that is not acknowledged; one is as if it had been given just now, once."""
    bounds = [FIRST if one == b"-" else LAST if one == b"+" else parsed(one) for one in given[:2]]
    first, last = bounds
    if first is None or last is None:
        return INVALID
    found = sorted(one for one in group.pending if first <= one <= last)
    return [[one.text, group.pending[one], 0, 1] for one in found[:1000]]


def _about_stream(client: Client, given: Arguments) -> Reply:
    stream = client.keys.stream(given[0])
    if stream is None:
        return Error("ERR no such key")
    entries = shown(list(stream.entries.items()))
    first = min(stream.entries, default=FIRST)
    return Pairs(
        {
            "length": len(entries), "radix-tree-keys": 1, "radix-tree-nodes": 2, "last-generated-id": stream.last.text,
            "max-deleted-entry-id": stream.deleted.text, "entries-added": stream.added,
            "recorded-first-entry-id": first.text, "groups": len(stream.groups),
            "first-entry": entries[0] if entries else None, "last-entry": entries[-1] if entries else None,
        }
    )  # fmt: skip


def _about_groups(client: Client, given: Arguments) -> Reply:
    stream = client.keys.stream(given[0])
    if stream is None:
        return Error("ERR no such key")
    return [
        Pairs(
            {
                "name": name, "consumers": len(group.consumers), "pending": len(group.pending),
                "last-delivered-id": group.last.text, "entries-read": group.read,
                "lag": stream.added - (group.read or 0),
            }
        )
        for name, group in sorted(stream.groups.items())
    ]  # fmt: skip


def _about_consumers(client: Client, given: Arguments) -> Reply:
    stream = client.keys.stream(given[0])
    if stream is None:
        return Error("ERR no such key")
    group = stream.groups.get(given[1])
    if group is None:
        return _no_group(given[1], given[0])
    waiting = list(group.pending.values())
    return [Pairs({"name": name, "pending": waiting.count(name), "idle": 0}) for name in sorted(group.consumers)]


xinfo = container(
    "XINFO",
    {
        b"STREAM": _at_most(4, "xinfo|stream", _about_stream),
        b"GROUPS": _about_groups,
        b"CONSUMERS": _about_consumers,
    },
)


COMMANDS: dict[str, tuple[Function, int]] = {
    "xgroup": (xgroup, -2), "xreadgroup": (xreadgroup, -7), "xack": (xack, -4), "xpending": (xpending, -3),
    "xinfo": (xinfo, -2),
}  # fmt: skip
