# SPDX-License-Identifier: MIT
"""Loads worker classes; one that cannot be imported fails to start, with the reason, and does not affect the others.

Whatever its modules do while they are imported, `sys.exit` included, is that worker's start-up failure.
"""

import importlib
from collections.abc import Callable
from typing import Any

from decnet_core.exits import StartupError
from decnet_core.runtime import worker_registry
from decnet_core.runtime.worker import Worker


class BrokenWorkerError(StartupError):
    """A worker's class cannot be imported; the message says why."""


Program = Callable[[], int]
"""What runs beside the workers without being one; it returns its exit code."""


def at(place: str) -> type[Worker[Any]]:
    """Return the worker class at `module:Class`; raises BrokenWorkerError."""
    worker: type[Worker[Any]] = _object_at(place)
    return worker


def worker_or_program(place: str) -> type[Worker[Any]] | Program:
    """Return the worker class or the program at `module:name`; raises BrokenWorkerError."""
    found: type[Worker[Any]] | Program = _object_at(place)
    return found


def _object_at(place: str) -> Any:
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:
        raise BrokenWorkerError(
            f"cannot import {place}: {reason(error)}; repair or uninstall what provides it"
        ) from error


def named(name: str) -> type[Worker[Any]]:
    """Return the class of the registered worker `name`; raises UnknownWorker, BrokenWorkerError."""
    return at(worker_registry.entry_point(name))


def reason(error: BaseException) -> str:
    """Return the type and message of an error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
