# SPDX-License-Identifier: MIT
"""Secrets of the environment, kept out of the processes that have no use for them.

What is in a process's environment when it starts stays readable in its memory, and a forked child has a copy of all of
its parent's. So a supervisor whose workers have accounts of their own executes itself anew without its secrets before
it imports anything, and from then on they travel through pipes: to the supervisor, past the zygote, and from there to
each worker that needs one, after the fork.
"""

import os
import sys
from collections.abc import Mapping

import msgspec

from decnet_core.durable import write_all

DATABASE_URL = "DECNET_DATABASE_URL"
BUS_TOKEN = "DECNET_BUS_TCP_TOKEN"  # noqa: S105  # the name of a variable
NAMES = (BUS_TOKEN, DATABASE_URL)
"""Variables that may hold a secret and that not every worker needs."""

_DESCRIPTOR = "DECNET_SECRETS_FD"
_LARGEST_BYTES = 64 * 1024
"""What a pipe holds before anybody reads (pipe(7))."""


def needed(name: str, *, database: bool) -> frozenset[str]:
    """Return which of `NAMES` worker `name` needs."""
    return frozenset({BUS_TOKEN} if name == "bus" else ()) | frozenset({DATABASE_URL} if database else ())


def chosen(name: str, secrets: Mapping[str, str], *, database: bool) -> dict[str, str]:
    """Return the part of `secrets` that worker `name` needs."""
    wanted = needed(name, database=database)
    return {name: value for name, value in secrets.items() if name in wanted}


def set_aside() -> None:
    """Execute this program anew, without the secrets in its environment, if there are any; they wait in a pipe.

    Raises OSError.
    """
    found = {name: os.environ[name] for name in NAMES if name in os.environ}
    if not found:
        return
    reading = piped(found)
    os.set_inheritable(reading, True)  # the signature of the standard library
    others = {name: value for name, value in os.environ.items() if name not in found}
    os.execve(sys.executable, sys.orig_argv, {**others, _DESCRIPTOR: str(reading)})  # noqa: S606  # no shell is wanted


def take() -> dict[str, str]:
    """Return what was set aside; nobody can take it again."""
    descriptor = _forget()
    return read(descriptor) if descriptor >= 0 else {}


def leave() -> None:
    """Close what was set aside without reading it."""
    descriptor = _forget()
    if descriptor >= 0:
        os.close(descriptor)


def piped(secrets: Mapping[str, str]) -> int:
    """Return the read end of a pipe with `secrets`; OSError when they do not fit into one."""
    content = msgspec.json.encode(dict(secrets))
    if len(content) > _LARGEST_BYTES:
        raise OSError(f"the secrets of the environment are larger than {_LARGEST_BYTES} bytes")
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        write_all(writing, content)
    finally:
        os.close(writing)
    return reading


def read(descriptor: int) -> dict[str, str]:
    """Return the secrets in a pipe that `piped` made, and close it."""
    with os.fdopen(descriptor, "rb") as pipe:
        return msgspec.json.decode(pipe.read(_LARGEST_BYTES), type=dict[str, str])


def _forget() -> int:
    return int(os.environ.pop(_DESCRIPTOR, "-1"))
