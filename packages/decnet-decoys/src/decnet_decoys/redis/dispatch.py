# SPDX-License-Identifier: MIT
"""Finds a request's command, checks what every command needs, and carries it out. Never raises."""

import time

from decnet_decoys.processor import turn
from decnet_decoys.redis import channels, keys, server, sets, transactions
from decnet_decoys.redis.about import command, command_table, containers, settings
from decnet_decoys.redis.clients import access, connections
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import MAX_REPLY, OK, Function
from decnet_decoys.redis.keyspace import Full, WrongType
from decnet_decoys.redis.lua.functions import Functions
from decnet_decoys.redis.lua.scripts import Scripts
from decnet_decoys.redis.protocol import Encoded, Error, Nothing, Pushed, Reply, Simple, encoded, text
from decnet_decoys.redis.types import (
    absent,
    bits,
    blocking,
    hashes,
    lists,
    scanning,
    sorted_set_algebra,
    sorted_sets,
    sorting,
    stream_groups,
    streams,
    strings,
)
from decnet_decoys.redis.waiting import Waits
from decnet_decoys.redis.writing import WRITING

_PARTS = (keys, sets, server, settings, access, command, connections, channels, strings, hashes, lists, absent,
    sorted_sets, blocking, streams, stream_groups, bits, sorted_set_algebra, sorting, transactions,
    scanning)  # fmt: skip
COMMANDS: dict[str, tuple[Function, int]] = {}
for _part in _PARTS:
    COMMANDS.update(_part.COMMANDS)
MOST_WORDS = 2048
"""Of a command that is carried out, which is a millisecond's work; one with more gets the answer of a full memory."""
MOST_QUEUED, MOST_QUEUED_BYTES = 256, 64 << 10
"""Commands of one transaction, and bytes of their arguments."""
_WORD_BYTES = 8
"""What an argument takes, however short."""
_FULL = Error("OOM command not allowed when used memory > 'maxmemory'.")
_AT_ONCE = frozenset({"quit", "reset", "watch"})
"""What a transaction does not keep for its end."""
_OF_TRANSACTIONS = ("multi", "exec", "discard")
_SHOWN = 128
"""Characters of an unknown command, and of its arguments together, that the error repeats."""


def name_of(arguments: list[bytes]) -> str:
    """Return the name of the command that is asked for, as the tables have it."""
    word = arguments[0]
    return _SPELLED.get(word) or text(word[:_SHOWN]).lower()


def is_known(name: str) -> bool:
    return name in COMMANDS or name in _OF_TRANSACTIONS


def has_a_name(name: str) -> bool:
    """Whether it is a command of Redis, one that is carried out here or another: those are recorded by their names.

    Any other name is its client's choice: by such ones a flood could not be folded.
    """
    return is_known(name) or name in command_table.names()


async def answer(client: Client, arguments: list[bytes]) -> Reply:
    """Return the reply to a request, after what it waits for."""
    reply = await answered(client, arguments)
    return await waited(client, arguments, reply) if isinstance(reply, Waits) else reply


async def answered(client: Client, arguments: list[bytes]) -> "Reply | Waits":
    """Return the reply to a request, or what it waits for."""
    client.instance.commands += 1
    name = name_of(arguments)
    if client.user.is_removed:
        client.leaves = True
        return Pushed([])
    refused = _refused(name, arguments) or _not_allowed(client, name, arguments)
    if refused is None and name in _OF_TRANSACTIONS:
        return await _transaction(client, name)
    refused = refused or channels.refused(client, name) or _read_only(client, name)
    if refused is not None:
        client.spoiled = client.queued is not None
        client.instance.count_error(refused)
        return refused
    if client.queued is not None and name not in _AT_ONCE:
        return _enqueued(client, arguments)
    return _carried_out(client, name, arguments)


async def waited(client: Client, arguments: list[bytes], reply: Waits) -> Reply:
    """Try a command again whenever something was written, until it finds what it waits for or its time is over.

    One that waits for ever leaves when a client that says nothing would have to.
    """
    longest = client.instance.longest_wait
    deadline = time.monotonic() + min(reply.seconds or longest, longest)
    again: Reply | Waits = reply
    while isinstance(again, Waits):
        try:
            if not await client.waits(deadline):
                client.leaves = client.leaves or not reply.seconds or reply.seconds > longest
                return Pushed([]) if client.leaves else again.otherwise
            again = _carried_out(client, name_of(arguments), [arguments[0], *again.words])
        finally:
            client.instance.waiting.pass_on()
    return again


