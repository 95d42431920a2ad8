# SPDX-License-Identifier: MIT
"""CLIENT: who is connected. A client hears of itself only."""

import time

from decnet_decoys.redis.about.containers import always, container
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, OK, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.protocol import Error, Members, Pairs, Pushed, Reply, text
from decnet_decoys.redis.server import set_name

_KINDS = (b"normal", b"master", b"replica", b"slave", b"pubsub")
_FILTERS = frozenset((b"ADDR", b"ID", b"LADDR", b"SKIPME", b"TYPE", b"USER"))


def _get_name(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return client.name or None


def _id(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return client.id


def _info(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    (host, port), (own, own_port) = client.address, client.local
    return (
        f"id={client.id} addr={host}:{port} laddr={own}:{own_port} fd=8 name={client.name} "
        f"age={int(time.time() - client.since)} idle=0 flags=N db={client.database} sub=0 psub=0 ssub=0 multi=-1 "
        "qbuf=26 qbuf-free=20448 argv-mem=10 multi-mem=0 rbs=1024 rbp=0 obl=0 oll=0 omem=0 tot-mem=22298 events=r "
        f"cmd=client|list user={client.user.name} redir=-1 resp={client.version}\n"
    )


def _list(client: Client, given: Arguments) -> Reply:
    if not given:
        return _info(client, given)
    if given[0].upper() == b"TYPE" and len(given) == 2:
        kind = given[1].lower()
        if kind not in _KINDS:
            return _unknown_kind(given[1])
        return _info(client, given) if kind == b"normal" else ""
    if given[0].upper() == b"ID" and len(given) > 1:
        if any((number(one) or 0) < 1 for one in given[1:]):
            return Error("ERR Invalid client ID")
        return _info(client, given) if b"%d" % client.id in given[1:] else ""
    return SYNTAX


def _unknown_kind(kind: bytes) -> Error:
    return Error(f"ERR Unknown client type '{text(kind)[:128]}'")


def _kill(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    """Find nobody."""
    if len(given) == 1:
        return Error("ERR No such client")
    names = [one.upper() for one in given[::2]]
    if len(given) % 2 or not set(names) <= _FILTERS:
        return SYNTAX
    for name, value in zip(names, given[1::2], strict=True):
        if name == b"TYPE" and value.lower() not in _KINDS:
            return _unknown_kind(value)
        if name == b"ID" and (number(value) or 0) < 1:
            return Error("ERR client-id should be greater than 0")
    return 0


def _pause(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    milliseconds = number(given[0])
    if len(given) > 1 and given[1].upper() not in (b"WRITE", b"ALL"):
        return Error("ERR CLIENT PAUSE mode must be WRITE or ALL")
    if milliseconds is None:
        return Error("ERR timeout is not an integer or out of range")
    return OK if milliseconds >= 0 else Error("ERR timeout is negative")


def _reply(client: Client, given: Arguments) -> Reply:
    word = given[0].upper()
    if word not in (b"ON", b"OFF", b"SKIP"):
        return SYNTAX
    client.unanswered = {b"ON": 0, b"SKIP": 1, b"OFF": None}[word]
    return OK if word == b"ON" else Pushed([])


def _unblock(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return NOT_A_NUMBER if number(given[0]) is None else 0


_NO_TRACKING: Reply = Pairs({"flags": Members(["off"]), "redirect": -1, "prefixes": []})
_NO_CACHING = Error(
    "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
)


def _switch(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return OK if given[0].upper() in (b"ON", b"OFF") else SYNTAX


COMMANDS: dict[str, tuple[Function, int]] = {
    "client": (
        container(
            "CLIENT",
            {
                b"SETNAME": set_name, b"GETNAME": _get_name, b"ID": _id, b"INFO": _info, b"LIST": _list,
                b"KILL": _kill, b"PAUSE": _pause, b"UNPAUSE": always(OK), b"NO-EVICT": _switch, b"TRACKING": _switch,
                b"REPLY": _reply, b"TRACKINGINFO": always(_NO_TRACKING), b"CACHING": always(_NO_CACHING),
                b"GETREDIR": always(-1), b"UNBLOCK": _unblock,
            }
        ),
        -2,
    ),
}  # fmt: skip
