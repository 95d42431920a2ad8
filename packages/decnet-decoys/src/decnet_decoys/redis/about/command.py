# SPDX-License-Identifier: MIT
"""COMMAND: what the server says of its commands. Their documentation is not told, as of commands that it has not."""

import fnmatch
import re

from decnet_decoys.redis.about.command_table import Key, every, keys, names, of_request, with_subcommands
from decnet_decoys.redis.about.command_table import details as details_of
from decnet_decoys.redis.about.containers import container
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import SYNTAX, Arguments, Function
from decnet_decoys.redis.protocol import Error, Members, Pairs, Reply, Simple, text

_MOST_NAMES = 64
"""Of which one COMMAND INFO tells."""
_INVALID = Error("ERR Invalid command specified")


def _info(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    """Return the details of commands, of all when none is named."""
    if not given:
        return [one.reply for one in every()]
    found = [details_of(text(name[:64]).lower()) for name in given[:_MOST_NAMES]]
    return [None if one is None else one.reply for one in found]


def _docs(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return Pairs({})


def _list(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    match [one.upper() for one in given[:2]], given[2:]:
        case [], []:
            return [one.name for one in every()]
        case [b"FILTERBY", b"PATTERN"], [pattern]:
            fits = re.compile(fnmatch.translate(text(pattern[:64]).lower())).match
            return [one.name for one in every() if fits(one.name)]
        case [b"FILTERBY", b"ACLCAT"], [category]:
            return [one.name for one in with_subcommands() if f"@{text(category[:64]).lower()}" in one.categories]
        case [b"FILTERBY", b"MODULE"], [_]:
            return []
    return SYNTAX


def _keys(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    found = _found_keys(given)
    return found if isinstance(found, Error) else [key.name for key in found]


def _keys_and_flags(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    found = _found_keys(given)
    return found if isinstance(found, Error) else [[key.name, Members([*map(Simple, key.flags)])] for key in found]


def _found_keys(given: Arguments) -> list[Key] | Error:
    command = of_request(given)
    if command is None:
        return _INVALID
    if not command.key_specs:
        return Error("ERR The command has no key arguments")
    if not command.accepts(given):
        return Error("ERR Invalid number of arguments specified for command")
    return keys(command, given) or Error("ERR Invalid arguments specified for command")


_SUBCOMMANDS = container(
    "COMMAND",
    {
        b"COUNT": lambda _client, _given: len(names()),
        b"INFO": _info,
        b"DOCS": _docs,
        b"LIST": _list,
        b"GETKEYS": _keys,
        b"GETKEYSANDFLAGS": _keys_and_flags,
    },
)


def command(client: Client, given: Arguments) -> Reply:
    return _SUBCOMMANDS(client, given) if given else _info(client, given)


COMMANDS: dict[str, tuple[Function, int]] = {"command": (command, -1)}
