# SPDX-License-Identifier: MIT
"""What a zygote does before its first fork: imports, runs a worker's idle life, makes its memory ready to be shared.

A child copies each page that it writes to, so the zygote leaves as little to write as it can: it runs through a
worker's life (`rehearsal`), fixes reference counts (`refcounts`), fills the gaps that a child's objects would take
(`heap_fill`), and with `gc.freeze()` moves every object out of the collector's sight.

The second and third of these rely on how CPython stores objects. They run only on a Python on which that was verified,
and `[supervise] share_memory = false` turns them off. Without them all works the same and takes more memory.
"""

import contextlib
import gc
import importlib
import logging
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from decnet_core.bus.settings import BusSettings
from decnet_core.runtime.settings import RuntimeSettings
from decnet_core.runtime.worker import Worker
from decnet_core.settings import Settings, SettingsError
from decnet_core.spool.settings import SpoolSettings
from decnet_core.state import StateSettings
from decnet_core.supervise.preload import heap_fill, loading, refcounts
from decnet_core.supervise.settings import SuperviseSettings

log = logging.getLogger(__name__)

_VERIFIED = ((3, 11), (3, 12), (3, 13))
"""The Pythons on which sharing was measured."""
_SHARED_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "bus": BusSettings,
    "runtime": RuntimeSettings,
    "spool": SpoolSettings,
    "state": StateSettings,
}


def preload(places: Sequence[str], *, rehearsed: bool = False) -> None:
    """Import what the workers at `places` need, let them prepare it, and freeze the result.

    What fails here each worker's own process tries again, and reports as its own failure. What all workers do is run
    through unless this process was forked from one that has `rehearsed` it.
    """
    importlib.import_module("decnet_core.bus.client")  # every child connects
    workers = list(filter(None, map(load, places)))
    if not rehearsed:
        _rehearse()
    _prepare(workers)
    gc.collect()
    _share_memory()
    gc.freeze()


def _share_memory() -> None:
    with contextlib.suppress(SettingsError):  # the supervisor reports it
        if not Settings.load().section("supervise", SuperviseSettings).share_memory:
            return
    if reason := unverified():
        log.warning("%s; workers are forked without [supervise] share_memory and use more memory", reason)
        return
    refcounts.make_immortal()
    heap_fill.fill()  # last: what the others took and gave back is a gap too, 0.7 MiB


def unverified() -> str:
    """Return why sharing was not verified on this Python; empty if it was.

    Python 3.11 was: it has no immortal objects, which `refcounts` knows.
    """
    build = f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}{sys.abiflags}"
    if sys.implementation.name != "cpython" or sys.version_info[:2] not in _VERIFIED or sys.abiflags:
        return f"{build} was not measured"
    if sys.version_info[:2] in refcounts.KNOWN and not refcounts.supported():
        return f"this build of {build} stores reference counts in another way"
    return ""


def load(place: str) -> type[Worker[Any]] | None:
    """Import the worker at `place` and what it needs; None, with the reason in the log, when that fails.

    None for a program, too: that is imported, and needs no more.
    """
    try:
        found = loading.worker_or_program(place)
        if not isinstance(found, type):
            return None
        worker: type[Worker[Any]] = found
        for module in worker.preload:
            importlib.import_module(module)
        _rehearse_settings(worker)
    except (Exception, SystemExit) as error:
        log.warning("%s: not preloaded (%s)", place, loading.reason(error))
        return None
    return worker


def _rehearse() -> None:
    from decnet_core.supervise.preload.rehearsal import rehearse

    try:
        rehearse()
    except Exception as error:  # no room for a socket, no more threads: the children only use more memory
        log.warning("not rehearsed (%s)", loading.reason(error))


def _prepare(workers: Sequence[type[Worker[Any]]]) -> None:
    for worker in workers:
        try:
            worker.warm()
        except Exception as error:
            log.warning("%s: not prepared (%s)", worker.name, loading.reason(error))


def _rehearse_settings(worker: type[Worker[Any]]) -> None:
    """Read every section once: msgspec resolves a Struct's annotations at its first use, 0.5 MiB a child otherwise."""
    with contextlib.suppress(SettingsError):  # the child reports it
        settings = Settings.load()
        settings.section(worker.name, worker.Settings)
        for name, section in _SHARED_SECTIONS.items():
            settings.section(name, section)
