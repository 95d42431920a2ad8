# SPDX-License-Identifier: MIT
"""Which group each worker is in, found out by a child that ends.

A worker's class tells its group, and with the class comes all that the worker imports. A supervisor of some groups must
not hold what the workers of others need: on a host that has every distribution, 18 MiB of database.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from decnet_core.exits import StartupError
from decnet_core.supervise.preload import loading

log = logging.getLogger(__name__)


def groups_of(names: Sequence[str]) -> dict[str, str]:
    """Return the group of each worker; one that is broken has none that could be told, so no group starts it.

    Call it before there are threads: it forks. Raises StartupError when the child does not survive some import.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _tell(writing, names)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        code = os.waitstatus_to_exitcode(status)
        raise StartupError(
            f"cannot tell the groups of the installed workers: to import them ended a process with {code}"
        )
    return msgspec.json.decode(told, type=dict[str, str])


def _tell(writing: int, names: Sequence[str]) -> NoReturn:
    """Be the child."""
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(msgspec.json.encode(_found(names)))
        os._exit(0)
    finally:
        os._exit(1)


def _found(names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = loading.named(name).group
        except loading.BrokenWorkerError as error:
            log.error("worker=%s is left out: %s", name, error)  # noqa: TRY400  # the operator needs the sentence
    return found
