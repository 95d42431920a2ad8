# SPDX-License-Identifier: MIT
"""The one list of workers: the `decnet.workers` entry points of what is installed.

The supervisor, `decnet up`, the status page and the docs all read this and nothing else.

Some workers need a setting to work, such as an interface or a master. Their distribution names
that setting as data beside the worker, `[project.entry-points."decnet.off_until"] sniff = "interfaces"`. While it is
empty no fleet starts or expects them, and that decision imports none of their code.

Workers that share a large library, such as that of the database, name the zygote that imports it for them:
`[project.entry-points."decnet.zygotes"] ingest = "database"`. It runs only while one of them does.
One that is parked most of the time, and shares little, says `= "alone"`: it imports what it needs itself, whenever it
is started, instead of having it imported for it while it is not there.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decnet_core.errors import CoreError
from decnet_core.installed.entry_points import EntryPoint, entry_points

if TYPE_CHECKING:
    from decnet_core.runtime.worker import Worker
    from decnet_core.settings import Settings

GROUP = "decnet.workers"
OFF_UNTIL = "decnet.off_until"
ZYGOTES = "decnet.zygotes"
ALONE = "alone"
"""In place of a zygote's name: the worker is forked by the first one, which has not imported it."""

FLOW = ("bus", "ingest")
"""These come first: the others continue without them, and sooner with them."""


class UnknownWorker(CoreError, LookupError):
    """No installed distribution registers a worker of that name."""


def names() -> tuple[str, ...]:
    """Return the names of all installed workers, those of FLOW first, the others by name."""
    found = {point.name for point in _points(GROUP)}
    return tuple(sorted(found, key=lambda name: (FLOW.index(name) if name in FLOW else len(FLOW), name)))


def off(settings: Settings) -> dict[str, str]:
    """Return the installed workers that are off, each with the setting of its section that switches it on."""
    return {point.name: point.value for point in _points(OFF_UNTIL) if not settings.is_set(point.name, point.value)}


def wanted(settings: Settings) -> tuple[str, ...]:
    """Return the names of the workers that a fleet with `settings` consists of, in the order of `names`."""
    idle = off(settings)
    return tuple(name for name in names() if name not in idle)


def entry_point(name: str) -> str:
    """Return where worker `name` is, as `module:Class`, without importing it; raises UnknownWorker."""
    return _point(name).value


def zygote_of(name: str) -> str:
    """Return the name of the zygote that forks worker `name`; empty or ALONE: the one that forks all who name none."""
    return next((point.value for point in _points(ZYGOTES) if point.name == name), "")


def first_zygotes(names: Iterable[str]) -> list[str]:
    """Return where those of the workers are that the first zygote imports, as `entry_point` does."""
    return [entry_point(name) for name in names if not zygote_of(name)]


def load(name: str) -> type[Worker[Any]]:
    """Return the class of worker `name`; raises UnknownWorker."""
    worker: type[Worker[Any]] = _point(name).load()
    return worker


def _point(name: str) -> EntryPoint:
    for point in _points(GROUP):
        if point.name == name:
            return point
    raise UnknownWorker(f"there is no worker {name!r}; installed are: {', '.join(names())}")


def _points(group: str) -> list[EntryPoint]:
    return [point for point in _installed(tuple(map(_changed, sys.path))) if point.group == group]


def _changed(folder: str) -> tuple[str, int]:
    """Return a folder and when something last came into it or left it; 0 where it is none."""
    try:
        return folder, Path(folder).stat().st_mtime_ns
    except OSError:
        return folder, 0


@functools.lru_cache(maxsize=1)
def _installed(_path: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    """Read what all distributions register: once, until one is installed or removed."""
    return tuple(entry_points(GROUP, OFF_UNTIL, ZYGOTES))
