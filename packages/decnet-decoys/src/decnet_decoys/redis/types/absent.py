# SPDX-License-Identifier: MIT
"""Commands of types that nothing is stored of here (estimates, places), and of what a server has not.

A tool that copies a server asks them of keys that are not there, or are of another type.
"""

from collections.abc import Callable

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, OK, Arguments, Function, number
from decnet_decoys.redis.keyspace import WrongType
from decnet_decoys.redis.protocol import Error, Pairs, Reply, Simple
from decnet_decoys.redis.server import unknown_subcommand

_NO_CLUSTER = Error("ERR This instance has cluster support disabled")
_PAYLOAD = Error("ERR DUMP payload version or checksum are wrong")


def _none(reply: Reply) -> Function:
    """Return a command of a type that no key has."""

    def command(client: Client, given: Arguments) -> Reply:
        if client.keys.get(given[0]) is not None:
            raise WrongType
        return reply

    return command


def _fixed(reply: Reply) -> Function:
    return lambda _client, _given: reply


def touch(client: Client, given: Arguments) -> Reply:
    return sum(client.keys.get(key) is not None for key in given)


def dump(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    """Return nothing: a key that is there looks gone, as one that has expired meanwhile."""
    return None


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


def _with(name: str, answers: dict[bytes, Callable[[Arguments], Reply]]) -> Function:
    """Return a command with subcommands."""

    def command(_client: Client, given: Arguments) -> Reply:
        found = answers.get(given[0].upper())
        return unknown_subcommand(given[0], name) if found is None else found(given[1:])

    return command


def _library_refused(given: Arguments) -> Reply:
    """Take no library."""
    named = bool(given) and given[-1][:2] == b"#!"
    return Error("ERR Library name was not given" if named else "ERR Missing library metadata")


function = _with(
    "FUNCTION",
    {
        b"LIST": lambda _: [],
        b"FLUSH": lambda _: OK,
        b"KILL": lambda _: Error("NOTBUSY No scripts in execution right now."),
        b"STATS": lambda _: Pairs(
            {
                "running_script": None,
                "engines": Pairs({"LUA": Pairs({"libraries_count": 0, "functions_count": 0})}),
            }
        ),
        b"LOAD": _library_refused,
        b"DELETE": lambda _: Error("ERR Library not found"),
    },
)
pubsub = _with(
    "PUBSUB",
    {
        b"CHANNELS": lambda _: [],
        b"NUMSUB": lambda names: [part for name in names[:64] for part in (name, 0)],
        b"NUMPAT": lambda _: 0,
    },
)
_CARDINAL = {"pfcount": -2}
_NULL = {"geodist": -4}

COMMANDS: dict[str, tuple[Function, int]] = {
    **{name: (_none(0), arity) for name, arity in _CARDINAL.items()},
    **{name: (_none(None), arity) for name, arity in _NULL.items()},
    "touch": (touch, -2), "dump": (dump, 2), "restore": (restore, -4), "function": (function, -2),
    "fcall": (_fixed(Error("ERR Function not found")), -3),
    "fcall_ro": (_fixed(Error("ERR Function not found")), -3),
    "pubsub": (pubsub, -2), "readwrite": (_fixed(_NO_CLUSTER), 1),
    "migrate": (migrate, -6),
    "failover": (_fixed(Error("ERR FAILOVER requires connected replicas.")), -1),
}  # fmt: skip
