# SPDX-License-Identifier: MIT
"""Commands that have subcommands: which there are, how many words they take, and their help."""

from decnet_decoys.redis.about import command_table
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import Arguments, Function
from decnet_decoys.redis.protocol import Error, Reply, Simple, text

CONTAINERS = frozenset(
    ("acl", "client", "cluster", "command", "config", "function", "latency", "memory", "module", "object", "pubsub",
     "script", "slowlog", "xgroup", "xinfo")
)  # fmt: skip


def wrong_arity(name: str) -> Error:
    """Return the error of a command with too many or too few words."""
    return Error(f"ERR wrong number of arguments for '{name}' command")


def unknown_subcommand(given: bytes, name: str) -> Error:
    return Error(f"ERR unknown subcommand '{text(given)[:128]}'. Try {name} HELP.")


def container(name: str, table: dict[bytes, Function]) -> Function:
    """Return a command with subcommands; one that Redis has and the decoy has not is as unknown as any other."""

    def command(client: Client, given: Arguments) -> Reply:
        found = table.get(given[0].upper())
        return unknown_subcommand(given[0], name) if found is None else found(client, given[1:])

    return command


def always(reply: Reply) -> Function:
    return lambda _client, _given: reply


def refused(name: str, arguments: list[bytes]) -> Error | None:
    """Return why a request for a subcommand is refused before it is looked at; None: it is not."""
    if name not in CONTAINERS or len(arguments) < 2:
        return None
    found = command_table.details(name)
    command = found and found.subcommand(text(arguments[1][:128]))
    if command is None:
        return unknown_subcommand(arguments[1], name.upper())
    return None if command.accepts(arguments) else wrong_arity(command.name)


def help_of(name: str, arguments: list[bytes]) -> "Reply | None":
    """Return the help that a request asks for; None: it asks for something else."""
    if name not in CONTAINERS or len(arguments) != 2 or arguments[1].upper() != b"HELP":
        return None
    found = command_table.details(name)
    return [Simple(line) for line in found.help] or None if found else None
