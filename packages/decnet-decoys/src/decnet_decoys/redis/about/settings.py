# SPDX-License-Identifier: MIT
"""CONFIG: how the server is set, as its clients see and change it."""

import fnmatch
import posixpath
import re

from decnet_decoys.redis.about import parameters
from decnet_decoys.redis.about.containers import always, container
from decnet_decoys.redis.instance import Client
from decnet_decoys.redis.keys import OK, SYNTAX, Arguments, Function
from decnet_decoys.redis.protocol import Error, Pairs, Reply, text

MOST_PATTERNS = 8
"""Of CONFIG GET, which takes half a millisecond for each."""
_PROTECTED = frozenset({"dir", "dbfilename"})
DIRECTORIES = (
    "/", "/etc", "/etc/cron.d", "/root", "/root/.ssh", "/tmp", "/var/lib/redis", "/var/spool/cron",  # noqa: S108
    "/var/spool/cron/crontabs", "/var/www/html",
)  # fmt: skip
"""That are there on such a machine, and in which an open server can write when it runs as root, as many do."""


def _get(client: Client, given: Arguments) -> Reply:
    patterns = [text(one).lower()[:64] for one in given[:MOST_PATTERNS]]
    fit = [re.compile(fnmatch.translate(one)).match for one in patterns]  # `fnmatchcase` keeps 32,768 of them
    return Pairs({name: value for name, value in client.instance.settings.items() if any(fits(name) for fits in fit)})


def _set(client: Client, given: Arguments) -> Reply:
    if len(given) % 2:
        return SYNTAX
    words = zip(given[::2], given[1::2], strict=True)
    return _configured(client, [(text(name).lower(), text(value)) for name, value in words])


def _configured(client: Client, pairs: list[tuple[str, str]]) -> Reply:
    instance = client.instance
    seen: set[str] = set()
    for name, value in pairs:
        if name not in instance.settings:
            return Error(f"ERR Unknown option or number of arguments for CONFIG SET - '{name[:128]}'")
        refused = _setting_refused(client, name, value) if name not in seen else "duplicate parameter"
        if refused:
            return Error(f"ERR CONFIG SET failed (possibly related to argument '{name}') - {refused}")
        seen.add(name)
    for name, value in pairs:
        where = _directory(instance.settings["dir"], value) if name == "dir" else value[:4096]
        parameters.put(instance.settings, name, where)
        if name == "requirepass":
            instance.users["default"].set_password(where)
    return OK


def _setting_refused(client: Client, name: str, value: str) -> str:
    """Return why a parameter cannot be set to a value; empty: it can."""
    if name in _PROTECTED and client.instance.profile.protected:
        return "can't set protected config"
    return _directory_refused(client, value) if name == "dir" else parameters.refused(name, value)


def _directory(at: str, named: str) -> str:
    """Return the directory that a process which is at one comes to."""
    return "/" + posixpath.normpath(posixpath.join(at, named[:4096])).lstrip("/")


def _directory_refused(client: Client, named: str) -> str:
    """Return why the server cannot change to a directory; empty: it can."""
    path = _directory(client.instance.settings["dir"], named)
    if path in DIRECTORIES:
        return ""
    return "No such file or directory" if client.files is None else client.files.directory_refused(path)


COMMANDS: dict[str, tuple[Function, int]] = {
    "config": (
        container("CONFIG", {b"GET": _get, b"SET": _set, b"RESETSTAT": always(OK), b"REWRITE": always(OK)}),
        -2,
    ),
}
