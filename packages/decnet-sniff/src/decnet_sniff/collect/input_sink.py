# SPDX-License-Identifier: MIT
"""Where an input that pushes (a journal, containers, the network) delivers the records it has received."""

import asyncio
from typing import Any, Protocol

from decnet_core.runtime.context import Context
from decnet_sniff.collect.emitter import Emitter, Reader
from decnet_sniff.collect.record import Record
from decnet_sniff.collect.settings import SourceSettings

_REFUSED_SECONDS = 1.0


class InputSink:
    """One source's way to the spool. After `take` has returned, the record's events survive the process."""

    def __init__(
        self, ctx: Context, emitter: Emitter, settings: SourceSettings, read: Reader, progress: asyncio.Event
    ) -> None:
        self.ctx = ctx
        self.settings = settings
        self._emitter = emitter
        self._read = read
        self._progress = progress

    @property
    def has_room(self) -> bool:
        """Whether events are accepted: the worker is not paused, and the disk is not full."""
        spool = self.ctx.spool
        return self.ctx.unpaused.is_set() and (spool is None or not spool.waiting)

    async def room(self) -> None:
        """Wait until there is room, so that the rest stays with the sender."""
        while not self.has_room:
            if self.ctx.unpaused.is_set():
                await asyncio.sleep(_REFUSED_SECONDS)  # the runtime tries the disk again as often
            else:
                await self.ctx.unpaused.wait()

    def take(self, record: Record) -> None:
        """Emit the events of `record`."""
        self._emitter.take(record, self._read(record), self.settings.host)

    def moved(self) -> None:
        """Note that the source's position has changed and should be saved soon."""
        self._progress.set()

    def count(self, what: str, amount: float = 1) -> None:
        """Add to a counter of the worker's health."""
        self.ctx.counters.add(f"collect_{what}", amount)


class PushInput(Protocol):
    """A source that pushes its records, unlike files, which are polled."""

    async def open(self) -> None:
        """Acquire what `run` needs; raises StartupError."""

    async def run(self) -> None:
        """Receive until cancelled."""

    def positions(self) -> Any:
        """Return what a later run needs to continue from here, as JSON types; None if there is no such thing."""

    async def close(self) -> None:
        """Release everything; `run` has ended."""
