# SPDX-License-Identifier: MIT
"""Finds a worker's class; one that is broken refuses to start, with its reason, and is no matter for the others.

Whatever its modules do when they are imported, `sys.exit` included, is that worker's start-up failure.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from decnet_core.exits import StartupError
from decnet_core.runtime import worker_registry

if TYPE_CHECKING:
    from decnet_core.runtime.worker import Worker


class BrokenWorkerError(StartupError):
    """The worker's class cannot be had; the message says why."""


def at(place: str) -> type[Worker[Any]]:
    """Return the worker class at `module:Class`; raises BrokenWorkerError."""
    module, _, name = place.partition(":")
    try:
        worker: type[Worker[Any]] = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as error:
        raise BrokenWorkerError(
            f"cannot import {place}: {reason(error)}; repair or uninstall what provides it"
        ) from error
    return worker


def named(name: str) -> type[Worker[Any]]:
    """Return the class of the registered worker `name`; raises UnknownWorker, BrokenWorkerError."""
    return at(worker_registry.entry_point(name))


def reason(error: BaseException) -> str:
    """Return in one line what went wrong."""
    return " ".join(f"{type(error).__name__}: {error}".split())
