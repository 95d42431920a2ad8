# SPDX-License-Identifier: MIT
"""Runs a worker's idle life in the zygote before it forks, so that the children need not prepare the same themselves.

CPython rewrites bytecode as it runs: an instruction notes, in the code object, which types it meets (PEP 659). Classes
note what is looked up in them, msgspec resolves annotations, modules import others when they are needed. A child that
does this itself copies the pages. What is rehearsed is what all workers do: event loop, bus on both ends, heartbeat,
nudges, spool, worker thread, log, stop. What one worker alone does, it rehearses in its `warm`.
"""

import asyncio
import io
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import SPOOL_APPENDED
from decnet_core.events.catalogue import SessionOpened
from decnet_core.runtime import logs, process
from decnet_core.runtime.context import Context
from decnet_core.runtime.notify import Notifier
from decnet_core.runtime.worker import NoSettings, Worker
from decnet_core.settings import Settings
from decnet_core.state import State

LIVES = 10 if sys.version_info < (3, 12) else 3
"""3.11 begins to rewrite a function's bytecode at its eighth call, 3.12 and 3.13 at the second."""
_ROUNDS = 10
_NAME = "rehearsal"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Rehearsal(Worker[NoSettings]):
    """Does a little of everything that the runtime offers, and ends."""

    name = _NAME
    listens = (SPOOL_APPENDED.wildcard,)
    produces = (SessionOpened,)

    async def run(self, ctx: Context) -> None:
        """Emit, be nudged, work in the thread; then ask to be stopped."""
        for _ in range(_ROUNDS):
            ctx.emit(SessionOpened(service=_NAME), decky=_NAME, src=("192.0.2.1", 1), session=_NAME)  # TEST-NET-1
            await ctx.nudged(1.0)
            await ctx.in_thread(int)
        ctx.stop()


def rehearse() -> None:
    """Run it `LIVES` times; raises OSError if there is no temporary directory, or no socket in it."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="decnet-") as directory, _quiet():
        for _ in range(LIVES):
            asyncio.run(_live(State(Path(directory))))


async def _live(state: State) -> None:
    state.create("bus")
    broker = Broker(BusSettings(), state.bus_socket)
    await broker.start()
    try:
        settings = Settings({"state": {"dir": str(state.root)}}, {}, _NAME)
        await process.serve(Rehearsal(NoSettings()), settings, Notifier(""), _NAME)
        broker.counters()
    finally:
        await broker.stop()


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard this process's log, and block signals: they are meant for what runs afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure(_NAME, "info", io.StringIO())
    met = {number: signal.getsignal(number) for number in _SIGNALS}
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        for number, handler in met.items():
            signal.signal(number, handler)  # the event loop has reset it
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        root.handlers[:] = handlers
        root.setLevel(level)
