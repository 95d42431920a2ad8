# SPDX-License-Identifier: MIT
"""What a tool asks that copies a server: DUMP and its like, what a server has not, and commands of absent types.

Nothing is stored of these types (estimates, places): they are asked of keys that are not there, or are of another one.
"""

import struct

from decnet_decoys.redis.about.containers import always, container
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.keyspace import WrongType
from decnet_decoys.redis.persistence import rdb
from decnet_decoys.redis.protocol import Error, Reply, Simple
from decnet_decoys.redis.types.stream import Stream

_MOST_DUMPED = 16 << 10
"""Bytes, whose checksum takes some milliseconds."""
_PAYLOAD = Error("ERR DUMP payload version or checksum are wrong")


def _none(reply: Reply) -> Function:
    """Return a command of a type that no key has."""

    def command(client: Client, given: Arguments) -> Reply:
        if client.keys.get(given[0]) is not None:
            raise WrongType
        return reply

    return command


def touch(client: Client, given: Arguments) -> Reply:
    return sum(client.keys.get(key) is not None for key in given)


def dump(client: Client, given: Arguments) -> Reply:
    """Return a value as RESTORE takes it; one too large for a turn looks gone, as one that has expired meanwhile."""
    value = client.keys.get(given[0])
    if value is None or (value.size if isinstance(value, Stream) else len(value)) > _MOST_DUMPED:
        return None
    kind, body = rdb.value(value)
    payload = bytes((kind,)) + body + struct.pack("<H", rdb.VERSION)
    return payload + struct.pack("<Q", rdb.checksum(payload)) if len(payload) <= _MOST_DUMPED else None


def failover(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    words = [one.upper() for one in given[:1]]
    if words == [b"ABORT"]:
        return Error("ERR No failover in progress.")
    return SYNTAX if words not in ([], [b"TO"], [b"TIMEOUT"]) else Error("ERR FAILOVER requires connected replicas.")


def migrate(client: Client, given: Arguments) -> Reply:
    """Connect to nobody."""
    there = given[2] and client.keys.get(given[2]) is not None
    return Error("IOERR error or timeout connecting to the client") if there else Simple("NOKEY")


def restore(client: Client, given: Arguments) -> Reply:
    replaces = b"REPLACE" in [one.upper() for one in given[3:]]
    if not replaces and client.keys.get(given[0]) is not None:
        return Error("BUSYKEY Target key name already exists.")
    milliseconds = number(given[1])
    if milliseconds is None:
        return NOT_A_NUMBER
    return _PAYLOAD if milliseconds >= 0 else Error("ERR Invalid TTL value, must be >= 0")


def _subscribers(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    """Count none for each of the channels."""
    return [part for name in given[:64] for part in (name, 0)]


pubsub = container(
    "PUBSUB",
    {
        b"CHANNELS": always([]), b"NUMSUB": _subscribers, b"NUMPAT": always(0),
        b"SHARDCHANNELS": always([]), b"SHARDNUMSUB": _subscribers,
    },
)  # fmt: skip

COMMANDS: dict[str, tuple[Function, int]] = {
    "pfcount": (_none(0), -2), "geodist": (_none(None), -4),
    "touch": (touch, -2), "dump": (dump, 2), "restore": (restore, -4),
    "pubsub": (pubsub, -2), "migrate": (migrate, -6), "failover": (failover, -1),
}  # fmt: skip
