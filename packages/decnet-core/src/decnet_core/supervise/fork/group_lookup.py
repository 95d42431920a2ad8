# SPDX-License-Identifier: MIT
"""Looks up the group of each worker in a short-lived child.

A worker's class declares its group, and to load the class means to import all that the worker needs. A supervisor of
some groups must not keep what the workers of other groups need: with every distribution installed, 18 MiB of database.
"""

import logging
import os
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from decnet_core.exits import StartupError
from decnet_core.supervise.preload import loading

log = logging.getLogger(__name__)


def groups_of(names: Sequence[str]) -> dict[str, str]:
    """Return the group of each worker, without those that cannot be imported.

    Call it before there are threads: it forks. Raises StartupError if an import ends the child.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _run_child(writing, names)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        reply = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        code = os.waitstatus_to_exitcode(status)
        raise StartupError(
            f"cannot look up the groups of the installed workers: importing them ended a process with exit code {code}"
        )
    return msgspec.json.decode(reply, type=dict[str, str])


def _run_child(writing: int, names: Sequence[str]) -> NoReturn:
    """Write the groups to the pipe and end the process."""
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(msgspec.json.encode(_lookup(names)))
        os._exit(0)
    finally:
        os._exit(1)


def _lookup(names: Sequence[str]) -> dict[str, str]:
    groups: dict[str, str] = {}
    for name in names:
        try:
            groups[name] = loading.named(name).group
        except loading.BrokenWorkerError as error:
            log.error("%s: not started (%s)", name, error)  # noqa: TRY400  # the operator needs the sentence
    return groups
