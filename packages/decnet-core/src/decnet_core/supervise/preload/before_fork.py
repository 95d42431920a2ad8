# SPDX-License-Identifier: MIT
"""What a warm parent does before its first fork: imports, rehearses, freezes.

What a child writes to it copies, so the parent leaves as little to write as it can. It lives a worker's life before
(`rehearsal`), no longer counts references (`immortal`), fills the gaps that a child's objects would go to (`holes`),
and with `gc.freeze()` moves every object out of the collector's sight.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
from collections.abc import Sequence
from typing import Any

import msgspec

from decnet_core.bus.settings import BusSettings
from decnet_core.runtime.settings import RuntimeSettings
from decnet_core.runtime.worker import Worker
from decnet_core.settings import Settings, SettingsError
from decnet_core.spool.settings import SpoolSettings
from decnet_core.state import StateSettings
from decnet_core.supervise.preload import heap_fill as holes
from decnet_core.supervise.preload import loading
from decnet_core.supervise.preload.refcounts import immortalise

log = logging.getLogger(__name__)

_SHARED_SECTIONS: dict[str, type[msgspec.Struct]] = {
    "bus": BusSettings,
    "runtime": RuntimeSettings,
    "spool": SpoolSettings,
    "state": StateSettings,
}


def warm(places: Sequence[str]) -> None:
    """Import what the workers at `places` will need, let them prepare it, and freeze the result.

    What one of them cannot do here its own process will try again, and tell as its own failure.
    """
    importlib.import_module("decnet_core.bus.client")  # every child connects
    workers = list(filter(None, map(_loaded, places)))
    _rehearse(workers)
    gc.collect()
    immortalise()
    holes.fill()  # last: what the others took and gave back is a gap, too, 0.7 MiB
    gc.freeze()


def _loaded(place: str) -> type[Worker[Any]] | None:
    try:
        worker = loading.at(place)
        for module in worker.preload:
            importlib.import_module(module)
        _rehearse_settings(worker)
    except (Exception, SystemExit) as error:
        log.warning("not warm place=%s: %s", place, loading.reason(error))
        return None
    return worker


def _rehearse(workers: Sequence[type[Worker[Any]]]) -> None:
    from decnet_core.supervise.preload.rehearsal import rehearse

    try:
        rehearse()
    except Exception as error:  # no room for a socket, no more threads: the children only take more memory
        log.warning("nothing was rehearsed: %s", loading.reason(error))
    for worker in workers:
        try:
            worker.warm()
        except Exception as error:
            log.warning("not warm worker=%s: %s", worker.name, loading.reason(error))


def _rehearse_settings(worker: type[Worker[Any]]) -> None:
    """Read every section once: msgspec resolves a Struct's annotations at its first use, 0.5 MiB a child otherwise."""
    with contextlib.suppress(SettingsError):  # the child will say so
        settings = Settings.load()
        settings.section(worker.name, worker.Settings)
        for name, shape in _SHARED_SECTIONS.items():
            settings.section(name, shape)