def _now(reply: Reply) -> Reply:
    """Return a reply for who may not wait."""
    return reply.otherwise if isinstance(reply, Waits) else reply


def _not_allowed(client: Client, name: str, arguments: list[bytes]) -> Error | None:
    if client.authenticated:
        return access.refused(client, arguments)
    return None if name in access.WITHOUT_LOGIN else Error("NOAUTH Authentication required.")


def _read_only(client: Client, name: str) -> Error | None:
    """Return the error of a command that writes to a replica which takes no writes."""
    instance = client.instance
    if name not in WRITING or instance.master is None or instance.settings["replica-read-only"] == "no":
        return None
    return Error("READONLY You can't write against a read only replica.")


def _enqueued(client: Client, arguments: list[bytes]) -> Reply:
    assert client.queued is not None
    size = client.queued_bytes + sum(len(word) + _WORD_BYTES for word in arguments)
    if len(client.queued) >= MOST_QUEUED or size > MOST_QUEUED_BYTES:
        return _FULL
    client.queued.append(arguments)
    client.queued_bytes = size
    return Simple("QUEUED")


async def _transaction(client: Client, name: str) -> Reply:
    queued = client.queued
    if name == "multi":
        if queued is not None:
            return Error("ERR MULTI calls can not be nested")
        client.queued, client.queued_bytes = [], 0
        return OK
    if queued is None:
        return Error(f"ERR {name.upper()} without MULTI")
    spoiled, client.queued, client.spoiled = client.spoiled, None, False
    changed = transactions.has_changed(client)
    client.watched.clear()
    if name == "discard":
        return OK
    if spoiled or changed:
        return Error("EXECABORT Transaction discarded because of previous errors.") if spoiled else Nothing()
    replies: list[bytes] = []
    left = MAX_REPLY
    for one in queued:
        reply = _now(_carried_out(client, name_of(one), one)) if left > 0 else _FULL
        replies.append(encoded(reply, client.version))
        left -= len(replies[-1])
        await turn.give_way()
    return Encoded(replies)


def _refused(name: str, arguments: list[bytes]) -> Error | None:
    arity = 1 if name in _OF_TRANSACTIONS else COMMANDS.get(name, (None, 0))[1]
    if not arity:
        shown = ""
        for one in arguments[1:]:
            if len(shown) >= _SHOWN or not one:
                break
            shown += f"'{text(one[: _SHOWN - len(shown)])}' "
        return Error(f"ERR unknown command '{text(arguments[0][:_SHOWN])}', with args beginning with: {shown}")
    if (arity > 0 and len(arguments) != arity) or len(arguments) < -arity:
        return containers.wrong_arity(name)
    return containers.refused(name, arguments) or (_FULL if len(arguments) > MOST_WORDS else None)


def _carried_out(client: Client, name: str, arguments: list[bytes]) -> Reply:
    before = client.keys.changes
    keys = client.keys
    if keys.expiring:
        keys.expire(time.time())
    try:
        reply = containers.help_of(name, arguments) or COMMANDS[name][0](client, arguments[1:])
    except WrongType:
        reply = Error("WRONGTYPE Operation against a key holding the wrong kind of value")
    except Full:
        reply = _FULL
    if isinstance(reply, Error):
        client.instance.count_error(reply)
    elif name in containers.CONTAINERS and len(arguments) > 1:
        name = f"{name}|{text(arguments[1][:_SHOWN]).lower()}"  # one that there is, for it was no error
    client.instance.used[name] = client.instance.used.get(name, 0) + 1
    if client.keys.changes != before and not isinstance(reply, Waits):  # or two who wait would wake each other for ever
        client.instance.waiting.wake()
    return reply


def _called_by_script(client: Client, arguments: list[bytes]) -> Reply:
    name = name_of(arguments)
    if access.refused(client, arguments):
        return Error("ERR The user executing the script can't run this command or subcommand")
    return _read_only(client, name) or _refused(name, arguments) or _now(_carried_out(client, name, arguments))


_SCRIPTS = Scripts(_called_by_script)
COMMANDS.update(_SCRIPTS.commands())
COMMANDS.update(Functions(_SCRIPTS).commands())
_SPELLED = {spelled.encode(): name for name in (*COMMANDS, *_OF_TRANSACTIONS) for spelled in (name, name.upper())}
"""The names as nearly all clients write them: each request is asked for its name several times."""
