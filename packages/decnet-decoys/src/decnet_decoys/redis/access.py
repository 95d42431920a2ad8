# SPDX-License-Identifier: MIT
"""CLIENT and ACL: who is connected and who may be. A client hears of itself only, and there is one user."""

import hashlib
import secrets
import time

from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, OK, SYNTAX, Arguments, Function, number
from decnet_decoys.redis.protocol import Error, Members, Pairs, Pushed, Reply
from decnet_decoys.redis.server import text, unknown_subcommand, wrong_arity

_KINDS = (b"normal", b"master", b"replica", b"slave", b"pubsub")
_FILTERS = frozenset((b"ADDR", b"ID", b"LADDR", b"SKIPME", b"TYPE", b"USER"))
_CATEGORIES = (
    *("keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo"),
    *("stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting"),
)
_ANY = 99
_NO_FILE = Error(
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER "
    "command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store "
    "users in the Redis configuration."
)


def _of(name: str, table: dict[bytes, tuple[Function, int]]) -> Function:
    """Return a command with subcommands; each has a number of words, or with a minus the least number, or _ANY."""

    def command(client: Client, given: Arguments) -> Reply:
        found = table.get(given[0].upper())
        if found is None:
            return unknown_subcommand(given[0], name)
        function, words = found
        if words != _ANY and (len(given) - 1 != words if words >= 0 else len(given) - 1 < -words):
            return wrong_arity(f"{name}|{text(given[0])}".lower())
        return function(client, given[1:])

    return command


def _always(reply: Reply) -> Function:
    return lambda _client, _given: reply


# ---- CLIENT


def _set_name(client: Client, given: Arguments) -> Reply:
    if any(byte < 0x21 or byte > 0x7E for byte in given[0]):
        return Error("ERR Client names cannot contain spaces, newlines or special characters.")
    client.name = text(given[0])[:64]
    return OK


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
        f"cmd=client|list user=default redir=-1 resp={client.version}\n"
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


def _reply(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return OK if given[0].upper() == b"ON" else Pushed([]) if given[0].upper() in (b"OFF", b"SKIP") else SYNTAX


def _unblock(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return NOT_A_NUMBER if number(given[0]) is None else 0


_NO_TRACKING: Reply = Pairs({"flags": Members(["off"]), "redirect": -1, "prefixes": []})
_NO_CACHING = Error(
    "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
)


def _switch(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return OK if given[0].upper() in (b"ON", b"OFF") else SYNTAX


# ---- ACL


def _rules(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    secret = client.instance.settings["requirepass"]
    shown = f"#{hashlib.sha256(secret.encode('utf-8', 'surrogateescape')).hexdigest()}" if secret else "nopass"
    return [f"user default on {shown} ~* &* +@all"]


def _user(client: Client, given: Arguments) -> Reply:
    if given[0] != b"default":
        return None
    secret = client.instance.settings["requirepass"]
    return Pairs(
        {
            "flags": Members(["on"] if secret else ["on", "nopass"]),
            "passwords": [hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()] if secret else [],
            "commands": "+@all",
            "keys": "~*",
            "channels": "&*",
            "selectors": [],
        }
    )


def _categories(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    """Name the categories; of what is in one nothing is known here."""
    if not given:
        return _CATEGORIES
    name = text(given[0])[:128]
    return [] if name.lower() in _CATEGORIES else Error(f"ERR Unknown category '{name}'")


def _log(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return OK if [one.upper() for one in given] == [b"RESET"] else []


def _delete(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return Error("ERR The 'default' user cannot be removed") if b"default" in given else 0


def _password(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    bits = number(given[0]) if given else 256
    if bits is None:
        return Error("ERR value is not an integer or out of range")
    if not 0 < bits <= 4096:
        return Error(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"
        )
    return secrets.token_hex(512)[: -(-bits // 4)]


COMMANDS: dict[str, tuple[Function, int]] = {
    "client": (
        _of(
            "CLIENT",
            {
                b"SETNAME": (_set_name, 1), b"GETNAME": (_get_name, 0), b"ID": (_id, 0), b"INFO": (_info, 0),
                b"LIST": (_list, _ANY), b"KILL": (_kill, -1), b"PAUSE": (_pause, -1), b"UNPAUSE": (_always(OK), 0),
                b"NO-EVICT": (_switch, 1), b"TRACKING": (_switch, -1), b"REPLY": (_reply, 1),
                b"TRACKINGINFO": (_always(_NO_TRACKING), 0), b"CACHING": (_always(_NO_CACHING), 1),
                b"GETREDIR": (_always(-1), 0), b"UNBLOCK": (_unblock, -1),
            },
        ),
        -2,
    ),
    "acl": (
        _of(
            "ACL",
            {
                b"WHOAMI": (_always("default"), 0), b"LIST": (_rules, 0), b"USERS": (_always(["default"]), 0),
                b"LOG": (_log, _ANY), b"GETUSER": (_user, 1), b"CAT": (_categories, _ANY),
                b"LOAD": (_always(_NO_FILE), 0), b"SAVE": (_always(_NO_FILE), 0),
                b"SETUSER": (_always(OK), -1), b"DELUSER": (_delete, -1), b"GENPASS": (_password, _ANY),
            },
        ),
        -2,
    ),
}  # fmt: skip
