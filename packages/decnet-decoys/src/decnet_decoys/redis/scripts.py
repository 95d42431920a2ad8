# SPDX-License-Identifier: MIT
"""EVAL: no Lua runs here, a constant is returned; what a script wanted is evidence (`service`)."""

import hashlib
import re

from decnet_decoys.redis.instance import MOST_SCRIPTS, Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, OK, Arguments, Function, number
from decnet_decoys.redis.protocol import Error, Reply
from decnet_decoys.redis.server import text, unknown_subcommand

_CONSTANT = re.compile(rb"return\s+(?:(?P<number>-?\d{1,15})|(['\"])(?P<text>[^'\"\\]{0,256})\2|"
                       rb"\{(?P<numbers>\d{1,9}(?:\s*,\s*\d{1,9}){0,31})\})\s*;?")  # fmt: skip


def script(client: Client, given: Arguments) -> Reply:
    scripts = client.instance.scripts
    match given[0].upper(), given[1:]:
        case b"LOAD", [body]:
            return _remembered(client, body)
        case b"EXISTS", [_, *_]:
            return [int(text(one).lower() in scripts) for one in given[1:]]
        case ((b"FLUSH" | b"KILL"), _):
            scripts.clear()
            return OK
    return unknown_subcommand(given[0], "SCRIPT")


def _remembered(client: Client, body: bytes) -> str:
    digest = hashlib.sha1(body, usedforsecurity=False).hexdigest()
    if len(client.instance.scripts) < MOST_SCRIPTS:
        client.instance.scripts[digest] = body[:4096]
    return digest


def _keys_refused(given: Arguments) -> Error | None:
    count = number(given[1])
    if count is None:
        return NOT_A_NUMBER
    if count > len(given) - 2:
        return Error("ERR Number of keys can't be greater than number of args")
    return Error("ERR Number of keys can't be negative") if count < 0 else None


def eval_(client: Client, given: Arguments) -> Reply:
    refused = _keys_refused(given)
    if refused is not None:
        return refused
    _remembered(client, given[0])
    return _value(given[0])


def _value(body: bytes) -> Reply:
    found = _CONSTANT.fullmatch(body[:4096].strip())
    if found is None:
        return None
    if found["number"] is not None:
        return int(found["number"])
    return [int(one) for one in found["numbers"].split(b",")] if found["numbers"] else found["text"]


def evalsha(client: Client, given: Arguments) -> Reply:
    refused = _keys_refused(given)
    if refused is not None:
        return refused
    body = client.instance.scripts.get(text(given[0]).lower())
    return Error("NOSCRIPT No matching script. Please use EVAL.") if body is None else _value(body)


COMMANDS: dict[str, tuple[Function, int]] = {"script": (script, -2), "eval": (eval_, -3), "evalsha": (evalsha, -3)}
