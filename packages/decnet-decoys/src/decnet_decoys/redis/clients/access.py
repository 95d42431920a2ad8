# SPDX-License-Identifier: MIT
"""ACL: who may come in, and what each user may do. Users whom a client makes are there for all who come later."""

import secrets
from copy import deepcopy

from decnet_decoys.redis.about.command_table import of_request, with_subcommands
from decnet_decoys.redis.about.containers import always, container, wrong_arity
from decnet_decoys.redis.clients.users import CATEGORIES, LONGEST_RULE, MOST_USERS, Rights, RuleRefused, User, joined
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import NOT_A_NUMBER, OK, Arguments, Function, number
from decnet_decoys.redis.protocol import Error, Members, Pairs, Reply, text

_NO_FILE = Error(
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER "
    "command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store "
    "users in the Redis configuration."
)
_WRONG = {
    "command": "run the '{name}' command",
    "key": "access one of the keys used as arguments",
    "channel": "access one of the channels used as arguments",
}
_WRONG_THERE = _WRONG | {"key": "access the '{name}' key", "channel": "access the '{name}' channel"}
WITHOUT_LOGIN = frozenset({"auth", "hello", "quit", "reset"})
"""What everybody may do, logged in or not."""


def refused(client: Client, arguments: list[bytes]) -> Error | None:
    """Return why a request is not allowed to the user; None: it is."""
    if client.user.may_do_all:
        return None
    command = of_request(arguments)
    if command is None or command.name in WITHOUT_LOGIN:
        return None
    kind, name = client.user.refused(command, arguments)
    return Error(f"NOPERM this user has no permissions to {_WRONG[kind].format(name=name)}") if kind else None


def _who(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return client.user.name


def _list(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    users = client.instance.users
    return [users[name].line for name in sorted(users)]


def _users(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return sorted(client.instance.users)


def _shown(rights: Rights) -> dict[str, Reply]:
    return {
        "commands": " ".join(rights.commands),
        "keys": rights.key_patterns,
        "channels": rights.channel_patterns,
    }


def _user(client: Client, given: Arguments) -> Reply:
    user = client.instance.users.get(text(given[0]))
    if user is None:
        return None
    further = [Pairs(_shown(one)) for one in user.selectors]
    flags: dict[str, Reply] = {"flags": Members(user.flags), "passwords": [*user.passwords]}
    return Pairs(flags | _shown(user.rights) | {"selectors": further})


def _set(client: Client, given: Arguments) -> Reply:
    """Make or change a user: all of the rules are taken, or none."""
    name, users = text(given[0]), client.instance.users
    if " " in name or "\0" in name:
        return Error("ERR Usernames can't contain spaces or null characters")
    if name not in users and (len(users) >= MOST_USERS or len(given[0]) > LONGEST_RULE):
        return Error("OOM command not allowed when used memory > 'maxmemory'.")
    changed = deepcopy(users.get(name) or User(name))
    try:
        changed.change(joined([text(one) for one in given[1:]]))
    except RuleRefused as reason:
        return Error(f"ERR {reason}")
    if name in users:
        vars(users[name]).update(vars(changed))  # who is logged in as it has its new rights at once
    else:
        users[name] = changed
    return OK


def _delete(client: Client, given: Arguments) -> Reply:
    """Remove users; whoever is logged in as one of them is disconnected."""
    if b"default" in given:
        return Error("ERR The 'default' user cannot be removed")
    removed = [client.instance.users.pop(text(one), None) for one in given]
    for user in removed:
        if user is not None:
            user.is_removed = True
    client.leaves = client.leaves or client.user.is_removed
    return sum(user is not None for user in removed)


def _dry_run(client: Client, given: Arguments) -> Reply:
    user = client.instance.users.get(text(given[0]))
    if user is None:
        return Error(f"ERR User '{text(given[0][:128])}' not found")
    command = of_request(given[1:])
    if command is None:
        return Error(f"ERR Command '{text(given[1][:128])}' not found")
    if not command.accepts(given[1:]):
        return wrong_arity(command.name)
    kind, name = user.refused(command, given[1:])
    return f"This user has no permissions to {_WRONG_THERE[kind].format(name=name)}" if kind else OK


def _categories(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    """Name the categories, or the commands of one."""
    if not given:
        return CATEGORIES
    if len(given) > 1:
        return Error("ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP.")
    name = text(given[0])[:128]
    if name.lower() not in CATEGORIES:
        return Error(f"ERR Unknown category '{name}'")
    return [one.name for one in with_subcommands() if f"@{name.lower()}" in one.categories]


def _log(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    return OK if [one.upper() for one in given] == [b"RESET"] else []


def _password(client: Client, given: Arguments) -> Reply:  # noqa: ARG001
    bits = number(given[0]) if given else 256
    if bits is None:
        return NOT_A_NUMBER
    if not 0 < bits <= 4096:
        return Error(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096"
        )
    return secrets.token_hex(512)[: -(-bits // 4)]


COMMANDS: dict[str, tuple[Function, int]] = {
    "acl": (
        container(
            "ACL",
            {
                b"WHOAMI": _who, b"LIST": _list, b"USERS": _users, b"LOG": _log, b"GETUSER": _user,
                b"CAT": _categories, b"LOAD": always(_NO_FILE), b"SAVE": always(_NO_FILE), b"SETUSER": _set,
                b"DELUSER": _delete, b"GENPASS": _password, b"DRYRUN": _dry_run,
            }
        ),
        -2,
    ),
}  # fmt: skip
