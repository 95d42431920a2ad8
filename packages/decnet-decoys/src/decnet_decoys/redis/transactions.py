# SPDX-License-Identifier: MIT
"""WATCH and UNWATCH: keys that must not change until a transaction is carried out."""

from typing import Final

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import OK, Arguments, Function
from decnet_decoys.redis.keyspace import Full
from decnet_decoys.redis.protocol import Error, Reply

_MOST_WATCHED, _MOST_BYTES = 512, 64 << 10
"""Keys of one client, and bytes of their names."""
_NEEDS_NO_TRANSACTION: Final = Error("ERR WATCH inside MULTI is not allowed")


def watch(client: Client, given: Arguments) -> Reply:
    if client.queued is not None:
        return _NEEDS_NO_TRANSACTION
    watched = dict(client.watched)
    for key in given:
        watched.setdefault((client.database, key), client.keys.last_change(key))
    if len(watched) > _MOST_WATCHED or sum(len(key) for _, key in watched) > _MOST_BYTES:
        raise Full
    client.watched = watched
    return OK


def unwatch(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    client.watched.clear()
    return OK


def has_changed(client: Client) -> bool:
    """Whether a key that the client watches has changed since."""
    databases = client.instance.databases
    return any(databases[number].last_change(key) != known for (number, key), known in client.watched.items())


COMMANDS: dict[str, tuple[Function, int]] = {"watch": (watch, -2), "unwatch": (unwatch, 1)}
